/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* C23's free_sized and free_aligned_sized take any block with its right size; so does cfree. */
#include "test.h"

static const size_t sizes[] = {0, 1, 8, 24, 100, 1000, 65528, LARGE, 500 * 1000};

static bool is_freed(const void *ptr) {
    struct secmalloc_block block = {.struct_size = sizeof block};
    CHECK_EQUAL(secmalloc_describe(ptr, &block), SECMALLOC_OK);
    return block.state == SECMALLOC_STATE_FREED;
}

int main(void) {
    start_ours_only();
    for (int round = 0; round < 500; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            size_t size = sizes[i];
            void *block = need(malloc(any(size)));
            free_sized(block, any(size));
            if (size > 0 && size < LARGE)
                CHECK(is_freed(block), "free_sized(%zu) freed nothing", size);

            free_sized(need(calloc(any(1), any(size))), any(size));
            free_sized(need(realloc(need(malloc(any(50))), any(size + 1))), any(size + 1));

            block = need(aligned_alloc(256, any(size)));
            free_aligned_sized(block, any(256), any(size));
            if (size > 0 && size < 5000)
                CHECK(is_freed(block), "free_aligned_sized(%zu) freed nothing", size);
            // aligned_alloc rounds 24 up to 32; what it was asked for is a right claim all the same.
            free_aligned_sized(need(aligned_alloc(any(24), any(size))), any(24), any(size));
            cfree(need(malloc(any(size))));
        }
    return PASSED;
}
