/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: blocks pairs|held: blocks of 64 bytes, made and ended in turn, or a million held at a time; sensitive ones, or
 * ordinary ones.
 */
#include <stdio.h>
#include <stdlib.h>

#include "price.h"

#ifdef SENSITIVE
#define MAKE(size) smalloc(size, 1)
#define END(block) sfree(block)
#else
#define MAKE(size) malloc(size)
#define END(block) free(block)
#endif

enum { SIZE = 64, HELD = 1000000, PAIRS = 50000000, ROUNDS = 5 };

static char *blocks[HELD];

/* The compiler is not to know what becomes of a block. */
static void *hide(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "pairs") == 0) {
        for (int i = 0; i < PAIRS; i++) END(hide(MAKE(SIZE)));
    } else {
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < HELD; i++) {
                blocks[i] = hide(MAKE(SIZE));
                if (blocks[i] == NULL) return 1;
                memset(blocks[i], i, SIZE);
            }
            for (int i = 0; i < HELD; i++) END(blocks[i]);
        }
    }
    puts("done");
    return 0;
}
