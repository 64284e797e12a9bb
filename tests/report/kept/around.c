// SPDX-License-Identifier: MIT OR Apache-2.0
// Three blocks side by side, full of a secret; the middle one is overflown by a few letters, or written to after it
// was freed, far into it. Argument: which of both. Says where the three are.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 1024, SIZE = 100 };

static int before(const void *left, const void *right)
{
    uintptr_t a = *(const uintptr_t *)left, b = *(const uintptr_t *)right;
    return (a > b) - (a < b);
}

/* Whether every letter that is written there makes a difference. */
static int differs(const volatile char *behind)
{
    for (int i = 0; i < 12; i++)
        if (behind[i] == "OVERFLOW"[i % 8]) return 0;
    return 1;
}

int main(int count, char **arguments)
{
    static char *blocks[MANY];
    int middle = 0;
    for (int i = 0; i < MANY; i++) {
        blocks[i] = malloc(SIZE);
        memset(blocks[i], 'S', SIZE);
    }
    qsort(blocks, MANY, sizeof blocks[0], before);
    for (int i = 1; i + 1 < MANY; i++)
        if (blocks[i] - blocks[i - 1] == 112 && blocks[i + 1] - blocks[i] == 112 && differs(blocks[i] + SIZE)) middle = i;
    printf("%p %p %p\n", (void *)blocks[middle - 1], (void *)blocks[middle], (void *)blocks[middle + 1]);
    fflush(stdout);
    volatile char *block = blocks[middle];
    if (arguments[count - 1][0] == 'o') {
        for (int i = 0; i < 20; i++) block[SIZE + i] = "OVERFLOW"[i % 8];
        free((char *)block);
        return 0;
    }
    free((char *)block);
    block[40] = 'W';
    block[41] = 'R';
    block[75] = 'T';
    block[99] = 'Z';
    for (int i = 0; i < 20000; i++) free(malloc(SIZE));
    return 0;
}
