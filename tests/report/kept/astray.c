// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a pointer 16 bytes before a block, where no block was. Argument: the block's size. Says where the block is.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments)
{
    enum { MANY = 64 };
    static char *blocks[MANY];
    size_t size = strtoul(arguments[count - 1], NULL, 10);
    char *alone = NULL;
    for (int i = 0; i < MANY; i++) blocks[i] = malloc(size);
    // One without a block right before it.
    for (int i = 0; i < MANY; i++) {
        int touches = (uintptr_t)blocks[i] % 4096 == 0 && size < 4096;
        for (int j = 0; j < MANY; j++)
            if (blocks[j] < blocks[i] && (size_t)(blocks[i] - blocks[j]) <= size + 16) touches = 1;
        if (!touches) alone = blocks[i];
    }
    printf("%p\n", (void *)alone);
    fflush(stdout);
    free((void *)((uintptr_t)alone - 16));
    return 0;
}
