/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A vector register of a thread that runs.
 * expected: none */
#include "leaks.h"

static uintptr_t hidden;

static void make(void) {
    hidden = ~(uintptr_t)node(NULL);
}

static void *thread(void *argument) {
    forget(make);
    wipe();
#if defined(__x86_64__)
    __asm__ volatile(
        "not %0\n\tmovq %0, %%xmm9\n\txor %0, %0\n\tmovq $0, %1\n\tmovl $1, %2\n1: jmp 1b"
        : "+r"(hidden), "=m"(hidden), "=m"(there) : : "xmm9", "memory");
#else
    __asm__ volatile(
        "mvn %0, %0\n\tfmov d9, %0\n\tmov %0, #0\n\tstr xzr, %1\n\tmov w9, #1\n\tstr w9, %2\n1: b 1b"
        : "+r"(hidden), "=m"(hidden), "=m"(there) : : "d9", "x9", "memory");
#endif
    return argument;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
