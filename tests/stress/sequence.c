/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What chance decides: sizes and alignments, near the borders at which the heap does something
 * else.  All of it follows from the seed, so that a sequence can be run again.
 */
#include "model.h"

/* splitmix64: every seed is good, 0 and 1 too. */
uint64_t draw(uint64_t *random) {
    uint64_t z = *random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

unsigned below(struct worker *worker, unsigned bound) {
    return (unsigned)((draw(&worker->random) >> 32) * bound >> 32);
}

/* A size class as the README states them: 16 apart to 128, then four to a doubling, to 64 KiB. */
static size_t some_slot(struct worker *worker) {
    if (below(worker, 3) == 0) return 16 * (size_t)(1 + below(worker, 8));
    unsigned doubling = below(worker, 9), quarter = 1 + below(worker, 4);
    return ((size_t)128 << doubling) + ((size_t)32 << doubling) * quarter;
}

/* The largest block of a class, or one byte more or less. */
static size_t at_class_border(struct worker *worker) {
    return some_slot(worker) - 8 + below(worker, 3) - 1;
}

static size_t at_border(struct worker *worker) {
    switch (below(worker, 5)) {
    case 0:
        return below(worker, 3);
    case 1:
        return (size_t)4096 * (1 + below(worker, 20)) + below(worker, 33) - 16;
    case 2:
        return LARGE + below(worker, 17) - 12;
    default:
        return at_class_border(worker);
    }
}

static size_t large_size(struct worker *worker) {
    unsigned kind = below(worker, 20);
    if (kind == 0) return (size_t)MIB * (1 + below(worker, 8)) + below(worker, 65) - 32;
    if (kind < 4) return LARGE + below(worker, 2 * MIB);
    return LARGE + below(worker, 200 * KIB);
}

static size_t mixed_size(struct worker *worker) {
    unsigned kind = below(worker, 100);
    if (kind < 55) return below(worker, 520);
    if (kind < 75) return at_class_border(worker);
    if (kind < 85) return at_border(worker);
    if (kind < 98) return below(worker, 20000);
    return large_size(worker);
}

size_t draw_size(struct worker *worker) {
    switch (below(worker, 16) == 0 ? MIXED : worker->mood) {
    case SMALL:
        return below(worker, 300);
    case ONE_CLASS:
        return worker->usual - below(worker, 2);
    case BORDERS:
        return at_border(worker);
    case LARGE_ONLY:
        return large_size(worker);
    default:
        return mixed_size(worker);
    }
}

/* Mostly small alignments, as in programs; up to 64 KiB. */
size_t draw_alignment(struct worker *worker) {
    unsigned shift = below(worker, 3) ? below(worker, 8) : below(worker, 17);
    return (size_t)1 << shift;
}

/* More than PTRDIFF_MAX. */
size_t draw_impossible(struct worker *worker) {
    size_t offset = below(worker, 2) ? below(worker, 5000) : draw(&worker->random) >> 1;
    return below(worker, 2) ? SIZE_MAX - offset : (size_t)PTRDIFF_MAX + 1 + offset;
}

/*
 * From time to time a worker wants other sizes, and more of them or fewer: only so do slabs become
 * full, and empty again, and go back to the kernel.
 */
void change_mood(struct worker *worker) {
    worker->mood = (enum mood)below(worker, MOODS);
    worker->usual = some_slot(worker) - 8;
    worker->width = below(worker, 4) ? 8 + below(worker, PLACES / 4) : PLACES;
    /* mappings cost more than slots, in time and in room */
    if (worker->mood == LARGE_ONLY) worker->width = 4 + below(worker, 24);
}
