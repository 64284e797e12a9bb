/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * malloc as the process ends, in every way it may: in functions of atexit, on_exit and at_quick_exit, in
 * destructors, beside threads that go on; by exit, quick_exit, _exit and the last thread's pthread_exit.
 */
#include "rerun.h"

#include <pthread.h>

static const char *way;

static void use_the_heap(void) {
    uint64_t state = 5;
    void *blocks[200];
    for (int i = 0; i < 200; i++) memset(blocks[i] = need(malloc(some_size(&state) + 1)), 1, 1);
    for (int i = 0; i < 200; i++) free(blocks[i]);
}

static void say(const char *what) {
    use_the_heap();
    CHECK(write(1, what, strlen(what)) > 0, "write: errno %d", errno);
}

static void at_end(void) { say("atexit "); }
static void on_end(int status, void *block) {
    (void)status;
    free(block);
    say("on_exit ");
}
static void at_quick_end(void) { say("quick "); }

__attribute__((destructor)) static void last(void) {
    if (way) say("destructor");
}

static void *forever(void *unused) {
    for (;;) use_the_heap();
    return unused;
}

static void *exits(void *unused) {
    exit(PASSED);
    return unused;
}

static int leave(void) {
    pthread_t thread;
    CHECK_EQUAL(atexit(at_end), 0);
    CHECK_EQUAL(on_exit(on_end, need(malloc(any(10)))), 0);
    CHECK_EQUAL(at_quick_exit(at_quick_end), 0);
    if (strcmp(way, "pthread_exit") != 0)
        CHECK_EQUAL(pthread_create(&thread, NULL, forever, NULL), 0);
    if (strcmp(way, "quick_exit") == 0) quick_exit(PASSED);
    if (strcmp(way, "_exit") == 0) _exit(PASSED);
    if (strcmp(way, "pthread_exit") == 0) pthread_exit(NULL);
    if (strcmp(way, "in a thread") == 0) {
        CHECK_EQUAL(pthread_create(&thread, NULL, exits, NULL), 0);
        pthread_join(thread, NULL);
    }
    exit(PASSED);
}

int main(int argc, char **argv) {
    static const struct {
        const char *way, *says;
    } ways[] = {
        {"exit", "on_exit atexit destructor"},
        {"in a thread", "on_exit atexit destructor"},
        {"pthread_exit", "on_exit atexit destructor"},
        {"quick_exit", "quick "},
        {"_exit", ""},
    };
    char text[4096];
    start();
    if (argc > 1) {
        way = argv[1];
        return leave();
    }
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct rerun how = {.argument = ways[i].way, .stream = 1};
        int status = rerun(&how, text, sizeof text);
        CHECK(status == 0 && strcmp(text, ways[i].says) == 0, "%s: status 0x%x, said: %s",
              ways[i].way, status, text);
    }
    return PASSED;
}
