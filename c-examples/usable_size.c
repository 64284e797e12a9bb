/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * malloc_usable_size returns what was asked for, to the byte: there is no room behind a block that
 * a program could get used to. (The option usable_size=slot is for programs that rely on it.)
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    const size_t sizes[] = { 1, 24, 1000, 100000 };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = malloc(sizes[i]);
        size_t usable = 0;

        if (block == NULL) {
            perror("malloc");
            return EXIT_FAILURE;
        }
        usable = malloc_usable_size(block);
        free(block);

        printf("asked for %zu bytes, may use %zu\n", sizes[i], usable);
        if (usable != sizes[i])
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
