/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Contents and places of blocks: what was written is there, and nobody else has the same bytes. */
#include "model.h"

const struct way *way;
struct worker workers[WORKERS];
struct block shelf[SHELF];
bool is_child;

/* Larger blocks are written and read at both ends, and in one word of each page between. */
enum { DENSE = 64 * KIB, PAGE_WORDS = 4096 / sizeof(uint64_t) };

void broken(const struct worker *worker, int line, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    dprintf(2, "%sworker %u, its step %lu (%s), line %d: %s\n", is_child ? "child: " : "",
            worker->number, worker->done, worker->step, line, text);
    _exit(FAILED);
}

static uint64_t word_at(uint64_t key, size_t n) {
    return (key + n) * 0x9e3779b97f4a7c15;
}

/* The word to look at after this one, in a block of so many bytes. */
static size_t next_word(size_t n, size_t size) {
    bool inside = n >= DENSE / 8 && (n + PAGE_WORDS) * 8 + DENSE < size;
    return n + (inside ? PAGE_WORDS : 1);
}

static void write_all(const struct block *block) {
    size_t words = block->size / 8;
    for (size_t n = 0; n < words; n = next_word(n, block->size)) {
        uint64_t word = word_at(block->key, n);
        memcpy(block->at + n * 8, &word, 8);
    }
    uint64_t last = word_at(block->key, words);
    memcpy(block->at + words * 8, &last, block->size % 8);
}

/* Whether the first `upto` bytes at `at` are as `block` was written. */
static void same(const struct worker *worker, const unsigned char *at, const struct block *block,
                 size_t upto) {
    for (size_t n = 0; n * 8 < upto; n = next_word(n, block->size)) {
        uint64_t word = word_at(block->key, n), found = word;
        size_t length = upto - n * 8 < 8 ? upto - n * 8 : 8;
        memcpy(&found, at + n * 8, length);
        MUST(worker, found == word, "block %p of %zu bytes: at %zu is %016jx, not %016jx",
             (const void *)at, block->size, n * 8, (uintmax_t)found, (uintmax_t)word);
    }
}

static void reads_zero(const struct worker *worker, const struct block *block, size_t from,
                       size_t to) {
    static const unsigned char zero[4096];
    for (size_t length; from < to; from += length) {
        length = to - from < sizeof zero ? to - from : sizeof zero;
        if (memcmp(block->at + from, zero, length) == 0) continue;
        while (block->at[from] == 0) from++;
        broken(worker, __LINE__, "block %p of %zu bytes, new: at %zu is %02x", (void *)block->at,
               block->size, from, block->at[from]);
    }
}

/* Whether this worker may look at all blocks: no other is at work. */
bool sees_all(void) {
    return way->turns;
}

/* All places that a worker may look at, one after the other; NULL after the last. */
struct block *nth_block(const struct worker *worker, size_t n) {
    if (n < PLACES) return &workers[worker->number].places[n];
    n -= PLACES;
    if (!sees_all()) return NULL;
    if (n < SHELF) return &shelf[n];
    n -= SHELF;
    size_t number = n / PLACES + (n / PLACES >= worker->number);
    return number < WORKERS ? &workers[number].places[n % PLACES] : NULL;
}

static void overlaps_none(const struct worker *worker, const struct block *new) {
    /* a block of size 0 has an address of its own */
    uintptr_t from = (uintptr_t)new->at, to = from + (new->size ? new->size : 1);
    const struct block *other;
    for (size_t n = 0; (other = nth_block(worker, n)); n++) {
        if (!other->at || other == new) continue;
        uintptr_t start = (uintptr_t)other->at, end = start + (other->size ? other->size : 1);
        MUST(worker, to <= start || end <= from, "%p of %zu bytes overlaps %p of %zu bytes",
             (void *)new->at, new->size, (void *)other->at, other->size);
    }
}

/* The heap's own promise about sizes, and glibc's lesser one. */
static void has_size(const struct worker *worker, const struct block *block) {
    size_t usable = malloc_usable_size(block->at);
    MUST(worker, is_ours() ? usable == block->size : usable >= block->size,
         "%p of %zu bytes: usable size is %zu", (void *)block->at, block->size, usable);
}

static void place_is_right(const struct worker *worker, const struct block *block) {
    MUST(worker, is_aligned(block->at, block->alignment), "%p is not aligned to %zu",
         (void *)block->at, block->alignment);
    has_size(worker, block);
    overlaps_none(worker, block);
}

/* A new block: where it may be, and, in this heap, without a trace of earlier ones. */
void came(struct worker *worker, struct block *place, struct block new, bool zeroed) {
    new.key = draw(&worker->random);
    *place = new;
    place_is_right(worker, place);
    if (zeroed || is_ours()) reads_zero(worker, place, 0, place->size);
    write_all(place);
}

void verify(const struct worker *worker, const struct block *block) {
    same(worker, block->at, block, block->size);
    has_size(worker, block);
}

/* A block has another size, and perhaps another place: what it held must be there. */
void changed(struct worker *worker, struct block *place, void *at, size_t size) {
    struct block old = *place;
    size_t kept = old.size < size ? old.size : size;
    *place = (struct block){at, size, 16, draw(&worker->random)};
    place_is_right(worker, place);
    same(worker, at, &old, kept);
    if (is_ours()) reads_zero(worker, place, kept, size);
    write_all(place);
}

/* What this worker knows to be live: blocks with memory, their bytes, and how many are large. */
size_t count_live(const struct worker *worker, size_t *bytes, size_t *large) {
    size_t count = 0;
    const struct block *block;
    *bytes = *large = 0;
    for (size_t n = 0; (block = nth_block(worker, n)); n++) {
        if (!block->at || block->size == 0) continue;
        count++;
        *bytes += block->size;
        *large += block->size >= LARGE;
    }
    return count;
}
