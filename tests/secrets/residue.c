/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A secret is in its block and nowhere else, and when its block is freed, shrunk or moved, nowhere in the process:
 * all memory is searched.
 */
#include "secrets.h"

#include <pthread.h>

static uint64_t number = 1000;

static void nowhere(const char *what) {
    unsigned found = places_of(getpid(), number, NULL, 0);
    CHECK(found == 0, "%s: the secret is in %u places", what, found);
}

static char *with_secret(size_t size) {
    number++;
    char *block = need(smalloc(size, 1));
    put_secret(block, size, number);
    /* the search finds what there is */
    CHECK(places_of(getpid(), number, NULL, 0) >= 1, "the search is blind");
    unsigned found = places_of(getpid(), number, block, size);
    CHECK(found == 0, "%zu bytes: the secret is in %u places beside its block", size, found);
    return block;
}

static void *in_thread(void *unused) {
    (void)unused;
    sfree(with_secret(200));
    return NULL;
}

int main(void) {
    start_ours_only();
    static const size_t sizes[] = {8, 24, 100, 300, 2000, 40000, 200000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        sfree(with_secret(size));
        nowhere("sfree");
        free(with_secret(size));
        nowhere("free");
        char *block = with_secret(size), *old = block;
        block = need(srealloc(block, size * 4));
        CHECK(is_secret(block, size, number), "the secret did not come along");
        unsigned found = places_of(getpid(), number, block, size * 4);
        CHECK(found == 0, "%zu bytes moved from %p: left in %u places", size, (void *)old, found);
        put_secret(block, size * 4, ++number);
        /* what is cut off is gone, whether the block moves or not */
        block = need(srealloc(block, size * 4 - 1));
        CHECK(places_of(getpid(), number, block, size * 4 - 1) == 0, "a move left the secret");
        memset(block, 1, 8);
        nowhere("written over");
        sfree(block);
    }
    /* cut off at the end, within a slot and within a page */
    for (size_t size = 100; size <= 200000; size = size * 3 + 17) {
        char *block = need(smalloc(size, 1));
        memset(block, 1, size);
        number++;
        put_secret(block + size - 8, 8, number);
        /* farther from the new end than the mark behind it reaches */
        block = need(srealloc(block, size - 24));
        nowhere("cut off");
        sfree(block);
    }
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, in_thread, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    nowhere("a thread that ended");
    return PASSED;
}
