/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bodies in a tree: few allocations, much arithmetic over what was allocated.
 *
 * Bodies attract each other; in each step an octree is built over them, its cells are used to
 * compute all forces, then it is freed.  The allocator is hardly called, but where it puts the
 * cells decides how often the walk over them misses the caches.  Barnes & Hut 1986; `barnes`, from
 * the SPLASH-2 suite (Woo et al. 1995), is the program with few allocations in Hoard's and
 * mimalloc-bench's.
 *
 * usage: nbody_tree [SCALE]
 */
#include "bench.h"

#include <math.h>

enum { BODIES = 6000, STEPS = 40, DEEPEST = 40 };
static const double TIME = 0.01, WIDE = 0.6, SOFT = 0.0025;

struct body {
    double place[3], speed[3], force[3];
};

struct cell {
    double centre[3], mass_at[3]; /* the latter a sum until `weigh` divides it */
    double half, mass;
    struct cell *parts[8];
    struct body *body; /* of a leaf */
};

static struct cell *new_cell(const double centre[3], double half) {
    struct cell *cell = (struct cell *)bench_need(calloc(1, sizeof *cell), sizeof *cell);
    memcpy(cell->centre, centre, sizeof cell->centre);
    cell->half = half;
    return cell;
}

static unsigned octant(const struct cell *cell, const double place[3]) {
    unsigned which = 0;
    for (unsigned i = 0; i < 3; i++) which |= (unsigned)(place[i] >= cell->centre[i]) << i;
    return which;
}

static void insert(struct cell *cell, struct body *body, int depth);

static void insert_below(struct cell *cell, struct body *body, int depth) {
    unsigned which = octant(cell, body->place);
    if (!cell->parts[which]) {
        double centre[3], half = cell->half / 2;
        for (unsigned i = 0; i < 3; i++)
            centre[i] = cell->centre[i] + (which >> i & 1 ? half : -half);
        cell->parts[which] = new_cell(centre, half);
    }
    insert(cell->parts[which], body, depth + 1);
}

static void insert(struct cell *cell, struct body *body, int depth) {
    if (cell->mass == 0) {
        cell->body = body;
    } else if (depth < DEEPEST) {
        struct body *other = cell->body;
        cell->body = NULL;
        if (other) insert_below(cell, other, depth);
        insert_below(cell, body, depth);
    }
    cell->mass += 1;
    for (unsigned i = 0; i < 3; i++) cell->mass_at[i] += body->place[i];
}

static void weigh(struct cell *cell) {
    double mass = 0;
    for (unsigned i = 0; i < 3; i++) cell->mass_at[i] /= cell->mass;
    for (unsigned i = 0; i < 8; i++)
        if (cell->parts[i]) {
            weigh(cell->parts[i]);
            mass += cell->parts[i]->mass;
        }
    if (mass != 0 && mass != cell->mass) bench_fail("cell %p: contents changed", (void *)cell);
}

static void pull(const struct cell *cell, struct body *body) {
    if (cell->body == body) return;
    double way[3], square = SOFT;
    for (unsigned i = 0; i < 3; i++) {
        way[i] = cell->mass_at[i] - body->place[i];
        square += way[i] * way[i];
    }
    if (cell->body || 4 * cell->half * cell->half < WIDE * WIDE * square) {
        double strength = cell->mass / (square * sqrt(square));
        for (unsigned i = 0; i < 3; i++) body->force[i] += way[i] * strength;
        return;
    }
    for (unsigned i = 0; i < 8; i++)
        if (cell->parts[i]) pull(cell->parts[i], body);
}

static void drop(struct cell *cell) {
    for (unsigned i = 0; i < 8; i++)
        if (cell->parts[i]) drop(cell->parts[i]);
    free(cell);
}

static void step(struct body **bodies, size_t count) {
    double half = 1;
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < 3; k++) half = fmax(half, fabs(bodies[i]->place[k]));
    struct cell *all = new_cell((const double[3]){0, 0, 0}, half);
    for (size_t i = 0; i < count; i++) insert(all, bodies[i], 0);
    weigh(all);
    for (size_t i = 0; i < count; i++) {
        memset(bodies[i]->force, 0, sizeof bodies[i]->force);
        pull(all, bodies[i]);
    }
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < 3; k++) {
            bodies[i]->speed[k] += bodies[i]->force[k] / (double)count * TIME;
            bodies[i]->place[k] += bodies[i]->speed[k] * TIME;
        }
    drop(all);
}

int main(int argc, char **argv) {
    static struct body *bodies[BODIES];
    size_t steps = bench_work(STEPS, bench_scale(argc, argv, 0, ""));
    uint64_t random = 11;
    for (size_t i = 0; i < BODIES; i++) {
        bodies[i] = (struct body *)bench_need(calloc(1, sizeof *bodies[i]), sizeof *bodies[i]);
        for (unsigned k = 0; k < 3; k++)
            bodies[i]->place[k] = (double)(bench_next(&random) >> 11) * 0x1p-52 - 1;
    }
    for (size_t i = 0; i < steps; i++) step(bodies, BODIES);
    for (size_t i = 0; i < BODIES; i++) free(bodies[i]);
    return 0;
}
