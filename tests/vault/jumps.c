/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Jumps over sensitive locals: smalloc_longjmp wipes them, from any depth and out of handlers on any stack. What a
 * plain longjmp leaves there is wiped when the next outer block ends.
 */
#include "vault.h"

#include <pthread.h>
#include <signal.h>

static smalloc_jmp_buf place;
static smalloc_sigjmp_buf signal_place;
static jmp_buf plain_place;
static unsigned char *volatile deepest;

__attribute__((noreturn)) static void jump_from(int depth, int way) {
    SMALLOC_LOCAL_ARRAY(unsigned char, bytes, 100);
    fill(bytes, 100, (unsigned)depth);
    deepest = bytes;
    if (depth > 0) jump_from(depth - 1, way);
    if (way == 0) smalloc_longjmp(place, 7);
    if (way == 1) smalloc_siglongjmp(signal_place, 8);
    longjmp(plain_place, 9);
}

static void check_wiped(const char *how) {
    if (!is_plain()) check_zero(deepest, 100, how);
}

static void in_a_block(void) {
    SMALLOC_LOCAL(int, outer);
    *outer = 3;
    int value = smalloc_setjmp(place);
    if (value == 0) jump_from(20, 0);
    CHECK_EQUAL(value, 7);
    check_wiped("jumped over");
    CHECK_EQUAL(*outer, 3);
}

static void with_signals(void) {
    SMALLOC_LOCAL(int, outer);
    *outer = 4;
    switch (smalloc_sigsetjmp(signal_place, 1)) {
    case 0: jump_from(20, 1);
    case 8: break;
    default: FAIL("another value");
    }
    check_wiped("jumped over with a mask");
    CHECK_EQUAL(*outer, 4);
}

static void plainly(void) {
    {
        SMALLOC_LOCAL(int, outer);
        *outer = 5;
        int value = setjmp(plain_place);
        if (value == 0) jump_from(20, 2);
        CHECK_EQUAL(value, 9);
        CHECK_EQUAL(*outer, 5);
    }
    check_wiped("left by a plain longjmp, and then its outer block");
}

/* Before the thread has used its stack: the mark is below it. */
static void *first_use(void *unused) {
    if (smalloc_setjmp(place) == 0) jump_from(3, 0);
    check_wiped("jumped over, from a new stack");
    SMALLOC_LOCAL(int, next);
    *next = 1;
    return unused;
}

static void handler(int signal) {
    (void)signal;
    SMALLOC_LOCAL_ARRAY(char, text, 1000);
    memset(text, 1, 1000);
    jump_from(2, 1);
}

static void out_of_handlers(bool aside) {
    static char room[64 << 10];
    stack_t stack = { .ss_sp = room, .ss_size = sizeof room };
    struct sigaction action = { .sa_handler = handler, .sa_flags = aside ? SA_ONSTACK : 0 };
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    for (volatile int i = 0; i < 100; i++) {
        SMALLOC_LOCAL(int, outer);
        *outer = i;
        if (smalloc_sigsetjmp(signal_place, 1) == 0) raise(SIGUSR1);
        check_wiped("jumped over, out of a handler");
        CHECK_EQUAL(*outer, i);
    }
}

int main(void) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, first_use, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    in_a_block();
    with_signals();
    /* Without the library there is no stack to be tidied. */
    if (!is_plain()) plainly();
    out_of_handlers(false);
    out_of_handlers(true);
    return 0;
}
