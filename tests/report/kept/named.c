// SPDX-License-Identifier: MIT OR Apache-2.0
// A block made by one thread and freed by another, both of which have ended when it is freed again. The
// argument is its size.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

static size_t size;

static void *hide(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

__attribute__((noinline)) void *maker(void *nothing)
{
    (void)nothing;
    pthread_setname_np(pthread_self(), "the maker");
    return hide(malloc(size));
}

__attribute__((noinline)) void *ender(void *block)
{
    pthread_setname_np(pthread_self(), "e)\nvil");
    free(block);
    return hide(block);
}

int main(int count, char **arguments)
{
    pthread_t thread;
    void *block;
    size = (size_t)atoi(arguments[count - 1]);
    pthread_create(&thread, NULL, maker, NULL);
    pthread_join(thread, &block);
    pthread_create(&thread, NULL, ender, block);
    pthread_join(thread, &block);
    free(hide(block));
    return 0;
}
