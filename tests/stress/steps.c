/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One step of a worker: a call, and what must be true after it. */
#include "model.h"

#include <smalloc.h>

/* Before a call, so that one sees whether it changed errno. */
enum { UNTOUCHED = 4711 };

/* Where address space is short, a request may fail, but must say so. */
static bool failed(const struct worker *worker, const void *at, size_t size) {
    if (at) {
        MUST(worker, !is_ours() || errno == UNTOUCHED, "%zu bytes: errno became %d", size, errno);
        return false;
    }
    MUST(worker, way->space > 0 || !is_ours(), "no memory for %zu bytes", size);
    MUST(worker, errno == ENOMEM, "no memory for %zu bytes: errno %d", size, errno);
    return true;
}

/* Two numbers whose product is at most this size, and often it; the product is the block's size. */
static size_t split(struct worker *worker, size_t *size) {
    size_t count = 1 + below(worker, 9);
    if (count > *size) count = 1;
    *size /= count;
    return count;
}

static void aligned_block(struct worker *worker, struct block *new) {
    new->alignment = draw_alignment(worker);
    switch (below(worker, 5)) {
    case 0:
        new->at = aligned_alloc(new->alignment, new->size);
        break;
    case 1:
        new->at = memalign(new->alignment, new->size);
        break;
    case 2:
        new->alignment = 4096;
        new->at = valloc(new->size);
        break;
    case 3:
        new->alignment = 4096;
        new->at = pvalloc(new->size);
        new->size = (new->size + 4095) / 4096 * 4096;
        break;
    default: {
        void *at = NULL;
        if (new->alignment < sizeof at) new->alignment = sizeof at;
        int error = posix_memalign(&at, new->alignment, new->size);
        MUST(worker, errno == UNTOUCHED || !is_ours(), "posix_memalign set errno to %d", errno);
        MUST(worker, error == 0 || error == ENOMEM, "posix_memalign: %d", error);
        MUST(worker, (error == 0) == (at != NULL), "posix_memalign: %d and %p", error, at);
        errno = error ? error : UNTOUCHED;
        new->at = at;
    }
    }
}

static void allocate(struct worker *worker, struct block *place) {
    struct block new = {NULL, draw_size(worker), 16, 0};
    unsigned kind = below(worker, 10);
    bool zeroed = false;
    errno = UNTOUCHED;
    if (is_ours() && below(worker, 6) == 0) {
        /* a sensitive block, which is like any other in all that follows */
        zeroed = below(worker, 2);
        new.at = zeroed ? scalloc(1, new.size, 1) : smalloc(new.size, 1);
    } else if (kind < 5) {
        new.at = malloc(new.size);
    } else if (kind < 7) {
        size_t part = new.size, count = split(worker, &part);
        new.size = count * part;
        new.at = below(worker, 2) ? calloc(count, part) : calloc(part, count);
        zeroed = true;
    } else if (kind == 7) {
        new.at = realloc(NULL, new.size);
    } else {
        aligned_block(worker, &new);
    }
    if (!failed(worker, new.at, new.size)) came(worker, place, new, zeroed);
}

/* Every way to end a block. */
static void end(struct worker *worker, struct block *place) {
    struct block old = *place;
    verify(worker, &old);
    place->at = NULL;
    errno = UNTOUCHED;
    unsigned kind = is_ours() ? below(worker, 8) : 7;
    if (kind == 0) free_sized(old.at, old.size);
    else if (kind == 1) free_aligned_sized(old.at, old.alignment, old.size);
    else if (kind == 3) sfree(old.at);
    else if (kind == 2) MUST(worker, realloc(old.at, 0) == NULL, "realloc to 0 gave a block");
    else free(old.at);
    MUST(worker, errno == UNTOUCHED, "errno became %d", errno);
    struct secmalloc_block was = {.struct_size = sizeof was};
    /* Where others work, it may be somebody's block again. */
    if (!is_ours() || !sees_all() || below(worker, 8)) return;
    secmalloc_describe(old.at, &was);
    MUST(worker, was.state != SECMALLOC_STATE_LIVE || was.address != old.at,
         "%p of %zu bytes is freed, and live", (void *)old.at, old.size);
}

static void resize(struct worker *worker, struct block *place) {
    size_t size = draw_size(worker);
    verify(worker, place);
    /* half of the time a little more or less: such blocks stay where they are */
    if (below(worker, 2)) size = place->size + below(worker, 64) - (place->size > 32 ? 32 : 0);
    if (size == 0) size = 1;
    void *at;
    errno = UNTOUCHED;
    if (is_ours() && below(worker, 4) == 0) {
        at = srealloc(place->at, size);
    } else if (below(worker, 3)) {
        at = realloc(place->at, size);
    } else {
        size_t count = split(worker, &size);
        at = reallocarray(place->at, count, size);
        size *= count;
    }
    if (failed(worker, at, size)) verify(worker, place);
    else changed(worker, place, at, size);
}

