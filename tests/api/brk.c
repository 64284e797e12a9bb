/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The heap never uses brk: a program's own sbrk, and a mapping called [heap], stay as they were. */
#include "test.h"

#include <pthread.h>

/* The size of the mapping named [heap], 0 if there is none; without stdio, which mallocs. */
static unsigned long heap_mapping(void) {
    static char text[1 << 20];
    size_t length = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL, "/proc/self/maps: errno %d", errno);
    length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    unsigned long size = 0, from, to;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &from, &to) == 2) size += to - from;
    return size;
}

static void use_heap(void) {
    uint64_t state = 8;
    void *held[500] = {NULL};
    for (int i = 0; i < 50000; i++) {
        int at = i % 500;
        size_t size = some_size(&state);
        free(held[at]);
        held[at] = need(malloc(any(size)));
        memset(held[at], 1, size);
    }
    for (int i = 0; i < 500; i++) free(held[i]);
}

static void *thread(void *unused) {
    use_heap();
    return unused;
}

int main(void) {
    start_ours_only();
    void *end = sbrk(0);
    unsigned long mapping = heap_mapping();
    use_heap();
    pthread_t id;
    CHECK_EQUAL(pthread_create(&id, NULL, thread, NULL), 0);
    pthread_join(id, NULL);
    malloc_trim(0);
    CHECK(sbrk(0) == end, "the break moved from %p to %p", end, sbrk(0));
    unsigned long now = heap_mapping();
    CHECK(now == mapping, "[heap] was %lu bytes and is %lu", mapping, now);

    /* and a program that uses sbrk itself finds its memory untouched */
    unsigned char *own = sbrk(100000);
    CHECK(own == end, "sbrk gave %p, not the break %p", (void *)own, end);
    fill(own, 100000, 6);
    use_heap();
    check_filled(own, 100000, 6);
    return PASSED;
}
