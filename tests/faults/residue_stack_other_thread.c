// SPDX-License-Identifier: MIT OR Apache-2.0
// Leaves a secret on the stack of a thread that sleeps while another one asks.
#include "secret.h"

static int pipes[2];

static void *work(void *unused)
{
    (void)unused;
    leave_on_stack();
    if (write(pipes[1], "x", 1) != 1)
        _exit(97);
    for (;;)
        pause();
}

int main(void)
{
    pthread_t thread;
    char byte;

    watch_secret(SECRET);
    if (pipe(pipes) != 0 || pthread_create(&thread, NULL, work, NULL) != 0)
        return 99;
    if (read(pipes[0], &byte, 1) != 1)
        return 98;
    return secmalloc_check_residue(1, NULL); // found
}
