/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * C23's free_sized: the program says how large it thinks the block is, and secmalloc compares. A
 * program that is wrong about a size is stopped here, before it copies too much somewhere else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* <stdlib.h> declares these only where libc itself has them. */
extern void free_sized(void *block, size_t size);
extern void free_aligned_sized(void *block, size_t alignment, size_t size);

struct point {
    double x;
    double y;
};

int main(void)
{
    const size_t size = 1024;
    struct point *point = malloc(sizeof *point);
    void *buffer = aligned_alloc(256, size);

    if (point == NULL || buffer == NULL) {
        fputs("no memory\n", stderr);
        free(point);
        free(buffer);
        return EXIT_FAILURE;
    }
    *point = (struct point){ 3.0, 4.0 };
    memset(buffer, 0, size);
    printf("squared distance %.0f\n", point->x * point->x + point->y * point->y);

    free_sized(point, sizeof *point);
    free_aligned_sized(buffer, 256, size);
    return EXIT_SUCCESS;
}
