/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs of this folder share. Each makes blocks and loses some, or none: what is expected of a look for
 * leaks at its exit stands in its line "expected", and LeakSanitizer, built into the same source, is asked too.
 */
#ifndef LEAKS_H
#define LEAKS_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The same value, of which the compiler knows nothing any more. */
static inline void *launder(void *ptr) {
    __asm__ volatile("" : "+r"(ptr) : : "memory");
    return ptr;
}

static inline void *need(void *ptr) {
    if (ptr == NULL) _exit(99);
    return launder(ptr);
}

/* A block that begins with a pointer. */
struct node {
    struct node *next;
    char rest[40];
};

static inline struct node *node(struct node *next) {
    struct node *new_one = (struct node *)need(calloc(1, sizeof *new_one));
    new_one->next = next;
    return new_one;
}

/* Runs something deep in the stack and wipes what that left there, registers included. */
__attribute__((noinline, unused)) static void forget(void (*work)(void)) {
    volatile char deep[16384];
    memset((void *)deep, 0, sizeof deep);
    work();
    memset((void *)deep, 0, sizeof deep);
    launder((void *)deep);
}

__attribute__((noinline, unused)) static void wipe(void) {
    volatile char below[32768];
    memset((void *)below, 0, sizeof below);
    launder((void *)below);
}

/* The program: what it does, and nothing of it is left on the stack. */
#define PROGRAM(work) \
    int main(void) { \
        forget(work); \
        wipe(); \
        return 0; \
    }

/* A thread that has begun, and stays where it is. */
static volatile int there;

static inline void park(void) {
    there = 1;
    for (;;) pause();
}

__attribute__((unused)) static void begin(void *(*function)(void *), void *argument) {
    pthread_t thread;
    there = 0;
    if (pthread_create(&thread, NULL, function, argument) != 0) _exit(98);
    pthread_detach(thread);
    while (!there) usleep(1000);
    /* where it goes to sleep after that */
    usleep(20000);
}

#ifdef __cplusplus
}
#endif
#endif
