/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Watches a key for as long as it is in use: whoever frees a block with a copy of it, or leaves one on a stack, is told
 * so, with the place in the program.
 */
#include <inttypes.h>
#include <secmalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 32 };

static unsigned char key[KEY];

/* Through a volatile pointer: a compiler leaves out a memset of what is not read again. */
static void clear(void *block, size_t size)
{
    volatile unsigned char *bytes = block;

    for (size_t i = 0; i < size; i++)
        bytes[i] = 0;
}

static int use_key(void)
{
    unsigned char *copy = malloc(KEY);

    if (copy == NULL)
        return 0;
    memcpy(copy, key, KEY);
    clear(copy, KEY); /* without this, free stops the program: secret-residue */
    free(copy);
    return 1;
}

int main(void)
{
    struct secmalloc_residue seen = { .struct_size = sizeof seen };
    int32_t status = 0;

    for (unsigned i = 0; i < KEY; i++)
        key[i] = (unsigned char)(i * 37U + 11U);

    /* The key itself is not kept, only keyed hashes of it. */
    status = secmalloc_watch_secret(key, sizeof key);
    if (status == SECMALLOC_OK && !use_key())
        status = SECMALLOC_UNAVAILABLE;
    if (status == SECMALLOC_OK)
        status = secmalloc_check_residue(SECMALLOC_RESIDUE_STACKS | SECMALLOC_RESIDUE_BLOCKS, &seen);
    if (status == SECMALLOC_OK)
        status = secmalloc_unwatch_secret(key, sizeof key);
    clear(key, sizeof key);
    if (status != SECMALLOC_OK) {
        fprintf(stderr, "watch_secret: status %d\n", (int)status);
        return EXIT_FAILURE;
    }
    printf("no copy in %" PRIu64 " blocks, nor on %" PRIu64 " stacks\n", seen.blocks, seen.stacks);
    return EXIT_SUCCESS;
}
