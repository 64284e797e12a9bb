/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The program exits on a stack of its own, in a block, with a local variable there.
 * expected: none */
#include "leaks.h"
#include <ucontext.h>

static ucontext_t outer, inner;

static void run(void) {
    struct node *volatile local = node(node(NULL));
    exit(local == NULL);
}

static void work(void) {
    getcontext(&inner);
    inner.uc_stack.ss_size = 65536;
    inner.uc_stack.ss_sp = need(malloc(inner.uc_stack.ss_size));
    inner.uc_link = &outer;
    makecontext(&inner, run, 0);
    swapcontext(&outer, &inner);
}

PROGRAM(work)
