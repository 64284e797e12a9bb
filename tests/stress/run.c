/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One sequence: workers that take turns, in an order that follows from the seed, or work at once.
 * Now and then a worker's thread ends and another goes on in its place, or a child goes on for a
 * while.
 */
#include "model.h"

#include <semaphore.h>
#include <sys/wait.h>

enum { CHILD_STEPS = 300 };

static pthread_mutex_t shelf_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t turn[WORKERS], given_back;
static pthread_attr_t small_stack;

static unsigned long steps_of_each(unsigned long steps) {
    return steps / WORKERS + 1;
}

/* Blocks change hands: this one for what lies on the shelf, which another worker put there. */
void exchange(struct worker *worker, struct block *place) {
    if (is_child && !sees_all()) return; /* the lock may be another's, who is not here */
    struct block *other = &shelf[below(worker, SHELF)], taken;
    pthread_mutex_lock(&shelf_lock);
    taken = *other;
    *other = *place;
    *place = taken;
    pthread_mutex_unlock(&shelf_lock);
    if (place->at) verify(worker, place);
}

static void *work(void *worker);

/* Another thread takes over, as soon as this one has ended. */
static bool hand_over(struct worker *worker) {
    if (is_child || !is_last_of_thread(worker)) return false;
    worker->before = pthread_self();
    worker->has_before = true;
    if (pthread_create(&worker->thread, &small_stack, work, worker) == 0) return true;
    /* no room for a stack: this one goes on */
    MUST(worker, way->space > 0, "no thread");
    worker->has_before = false;
    return false;
}

static void *work(void *from) {
    struct worker *worker = from;
    if (worker->has_before) pthread_join(worker->before, NULL);
    worker->has_before = false;
    for (;;) {
        if (worker->done == worker->until) {
            sem_post(&given_back);
            while (sem_wait(&turn[worker->number]) != 0) continue;
            if (worker->until == worker->done) return NULL;
        }
        take_step(worker);
        if (hand_over(worker)) return NULL;
    }
}

static void pass_turn(struct worker *worker, unsigned long steps) {
    worker->until = worker->done + steps;
    sem_post(&turn[worker->number]);
}

static void take_back(void) {
    while (sem_wait(&given_back) != 0) continue;
}

static void in_turns(uint64_t random, unsigned long steps) {
    while (steps > 0) {
        unsigned long some = 1 + draw(&random) % 64;
        if (some > steps) some = steps;
        pass_turn(&workers[draw(&random) % WORKERS], some);
        take_back();
        steps -= some;
    }
}

/* The child of a fork goes on alone: with the blocks of all, if nobody was at work on them. */
static void go_on_alone(struct worker *worker) {
    is_child = true;
    for (unsigned i = 0; i < CHILD_STEPS; i++)
        take_step(sees_all() ? &workers[below(worker, WORKERS)] : worker);
    for (unsigned i = 0; i < WORKERS; i++)
        if (sees_all() || i == worker->number) end_all(&workers[i]);
    exit(PASSED); /* with all that happens at the end of a program, the last sweep too */
}

void fork_here(struct worker *worker) {
    int status = 0;
    if (!way->forks || is_child) return;
    pid_t child = fork();
    if (child == 0) go_on_alone(worker);
    MUST(worker, child > 0, "fork: errno %d", errno);
    while (waitpid(child, &status, 0) != child) continue;
    MUST(worker, status == 0, "the child's status is 0x%x", (unsigned)status);
}

static void end_shelf(struct worker *worker) {
    for (size_t i = 0; i < SHELF; i++) {
        worker->places[0] = shelf[i];
        shelf[i].at = NULL;
        end_all(worker);
    }
}

int run(const struct way *how, uint64_t seed, unsigned long steps) {
    way = how;
    sem_init(&given_back, 0, 0);
    pthread_attr_init(&small_stack);
    pthread_attr_setstacksize(&small_stack, 128 * KIB);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *worker = &workers[i];
        sem_init(&turn[i], 0, 0);
        worker->number = i;
        worker->step = "start";
        worker->random = draw(&seed);
        worker->until = way->turns ? 0 : steps_of_each(steps);
        if (pthread_create(&worker->thread, &small_stack, work, worker)) FAIL("no thread");
    }
    for (unsigned i = 0; i < WORKERS; i++) take_back();
    if (way->turns) in_turns(seed, steps);
    /* No steps: they end. */
    for (unsigned i = 0; i < WORKERS; i++) {
        pass_turn(&workers[i], 0);
        pthread_join(workers[i].thread, NULL);
    }
    for (unsigned i = 0; i < WORKERS; i++) end_all(&workers[i]);
    end_shelf(&workers[0]);
    return PASSED;
}
