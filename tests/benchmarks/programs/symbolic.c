/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Symbolic rewriting: expression trees are built, differentiated, simplified and freed again.
 *
 * Nodes of 16 to 56 bytes that live for one step of rewriting or for several, freed one by one by a
 * walk over the tree: compilers, theorem provers, computer algebra.  Programs with many small
 * objects like these are what Grunwald, Zorn & Henderson measured in "Improving the cache locality
 * of memory allocation" (1993).
 *
 * usage: symbolic [SCALE]
 */
#include "bench.h"

enum { TREES = 11000, DEPTH = 7 };
enum kind { NUMBER, VARIABLE, SUM, PRODUCT, POWER, CALL };

/* Leaves have no parts, the others one to five. */
struct node {
    enum kind kind;
    int parts;
    double value; /* of a number, an exponent, or a call's function */
    struct node *part[];
};

static uint64_t random_state = 9;

static struct node *node(enum kind kind, double value, int parts) {
    size_t size = sizeof(struct node) + (size_t)parts * sizeof(struct node *);
    struct node *new = (struct node *)bench_need(malloc(size), size);
    new->kind = kind;
    new->parts = parts;
    new->value = value;
    return new;
}

static struct node *pair(enum kind kind, struct node *left, struct node *right) {
    struct node *new = node(kind, 0, 2);
    new->part[0] = left;
    new->part[1] = right;
    return new;
}

static void drop(struct node *old) {
    if (old->kind > CALL || old->parts < 0 || old->parts > 5)
        bench_fail("node %p: contents changed", (void *)old);
    for (int i = 0; i < old->parts; i++) drop(old->part[i]);
    free(old);
}

static struct node *copy(const struct node *old) {
    struct node *new = node(old->kind, old->value, old->parts);
    for (int i = 0; i < old->parts; i++) new->part[i] = copy(old->part[i]);
    return new;
}

static struct node *random_tree(int depth) {
    if (depth == 0) {
        size_t number = bench_below(&random_state, 12);
        return number < 4 ? node(NUMBER, (double)number, 0) : node(VARIABLE, 0, 0);
    }
    size_t which = bench_below(&random_state, 8);
    if (which < 3) return pair(SUM, random_tree(depth - 1), random_tree(depth - 1));
    if (which < 6) return pair(PRODUCT, random_tree(depth - 1), random_tree(depth - 1));
    struct node *new;
    if (which == 6) {
        new = node(POWER, (double)(2 + bench_below(&random_state, 3)), 1);
        new->part[0] = random_tree(depth - 1);
        return new;
    }
    /* A function of one to five arguments. */
    int parts = 1 + (int)bench_below(&random_state, 5);
    new = node(CALL, (double)parts, parts);
    for (int i = 0; i < parts; i++) new->part[i] = random_tree(depth > 2 ? depth - 2 : 0);
    return new;
}

/* The derivative by the variable; of a call, the sum of its arguments' ones. */
static struct node *derivative(const struct node *of) {
    switch (of->kind) {
    case NUMBER: return node(NUMBER, 0, 0);
    case VARIABLE: return node(NUMBER, 1, 0);
    case SUM: return pair(SUM, derivative(of->part[0]), derivative(of->part[1]));
    case PRODUCT:
        return pair(SUM, pair(PRODUCT, derivative(of->part[0]), copy(of->part[1])),
                    pair(PRODUCT, copy(of->part[0]), derivative(of->part[1])));
    case POWER: {
        struct node *less = node(POWER, of->value - 1, 1);
        less->part[0] = copy(of->part[0]);
        struct node *outer = pair(PRODUCT, node(NUMBER, of->value, 0), less);
        return pair(PRODUCT, outer, derivative(of->part[0]));
    }
    default: {
        struct node *total = derivative(of->part[0]);
        for (int i = 1; i < of->parts; i++) total = pair(SUM, total, derivative(of->part[i]));
        return total;
    }
    }
}

static int is_number(const struct node *node, double value) {
    return node->kind == NUMBER && node->value == value;
}

/* One of the two parts, without the node above them. */
static struct node *only(struct node *of, int which) {
    struct node *kept = of->part[which];
    drop(of->part[1 - which]);
    free(of);
    return kept;
}

static struct node *as_number(struct node *of, double value) {
    drop(of);
    return node(NUMBER, value, 0);
}

/* Takes the tree apart, returns another. */
static struct node *simplified(struct node *of) {
    for (int i = 0; i < of->parts; i++) of->part[i] = simplified(of->part[i]);
    struct node **part = of->part;
    if (of->kind == POWER && of->value == 1) {
        struct node *base = part[0];
        free(of);
        return base;
    }
    if (of->kind != SUM && of->kind != PRODUCT) return of;
    if (part[0]->kind == NUMBER && part[1]->kind == NUMBER) {
        double left = part[0]->value, right = part[1]->value;
        return as_number(of, of->kind == SUM ? left + right : left * right);
    }
    for (int i = 0; i < 2; i++) {
        if (of->kind == SUM && is_number(part[i], 0)) return only(of, 1 - i);
        if (of->kind == PRODUCT && is_number(part[i], 1)) return only(of, 1 - i);
        if (of->kind == PRODUCT && is_number(part[i], 0)) return as_number(of, 0);
    }
    return of;
}

int main(int argc, char **argv) {
    size_t trees = bench_work(TREES, bench_scale(argc, argv, 0, ""));
    for (size_t i = 0; i < trees; i++) {
        struct node *tree = random_tree(DEPTH);
        for (int order = 0; order < 2; order++) {
            struct node *next = simplified(derivative(tree));
            drop(tree);
            tree = next;
        }
        drop(tree);
    }
    return 0;
}
