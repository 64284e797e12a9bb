/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls of many shapes on the way to a callback: frames with and without a frame pointer, of known
 * and of unknown size, realigned, with many saved registers, and through the C library.
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

typedef void (*callback)(void *);

/* Nothing of it is inlined, and no call is the last thing a function does. */
#define SHAPE __attribute__((noinline, noclone)) void
#define AFTER() __asm__ volatile("" ::: "memory")

SHAPE plain(callback f, void *to)
{
    f(to);
    AFTER();
}

SHAPE large(callback f, void *to)
{
    volatile char room[3000];
    memset((void *)room, 1, sizeof room);
    plain(f, to);
    AFTER();
}

/* The size of the frame is not known before: needs the frame pointer. */
SHAPE unknown_size(callback f, void *to)
{
    char *room = alloca(100 + (size_t)getpid() % 200);
    memset(room, 1, 100);
    __asm__ volatile("" ::"r"(room) : "memory");
    large(f, to);
    AFTER();
}

/* The frame's address is in memory: its tables say so by an expression. */
SHAPE realigned(callback f, void *to)
{
    char room[64] __attribute__((aligned(64)));
    char *more = alloca(100 + (size_t)getpid() % 200);
    memset(room, 1, sizeof room);
    __asm__ volatile("" ::"r"(room), "r"(more) : "memory");
    unknown_size(f, to);
    AFTER();
}

SHAPE many_registers(callback f, void *to)
{
    long a[8];
    for (int i = 0; i < 8; i++)
        a[i] = getpid() + i;
    for (int i = 0; i < 2; i++) {
        __asm__ volatile(""
                         : "+r"(a[0]), "+r"(a[1]), "+r"(a[2]), "+r"(a[3]), "+r"(a[4]), "+r"(a[5]));
        if (i == 1)
            realigned(f, to);
    }
    __asm__ volatile("" ::"r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(a[4]), "r"(a[5]));
}

static callback sorted_f;
static void *sorted_to;

static int compare(const void *one, const void *other)
{
    if (sorted_f != NULL) {
        callback f = sorted_f;
        sorted_f = NULL;
        many_registers(f, sorted_to);
    }
    return *(const int *)one - *(const int *)other;
}

/* Through the C library and back. */
SHAPE sorted(callback f, void *to)
{
    int numbers[] = {2, 1};
    sorted_f = f;
    sorted_to = to;
    qsort(numbers, 2, sizeof numbers[0], compare);
}

__attribute__((noinline, noclone)) void deeper(callback f, void *to, int depth)
{
    if (depth == 0)
        sorted(f, to);
    else
        deeper(f, to, depth - 1);
    AFTER();
}

SHAPE deep(callback f, void *to)
{
    deeper(f, to, 30);
    AFTER();
}

/* In a thread with the smallest stack there is. */
struct work {
    callback f;
    void *to;
};

static void *work(void *work)
{
    many_registers(((struct work *)work)->f, ((struct work *)work)->to);
    AFTER();
    return NULL;
}

SHAPE in_small_thread(callback f, void *to)
{
    struct work what = {f, to};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, 16384) != 0 ||
        pthread_create(&thread, &attributes, work, &what) != 0 || pthread_join(thread, NULL) != 0)
        abort();
    pthread_attr_destroy(&attributes);
}

/* In a coroutine. */
static ucontext_t outside, inside;
static struct work coroutine_work;

static void coroutine(void)
{
    many_registers(coroutine_work.f, coroutine_work.to);
    AFTER();
}

SHAPE in_coroutine(callback f, void *to)
{
    size_t size = 65536;
    char *stack = malloc(size);
    coroutine_work = (struct work){f, to};
    if (stack == NULL || getcontext(&inside) != 0)
        abort();
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = size;
    inside.uc_link = &outside;
    makecontext(&inside, coroutine, 0);
    swapcontext(&outside, &inside);
    free(stack);
}

/* In a signal handler, on this stack or on another. */
static struct work signal_work;

static void handler(int number)
{
    (void)number;
    plain(signal_work.f, signal_work.to);
    AFTER();
}

static void with_signal(callback f, void *to, int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, before;
    signal_work = (struct work){f, to};
    sigaction(SIGUSR1, &action, &before);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &before, NULL);
}

SHAPE in_handler(callback f, void *to)
{
    with_signal(f, to, 0);
    AFTER();
}

SHAPE on_other_stack(callback f, void *to)
{
    static char room[65536];
    stack_t other = {.ss_sp = room, .ss_size = sizeof room}, before;
    sigaltstack(&other, &before);
    with_signal(f, to, SA_ONSTACK);
    sigaltstack(&before, NULL);
}
