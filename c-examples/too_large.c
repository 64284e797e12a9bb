/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What cannot be had is refused with NULL and ENOMEM; the program decides what to do then. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    /* volatile: the compiler would warn of these sizes if it saw them. */
    volatile size_t half = SIZE_MAX / 2;
    char *small = NULL;
    void *large = NULL;

    /* The product is larger than any number: a careless calloc would return one small block. */
    errno = 0;
    large = calloc(half, 4);
    if (large != NULL || errno != ENOMEM) {
        fputs("a product that does not fit was not refused\n", stderr);
        free(large);
        return EXIT_FAILURE;
    }

    /* When realloc fails, the block that was there is still there. */
    small = malloc(16);
    if (small == NULL)
        return EXIT_FAILURE;
    small[0] = 'x';
    large = realloc(small, half + 1);
    if (large != NULL) {
        free(large);
        return EXIT_FAILURE;
    }
    printf("refused; the old block still holds '%c'\n", small[0]);
    free(small);
    return EXIT_SUCCESS;
}
