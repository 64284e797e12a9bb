/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Allocates as it is loaded, in a thread-local of its own, and as it is unloaded. */
#include <stdlib.h>
#include <string.h>

static char *made;
static __thread char *of_thread;
int plugin_use(void);

__attribute__((constructor)) static void begin(void) {
    made = malloc(500);
    if (made) memset(made, 7, 500);
}

__attribute__((destructor)) static void end(void) {
    char *last = malloc(3000);
    if (!made || made[499] != 7 || !last) abort();
    free(last);
    free(made);
}

/* 0 if all is well. */
int plugin_use(void) {
    if (!of_thread) of_thread = calloc(1, 40);
    int bad = !of_thread || of_thread[39] != 0 || !made || made[0] != 7;
    free(of_thread);
    of_thread = NULL;
    return bad;
}
