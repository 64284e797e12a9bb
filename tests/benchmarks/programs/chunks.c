/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Chunks: an interpreter of documents with arenas of its own, which takes 20 to 200 KiB at a time
 * from malloc.
 *
 * For each page it opens an arena, cuts its small objects from chunks, takes larger ones (images,
 * fonts) directly, and drops all of it at the page's end; some fonts and forms stay for later
 * pages.  So the allocator sees few calls, all of middling size, many at a time, freed together.
 * `gs`, the PostScript interpreter, in Detlefs, Dosser & Zorn 1994 and in mimalloc-bench.
 *
 * usage: chunks [SCALE]
 */
#include "bench.h"

enum { PAGES = 3000, KEPT = 64, MOST = 400, KIB = 1024 };

struct arena {
    struct bench_block blocks[MOST];
    size_t count;
    unsigned char *next;
    size_t left;
};

static void *take_block(struct arena *arena, size_t size) {
    if (arena->count == MOST) bench_fail("more than %d blocks on a page", MOST);
    void *block = bench_new(size);
    arena->blocks[arena->count++] = (struct bench_block){block, size};
    return block;
}

static unsigned char *cut(struct arena *arena, size_t size) {
    size = (size + 15) / 16 * 16;
    if (size > arena->left) {
        /* The first and the last 16 bytes are the block's own, for its marks. */
        arena->left = 20 * KIB;
        arena->next = (unsigned char *)take_block(arena, arena->left + 32) + 16;
    }
    unsigned char *piece = arena->next;
    arena->next += size;
    arena->left -= size;
    return piece;
}

/* What is on a page: many objects, some strings, now and then an image. */
static void page(struct arena *arena, struct bench_block *kept, uint64_t *random) {
    size_t objects = 2000 + bench_below(random, 8000);
    for (size_t i = 0; i < objects; i++) {
        size_t size = bench_log_size(random, 4, 8);
        memset(cut(arena, size), (int)i, size);
        if (i % 128 == 0) {
            size_t large = 20 * KIB + bench_below(random, 180 * KIB);
            memset(take_block(arena, large), 0x11, large);
            bench_touch(arena->blocks[arena->count - 1].block, large);
        }
    }
    /* A font or a form that later pages use. */
    bench_replace(&kept[bench_below(random, KEPT)], 20 * KIB + bench_below(random, 100 * KIB));
}

static void drop(struct arena *arena) {
    while (arena->count) bench_empty(&arena->blocks[--arena->count]);
    arena->left = 0;
}

int main(int argc, char **argv) {
    static struct bench_block kept[KEPT];
    static struct arena arena;
    size_t pages = bench_work(PAGES, bench_scale(argc, argv, 0, ""));
    uint64_t random = 14;
    for (size_t i = 0; i < pages; i++) {
        page(&arena, kept, &random);
        drop(&arena);
    }
    for (size_t i = 0; i < KEPT; i++) bench_empty(&kept[i]);
    return 0;
}
