/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Strings in the environment.
 * expected: none */
#include "leaks.h"

static void work(void) {
    char *text = need(malloc(30));
    strcpy(text, "PATH=/nowhere");
    putenv(text);
    text = need(malloc(30));
    strcpy(text, "LEAKS_TEST=1");
    putenv(text);
    setenv("LEAKS_TEST_TOO", "a value of some length", 1);
}

PROGRAM(work)
