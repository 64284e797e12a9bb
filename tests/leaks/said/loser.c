/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Loses ten blocks from one place and a list from another, keeps one, and writes to a buffer that is not flushed. */
#include "../programs/leaks.h"

static struct node *volatile kept;

__attribute__((noinline)) static void lose_one(void) {
    need(malloc(100));
}

__attribute__((noinline)) static struct node *make_list(void) {
    return node(node(NULL));
}

static void work(void) {
    for (int i = 0; i < 10; i++) lose_one();
    make_list();
    kept = node(NULL);
}

int main(int count, char **arguments) {
    forget(work);
    wipe();
    fputs("in the buffer", stdout);
    if (count > 1 && strcmp(arguments[1], "_exit") == 0) {
        fflush(stdout);
        _exit(3);
    }
    if (count > 1 && strcmp(arguments[1], "abort") == 0) abort();
    return 3;
}

__attribute__((destructor)) static void at_the_end(void) {
    fputs(", destructor", stdout);
}
