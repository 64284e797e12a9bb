/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Big numbers: arithmetic in which each result is a new block of 4 to 40 bytes.
 *
 * The expansion of sqrt(N) as a continued fraction, with trial division of its Q over small primes:
 * the inner loop of factorising by continued fractions (Morrison & Brillhart 1975).  Interpreters
 * with integers of any length, and GMP beneath them, allocate like this: no block lives long, and
 * every one costs more to allocate than to fill.  `cfrac` is in the suite of Detlefs, Dosser and
 * Zorn, "Memory allocation costs in large C and C++ programs" (1994), and in most others since.
 *
 * usage: big_numbers [SCALE]
 */
#include "bench.h"

#include <stdbool.h>

enum { TERMS = 700000, PRIMES = 40, MOST_LIMBS = 9 };

/* A natural number, lowest limb first, without leading zeros: 0 has no limbs. */
struct number {
    uint32_t length;
    uint32_t limbs[];
};

static struct number *trimmed(const uint32_t *limbs, uint32_t length) {
    while (length && limbs[length - 1] == 0) length--;
    size_t size = sizeof(struct number) + length * sizeof(uint32_t);
    struct number *result = (struct number *)bench_need(malloc(size), size);
    result->length = length;
    memcpy(result->limbs, limbs, length * sizeof(uint32_t));
    return result;
}

static struct number *natural(uint64_t value) {
    uint32_t limbs[2] = {(uint32_t)value, (uint32_t)(value >> 32)};
    return trimmed(limbs, 2);
}

static uint32_t limb(const struct number *number, uint32_t i) {
    return i < number->length ? number->limbs[i] : 0;
}

static int compare(const struct number *left, const struct number *right) {
    if (left->length != right->length) return left->length < right->length ? -1 : 1;
    for (uint32_t i = left->length; i-- > 0;)
        if (left->limbs[i] != right->limbs[i]) return left->limbs[i] < right->limbs[i] ? -1 : 1;
    return 0;
}

