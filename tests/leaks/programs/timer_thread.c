/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread of the C library for timers, which would take one of its signals for the order to end.
 * expected: none */
#include "leaks.h"
#include <signal.h>
#include <time.h>

static struct node *volatile head;

static void tick(union sigval value) {
    (void)value;
    there = 1;
}

static void work(void) {
    struct sigevent event;
    struct itimerspec often = {{0, 1000000}, {0, 1000000}};
    timer_t timer;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD;
    event.sigev_notify_function = tick;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) _exit(97);
    timer_settime(timer, 0, &often, NULL);
    head = node(NULL);
    while (!there) usleep(1000);
    memset(&often, 0, sizeof often);
    timer_settime(timer, 0, &often, NULL);
    usleep(50000);
}

PROGRAM(work)
