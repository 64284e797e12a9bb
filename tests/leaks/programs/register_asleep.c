/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A register of a thread that sleeps in the kernel.
 * expected: none */
#include "leaks.h"

#if defined(__x86_64__)
#define KEPT "rbx"
#define CALL_AGAIN "1: mov $34, %%eax\n\tsyscall\n\tjmp 1b" /* pause */
#define SPIN "1: jmp 1b"
#else
#define KEPT "x19"
#define CALL_AGAIN "1: mov x8, #72\n\tmov x0, #0\n\tmov x1, #0\n\tmov x2, #0\n\tmov x3, #0\n\tmov x4, #0\n\tmov x5, #0\n\tsvc #0\n\tb 1b" /* pselect6 */
#define SPIN "1: b 1b"
#endif

static uintptr_t hidden;

static void make(void) {
    hidden = ~(uintptr_t)node(NULL);
}

static void *thread(void *argument) {
    forget(make);
    wipe();
    register uintptr_t kept __asm__(KEPT) = ~hidden;
    hidden = 0;
    there = 1;
    __asm__ volatile(CALL_AGAIN : "+r"(kept) : : "memory", "rax", "rcx", "r11");
    return argument;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
