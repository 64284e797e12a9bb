// SPDX-License-Identifier: MIT OR Apache-2.0
// Has a thread hold a secret in its registers while another one asks: the kernel puts them on its stack.
#include "secret.h"

static volatile int holds, ends;

static void *work(void *unused)
{
    (void)unused;
#if defined(__x86_64__)
    __asm__ volatile("movdqu (%0), %%xmm7" : : "r"(secret) : "xmm7", "memory");
#elif defined(__aarch64__)
    __asm__ volatile("ldr q7, [%0]" : : "r"(secret) : "v7", "memory");
#endif
    holds = 1;
    while (!ends)
        __asm__ volatile("");
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int32_t status;

    watch_secret(16);
    if (pthread_create(&thread, NULL, work, NULL) != 0)
        return 99;
    while (!holds)
        usleep(100);
    status = secmalloc_check_residue(1, NULL);
    ends = 1;
    pthread_join(thread, NULL);
    return status;
}
