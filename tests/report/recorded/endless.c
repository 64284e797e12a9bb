// SPDX-License-Identifier: MIT OR Apache-2.0
// Makes and frees blocks of 555 bytes until it is killed; says when it has begun.
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    for (unsigned long i = 0;; i++) {
        char *volatile block = malloc(555);
        if (block == NULL)
            return 1;
        free(block);
        if (i == 20000 && write(STDOUT_FILENO, "on\n", 3) != 3)
            return 1;
    }
}