static struct number *sum(const struct number *left, const struct number *right) {
    uint32_t limbs[2 * MOST_LIMBS], i = 0;
    uint64_t carry = 0;
    for (; i < left->length || i < right->length || carry; i++) {
        carry += (uint64_t)limb(left, i) + limb(right, i);
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return trimmed(limbs, i);
}

/* left is not less than right. */
static struct number *difference(const struct number *left, const struct number *right) {
    uint32_t limbs[2 * MOST_LIMBS];
    int64_t borrow = 0;
    for (uint32_t i = 0; i < left->length; i++) {
        borrow += (int64_t)left->limbs[i] - (int64_t)limb(right, i);
        limbs[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    return trimmed(limbs, left->length);
}

static struct number *product(const struct number *left, const struct number *right) {
    uint32_t limbs[2 * MOST_LIMBS] = {0};
    for (uint32_t i = 0; i < left->length; i++) {
        uint64_t carry = 0;
        for (uint32_t k = 0; k < right->length; k++) {
            carry += (uint64_t)left->limbs[i] * right->limbs[k] + limbs[i + k];
            limbs[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        limbs[i + right->length] = (uint32_t)carry;
    }
    return trimmed(limbs, left->length + right->length);
}

/* Bit by bit: the quotients of a continued fraction are small.  Returns the remainder. */
static struct number *divide(const struct number *number, const struct number *by,
                             struct number **quotient) {
    struct number *rest = trimmed(number->limbs, number->length);
    struct number *result = natural(0);
    while (compare(rest, by) >= 0) {
        struct number *step = trimmed(by->limbs, by->length), *count = natural(1);
        for (;;) {
            struct number *twice = sum(step, step);
            if (compare(twice, rest) > 0) {
                free(twice);
                break;
            }
            free(step);
            step = twice;
            struct number *more = sum(count, count);
            free(count);
            count = more;
        }
        struct number *less = difference(rest, step), *total = sum(result, count);
        free(rest), free(result), free(step), free(count);
        rest = less;
        result = total;
    }
    if (quotient)
        *quotient = result;
    else
        free(result);
    return rest;
}

static struct number *divide_small(const struct number *number, uint32_t by, uint32_t *rest) {
    uint32_t limbs[MOST_LIMBS];
    uint64_t left = 0;
    for (uint32_t i = number->length; i-- > 0;) {
        left = left << 32 | number->limbs[i];
        limbs[i] = (uint32_t)(left / by);
        left %= by;
    }
    *rest = (uint32_t)left;
    return trimmed(limbs, number->length);
}

/* Whether small primes are all there is in a number. */
static bool is_smooth(const struct number *number, const uint32_t *primes) {
    struct number *left = trimmed(number->limbs, number->length);
    for (size_t i = 0; i < PRIMES && left->length;) {
        uint32_t rest;
        struct number *quotient = divide_small(left, primes[i], &rest);
        if (rest == 0) {
            free(left);
            left = quotient;
        } else {
            free(quotient);
            i++;
        }
    }
    bool smooth = left->length == 1 && left->limbs[0] == 1;
    free(left);
    return smooth;
}

/* Newton's way, from above. */
static struct number *square_root(const struct number *number) {
    uint32_t limbs[MOST_LIMBS] = {0};
    limbs[number->length / 2 + 1] = 1;
    struct number *root = trimmed(limbs, number->length / 2 + 2);
    for (;;) {
        struct number *quotient;
        uint32_t rest;
        free(divide(number, root, &quotient));
        struct number *both = sum(root, quotient), *half = divide_small(both, 2, &rest);
        free(both), free(quotient);
        if (compare(half, root) >= 0) {
            free(half);
            return root;
        }
        free(root);
        root = half;
    }
}

/* A * A and Q, or -Q, must leave the same remainder: this is what a relation is. */
static void verify(const struct number *a, const struct number *q, bool negative,
                   const struct number *n) {
    struct number *square = product(a, a), *rest = divide(square, n, NULL);
    struct number *other = negative ? difference(n, q) : trimmed(q->limbs, q->length);
    if (compare(rest, other) != 0) bench_fail("contents changed: a relation does not hold");
    free(square), free(rest), free(other);
}

static void replace(struct number **place, struct number *number) {
    free(*place);
    *place = number;
}

int main(int argc, char **argv) {
    double scale = bench_scale(argc, argv, 0, "");
    size_t terms = bench_work(TERMS, scale);
    uint32_t primes[PRIMES], found = 0;
    for (uint32_t i = 2; found < PRIMES; i++) {
        bool prime = true;
        for (uint32_t k = 0; k < found; k++) prime = prime && i % primes[k];
        if (prime) primes[found++] = i;
    }

    /* N = (2^61 - 1) * (2^31 - 1), a little over 2^91. */
    struct number *left = natural((1ull << 61) - 1), *right = natural((1ull << 31) - 1);
    struct number *n = product(left, right), *root = square_root(n);
    free(left), free(right);

    /* Terms of the expansion: P, Q, and the numerators A, A before, all modulo N. */
    struct number *square = product(root, root);
    struct number *p = trimmed(root->limbs, root->length), *q_before = natural(1);
    struct number *q = difference(n, square);
    struct number *a_before = natural(1), *a = trimmed(root->limbs, root->length);
    free(square);
    for (size_t i = 1; i <= terms; i++) {
        /* Hardly one in a thousand is smooth; some more are verified. */
        if (is_smooth(q, primes) || i % 1024 == 0) verify(a, q, i % 2, n);
        struct number *quotient, *top = sum(root, p), *rest = divide(top, q, &quotient);
        struct number *p_next = difference(root, rest);
        /* Q next = Q before + quotient * (P - P next), either sign. */
        bool less = compare(p, p_next) < 0;
        struct number *change = less ? difference(p_next, p) : difference(p, p_next);
        struct number *part = product(quotient, change);
        struct number *q_next = less ? difference(q_before, part) : sum(q_before, part);
        struct number *times = product(quotient, a), *next = sum(times, a_before);
        struct number *a_next = divide(next, n, NULL);
        free(top), free(rest), free(change), free(part), free(times), free(next), free(quotient);
        replace(&p, p_next);
        replace(&q_before, q);
        q = q_next;
        replace(&a_before, a);
        a = a_next;
    }
    free(n), free(root), free(p), free(q), free(q_before), free(a), free(a_before);
    return 0;
}
