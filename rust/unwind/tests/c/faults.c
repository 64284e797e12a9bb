/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Faults, and where the registers stand at them: the handler gets the context. */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

typedef void (*callback)(void *);
#define SHAPE __attribute__((noinline, noclone)) void
#define AFTER() __asm__ volatile("" ::: "memory")

static sigjmp_buf back;
static callback looker;

static void handler(int number, siginfo_t *information, void *context)
{
    (void)number;
    (void)information;
    looker(context);
    siglongjmp(back, 1);
}

static void caught(void (*fault)(void), callback f)
{
    static char room[65536];
    stack_t other = {.ss_sp = room, .ss_size = sizeof room}, before_stack;
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK}, before;
    looker = f;
    sigaltstack(&other, &before_stack);
    sigaction(SIGSEGV, &action, &before);
    if (sigsetjmp(back, 1) == 0)
        fault();
    sigaction(SIGSEGV, &before, NULL);
    sigaltstack(&before_stack, NULL);
}

/* The address is not there. */
static int *volatile nowhere = NULL;

SHAPE touches(void)
{
    *nowhere = 1;
    AFTER();
}

SHAPE bad_access(callback f, void *to)
{
    (void)to;
    caught(touches, f);
    AFTER();
}

/* A call to nowhere: no code, no tables, only a return address. */
static void (*volatile no_function)(void) = NULL;

SHAPE calls_nothing(void)
{
    no_function();
    AFTER();
}

SHAPE wild_call(callback f, void *to)
{
    (void)to;
    caught(calls_nothing, f);
    AFTER();
}

/*
 * The fault is at a function's first instruction, and the byte before it is another function's,
 * whose tables are wrong here: an address that is exact must be looked up as it is.
 */
__asm__(".text\n"
        ".type before_it, %function\n"
        "before_it:\n"
        ".cfi_startproc\n"
        ".cfi_def_cfa_offset 64\n"
        "nop\n"
        ".cfi_endproc\n"
        ".globl first_instruction\n"
        ".type first_instruction, %function\n"
        "first_instruction:\n"
        ".cfi_startproc\n"
#if defined(__x86_64__)
        "movl (%rdi), %eax\n"
#else
        "ldr w0, [x0]\n"
#endif
        "ret\n"
        ".cfi_endproc\n"
        ".size first_instruction, . - first_instruction\n");
extern void first_instruction(int *);

SHAPE calls_first_instruction(void)
{
    first_instruction(nowhere);
    AFTER();
}

SHAPE at_first_instruction(callback f, void *to)
{
    (void)to;
    caught(calls_first_instruction, f);
    AFTER();
}

/* The stack is full: the stack pointer itself points into a guard. */
static volatile int without_end = 1;

SHAPE fills(volatile char *last)
{
    volatile char room[1000];
    room[0] = last == NULL ? 0 : last[0];
    if (without_end)
        fills(room);
    AFTER();
}

SHAPE begins_to_fill(void)
{
    fills(NULL);
    AFTER();
}

SHAPE overflow(callback f, void *to)
{
    (void)to;
    caught(begins_to_fill, f);
    AFTER();
}

/* Code made at run time that keeps a frame pointer: call what is in the first argument. */
SHAPE through_made_code(callback f, void *to)
{
#if defined(__x86_64__)
    static const unsigned char code[] = {
        0x55,                   /* push rbp */
        0x48, 0x89, 0xe5,       /* mov rbp, rsp */
        0x48, 0x89, 0xf8,       /* mov rax, rdi */
        0x48, 0x89, 0xf7,       /* mov rdi, rsi */
        0xff, 0xd0,             /* call rax */
        0x5d, 0xc3,             /* pop rbp; ret */
    };
#else
    static const unsigned int code[] = {
        0xa9bf7bfd, /* stp x29, x30, [sp, -16]! */
        0x910003fd, /* mov x29, sp */
        0xaa0003e2, /* mov x2, x0 */
        0xaa0103e0, /* mov x0, x1 */
        0xd63f0040, /* blr x2 */
        0xa8c17bfd, /* ldp x29, x30, [sp], 16 */
        0xd65f03c0, /* ret */
    };
#endif
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void (*made)(callback, void *);
    memcpy(page, code, sizeof code);
    mprotect(page, 4096, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)page, (char *)page + sizeof code);
    memcpy(&made, &page, sizeof made);
    made(f, to);
    AFTER();
    munmap(page, 4096);
}
