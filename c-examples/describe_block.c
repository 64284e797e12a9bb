/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Asks the heap what it knows of a pointer, even of one into the middle of a block. */
#include <secmalloc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    struct secmalloc_block block = { .struct_size = sizeof block };
    char *text = calloc(100, 1);
    int32_t status = 0;

    if (text == NULL) {
        perror("calloc");
        return EXIT_FAILURE;
    }

    status = secmalloc_describe(text + 40, &block);
    if (status != SECMALLOC_OK || block.state != SECMALLOC_STATE_LIVE) {
        fprintf(stderr, "secmalloc_describe: status %d\n", (int)status);
        free(text);
        return EXIT_FAILURE;
    }
    printf("%zu bytes into a live block of %zu bytes, in a slot of %zu\n", block.offset,
           block.requested_size, block.slot_size);

    /* A variable on the stack is no business of the heap. */
    if (secmalloc_describe(&block, &block) != SECMALLOC_NOT_OURS) {
        free(text);
        return EXIT_FAILURE;
    }
    free(text);
    return EXIT_SUCCESS;
}
