/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pipeline: one thread allocates, another frees, with a bounded queue between them.
 *
 * A reader that parses requests and a worker that answers and drops them, stages of a video
 * encoder, a logger.  No block is ever freed by the thread that allocated it: heaps per thread
 * that keep what they free grow on one side and run dry on the other.  Lever & Boreham, "malloc()
 * performance in a multithreaded Linux environment" (2000), described it; `xmalloc-test` in
 * mimalloc-bench.  Blocks travel in batches, so that the queue's lock is not what is measured.
 *
 * usage: pipeline PAIRS [SCALE]     PAIRS of threads, each with a queue of its own
 */
#include "bench.h"

enum { BATCH = 256, QUEUE = 32, BATCHES = 32000 };

struct batch {
    struct bench_block places[BATCH];
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_full, not_empty;
    struct batch *batches[QUEUE];
    size_t put, taken; /* how many ever were */
    size_t work;
    uint64_t random;
};

static void put(struct queue *queue, struct batch *batch) {
    pthread_mutex_lock(&queue->lock);
    while (queue->put - queue->taken == QUEUE) pthread_cond_wait(&queue->not_full, &queue->lock);
    queue->batches[queue->put++ % QUEUE] = batch;
    pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

static struct batch *take(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    while (queue->put == queue->taken) pthread_cond_wait(&queue->not_empty, &queue->lock);
    struct batch *batch = queue->batches[queue->taken++ % QUEUE];
    pthread_cond_signal(&queue->not_full);
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

static void *produce(void *argument) {
    struct queue *queue = (struct queue *)argument;
    for (size_t i = 0; i < queue->work; i++) {
        struct batch *batch = (struct batch *)bench_need(malloc(sizeof *batch), sizeof *batch);
        for (size_t k = 0; k < BATCH; k++) {
            size_t size = bench_small_size(&queue->random);
            batch->places[k] = (struct bench_block){bench_new(size), size};
        }
        put(queue, batch);
    }
    return NULL;
}

static void *consume(void *argument) {
    struct queue *queue = (struct queue *)argument;
    for (size_t i = 0; i < queue->work; i++) {
        struct batch *batch = take(queue);
        for (size_t k = 0; k < BATCH; k++) bench_empty(&batch->places[k]);
        free(batch);
    }
    return NULL;
}

int main(int argc, char **argv) {
    static struct queue queues[BENCH_MOST_THREADS];
    static pthread_t threads[BENCH_MOST_THREADS][2];
    double scale = bench_scale(argc, argv, 1, "PAIRS");
    size_t pairs = bench_number(argv[1], "PAIRS", 1, BENCH_MOST_THREADS);

    for (size_t i = 0; i < pairs; i++) {
        struct queue *queue = &queues[i];
        pthread_mutex_init(&queue->lock, NULL);
        pthread_cond_init(&queue->not_full, NULL);
        pthread_cond_init(&queue->not_empty, NULL);
        queue->work = bench_work((double)BATCHES / (double)pairs, scale);
        queue->random = 4 + i;
        threads[i][0] = bench_start(produce, queue);
        threads[i][1] = bench_start(consume, queue);
    }
    for (size_t i = 0; i < pairs; i++) {
        bench_join(threads[i][0]);
        bench_join(threads[i][1]);
    }
    return 0;
}
