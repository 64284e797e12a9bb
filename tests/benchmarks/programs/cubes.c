/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Cubes: a minimiser of logic functions, which works on sets of small arrays of bits.
 *
 * A function is a cover, a list of cubes; a cube has two bits for each variable.  The complement is
 * found by Shannon's expansion: the cover is split in two by a variable, which makes two new covers
 * with new cubes, and so on; what comes back is compared and merged, and most of it freed.  Arrays
 * of 16 to some hundred bytes, live for very different times.  `espresso` (Brayton et al. 1984),
 * measured since Detlefs, Dosser & Zorn 1994, and in mimalloc-bench.
 *
 * usage: cubes [SCALE]
 */
#include "bench.h"

#include <stdbool.h>

enum { FUNCTIONS = 3000, VARIABLES = 48, WORDS = VARIABLES / 16, CUBES = 14 };

/* In each pair of bits: 01 the variable is 0, 10 it is 1, 11 it may be either, 00 it cannot be. */
struct cube {
    uint32_t words[WORDS];
    uint32_t mark;
};

struct cover {
    size_t length, room;
    struct cube **cubes;
};

static const uint32_t LOW = 0x55555555u;

static unsigned literal(const struct cube *cube, unsigned variable) {
    return cube->words[variable / 16] >> (variable % 16 * 2) & 3;
}

static void set(struct cube *cube, unsigned variable, unsigned bits) {
    unsigned shift = variable % 16 * 2;
    uint32_t *word = &cube->words[variable / 16];
    *word = (*word & ~(3u << shift)) | bits << shift;
}

static struct cube *copied(const struct cube *from) {
    struct cube *cube = (struct cube *)bench_need(malloc(sizeof *cube), sizeof *cube);
    if (from)
        *cube = *from;
    else
        *cube = (struct cube){.words = {~0u, ~0u, ~0u}, .mark = 0xc0be5};
    return cube;
}

static void drop_cube(struct cube *cube) {
    if (cube->mark != 0xc0be5) bench_fail("cube %p: contents changed", (void *)cube);
    free(cube);
}

static struct cover *new_cover(size_t room) {
    struct cover *cover = (struct cover *)bench_need(malloc(sizeof *cover), sizeof *cover);
    *cover = (struct cover){.room = room < 2 ? 2 : room};
    size_t size = cover->room * sizeof cover->cubes[0];
    cover->cubes = (struct cube **)bench_need(malloc(size), size);
    return cover;
}

static void add(struct cover *cover, struct cube *cube) {
    if (cover->length == cover->room) {
        cover->room += cover->room / 2 + 1;
        size_t size = cover->room * sizeof cover->cubes[0];
        cover->cubes = (struct cube **)bench_need(realloc(cover->cubes, size), size);
    }
    cover->cubes[cover->length++] = cube;
}

static void drop_cover(struct cover *cover) {
    for (size_t i = 0; i < cover->length; i++) drop_cube(cover->cubes[i]);
    free(cover->cubes);
    free(cover);
}

static bool is_universe(const struct cube *cube) {
    uint32_t all = ~0u;
    for (unsigned i = 0; i < WORDS; i++) all &= cube->words[i];
    return all == ~0u;
}

static bool contains(const struct cube *large, const struct cube *small) {
    for (unsigned i = 0; i < WORDS; i++)
        if (small->words[i] & ~large->words[i]) return false;
    return true;
}

static bool meet(const struct cube *left, const struct cube *right) {
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t both = left->words[i] & right->words[i];
        if (((both | both >> 1) & LOW) != LOW) return false;
    }
    return true;
}

/* The part of a function where the variable has the value that the bits name. */
static struct cover *cofactor(const struct cover *of, unsigned variable, unsigned bits) {
    struct cover *part = new_cover(of->length);
    for (size_t i = 0; i < of->length; i++) {
        if (!(literal(of->cubes[i], variable) & bits)) continue;
        struct cube *cube = copied(of->cubes[i]);
        set(cube, variable, 3);
        add(part, cube);
    }
    return part;
}

/* The variable that most cubes depend on. */
static unsigned most_used(const struct cover *of) {
    unsigned best = 0;
    size_t uses = 0;
    for (unsigned variable = 0; variable < VARIABLES; variable++) {
        size_t count = 0;
        for (size_t i = 0; i < of->length; i++) count += literal(of->cubes[i], variable) != 3;
        if (count > uses) {
            uses = count;
            best = variable;
        }
    }
    return best;
}

/* Moves a part's cubes to the whole, without those that the whole has already. */
static void merge(struct cover *whole, struct cover *part, unsigned variable, unsigned bits) {
    size_t before = whole->length;
    for (size_t i = 0; i < part->length; i++) {
        struct cube *cube = part->cubes[i];
        bool known = false;
        set(cube, variable, bits);
        for (size_t k = 0; k < before && !known; k++) {
            /* The same but for this variable: one cube for both. */
            set(cube, variable, 3 - bits);
            if (contains(whole->cubes[k], cube) && contains(cube, whole->cubes[k])) {
                set(whole->cubes[k], variable, 3);
                known = true;
            }
            set(cube, variable, bits);
        }
        if (known)
            drop_cube(cube);
        else
            add(whole, cube);
    }
    part->length = 0;
    drop_cover(part);
}

static struct cover *complement(const struct cover *of) {
    struct cover *result = new_cover(of->length);
    for (size_t i = 0; i < of->length; i++)
        if (is_universe(of->cubes[i])) return result;
    if (of->length == 0) {
        add(result, copied(NULL));
        return result;
    }
    unsigned variable = most_used(of);
    for (unsigned bits = 1; bits <= 2; bits++) {
        struct cover *part = cofactor(of, variable, bits);
        merge(result, complement(part), variable, bits);
        drop_cover(part);
    }
    return result;
}

int main(int argc, char **argv) {
    size_t functions = bench_work(FUNCTIONS, bench_scale(argc, argv, 0, ""));
    uint64_t random = 10;
    for (size_t i = 0; i < functions; i++) {
        struct cover *function = new_cover(CUBES);
        for (int k = 0; k < CUBES; k++) {
            struct cube *cube = copied(NULL);
            for (int n = 0; n < 4; n++)
                set(cube, (unsigned)bench_below(&random, VARIABLES / 3),
                    1 + (unsigned)bench_below(&random, 2));
            add(function, cube);
        }
        struct cover *rest = complement(function);
        for (size_t k = 0; k < rest->length; k++)
            for (size_t n = 0; n < function->length; n++)
                if (meet(rest->cubes[k], function->cubes[n]))
                    bench_fail("contents changed: a function meets its complement");
        drop_cover(rest);
        drop_cover(function);
    }
    return 0;
}