/* Requests that nobody can serve: the answer is no, and nothing else happens. */
static void refuse(struct worker *worker, struct block *place) {
    size_t size = draw_impossible(worker), wraps = SIZE_MAX / 2 + 2 + below(worker, 1000);
    void *at = NULL;
    int expected = ENOMEM, error = 0;
    unsigned kind = below(worker, 8);
    errno = UNTOUCHED;
    if (kind == 0) at = malloc(size);
    else if (kind == 1) at = calloc(wraps, 2);
    else if (kind == 2) at = realloc(place->at, size);
    else if (kind == 3) at = reallocarray(place->at, 2, wraps);
    else if (kind == 4) at = aligned_alloc((size_t)16 << below(worker, 12), size);
    else if (kind == 5) at = pvalloc(size);
    else if (kind == 6) error = posix_memalign(&at, 64, size);
    else error = posix_memalign(&at, below(worker, 2) ? 24 : 4, 100), expected = EINVAL;
    MUST(worker, at == NULL, "case %u: %zu bytes are no request, but gave %p", kind, size, at);
    if (kind < 6) error = errno;
    else MUST(worker, errno == UNTOUCHED || !is_ours(), "posix_memalign set errno to %d", errno);
    MUST(worker, error == expected, "case %u: error %d, not %d", kind, error, expected);
    if (place->at) verify(worker, place);
}

static void ask(struct worker *worker, const struct block *block) {
    struct secmalloc_block is = {.struct_size = sizeof is};
    size_t offset = block->size ? below(worker, (unsigned)block->size) : 0;
    verify(worker, block);
    if (!is_ours()) return;
    int answer = secmalloc_describe(block->at + offset, &is);
    MUST(worker, answer == SECMALLOC_OK, "describe of %p: %d", (void *)block->at, answer);
    MUST(worker, is.address == block->at && is.offset == offset &&
         is.requested_size == block->size && is.state == SECMALLOC_STATE_LIVE &&
         is.kind == SECMALLOC_KIND_MALLOC,
         "%p and %zu, of %zu bytes: described as %p and %zu, of %zu bytes, state %u, kind %u",
         (void *)block->at, offset, block->size, is.address, is.offset, is.requested_size,
         is.state, is.kind);
}

/* What the heap says of itself must cover what this worker knows to be live. */
static void ask_all(struct worker *worker) {
    size_t bytes, large, blocks = count_live(worker, &bytes, &large);
    struct mallinfo2 info = mallinfo2();
    MUST(worker, info.hblks >= large || !is_ours(), "%zu large blocks of %zu", info.hblks, large);
    MUST(worker, info.uordblks + info.hblkhd >= bytes, "%zu bytes in use of %zu", info.uordblks,
         bytes);
    if (!is_ours() || below(worker, 2)) return;
    struct secmalloc_counts counts = {.struct_size = sizeof counts};
    MUST(worker, secmalloc_check(&counts) == SECMALLOC_OK, "check did not check");
    MUST(worker, counts.faults == 0, "%ju faults", (uintmax_t)counts.faults);
    MUST(worker, counts.live >= blocks, "%ju live blocks of %zu", (uintmax_t)counts.live, blocks);
}

void end_all(struct worker *worker) {
    for (size_t i = 0; i < PLACES; i++)
        if (worker->places[i].at) end(worker, &worker->places[i]);
}

static void with_block(struct worker *worker, struct block *place) {
    unsigned kind = below(worker, 100);
    if (kind < 45) worker->step = "free", end(worker, place);
    else if (kind < 70) worker->step = "realloc", resize(worker, place);
    else if (kind < 85) worker->step = "exchange", exchange(worker, place);
    else if (kind < 97) worker->step = "describe", ask(worker, place);
    else worker->step = "refused", refuse(worker, place);
}

void take_step(struct worker *worker) {
    if (worker->done++ % 256 == 0) change_mood(worker);
    struct block *place = &worker->places[below(worker, worker->width)];
    unsigned rare = below(worker, 4000);
    if (rare == 0) worker->step = "free all", end_all(worker);
    else if (rare < 3) worker->step = "trim", malloc_trim(0);
    else if (rare < 8) worker->step = "fork", fork_here(worker);
    else if (rare < 24) worker->step = "check", ask_all(worker);
    else if (place->at) with_block(worker, place);
    else worker->step = "allocate", allocate(worker, place);
}

/* Whether another thread is to go on with this worker's blocks. */
bool is_last_of_thread(struct worker *worker) {
    return worker->done % 128 == 0 && below(worker, 8) == 0;
}
