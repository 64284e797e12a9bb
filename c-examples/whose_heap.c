/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Is secmalloc really in use? This program never calls malloc; libc does so, in strdup. The answer
 * of secmalloc_describe is the proof that libc's calls arrive too, however the program was linked.
 */
#define _GNU_SOURCE
#include <secmalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    struct secmalloc_block block = { .struct_size = sizeof block };
    char *copy = strdup("allocated by libc");
    int32_t status = 0;

    if (copy == NULL) {
        perror("strdup");
        return EXIT_FAILURE;
    }
    status = secmalloc_describe(copy, &block);
    if (status == SECMALLOC_OK)
        printf("\"%s\" lies in a block of secmalloc\n", copy);
    else
        printf("\"%s\" lies elsewhere: status %d\n", copy, (int)status);
    free(copy);
    return status == SECMALLOC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
