/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* usage: gcd BITS: 50 million greatest common divisors of numbers of so many bits, each with its locals in a block. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "price.h"

struct numbers {
    uint32_t large, small, rest;
};

__attribute__((noinline)) static uint32_t gcd(uint32_t a, uint32_t b) {
    LOCAL(struct numbers, n);
    n->large = a;
    n->small = b;
    while (n->small != 0) {
        n->rest = n->large % n->small;
        n->large = n->small;
        n->small = n->rest;
    }
    return n->large;
}

int main(int argc, char **argv) {
    uint32_t mask = (UINT32_C(1) << (argc > 1 ? atoi(argv[1]) : 10)) - 1;
    uint64_t state = 1, sum = 0;
    for (int i = 0; i < 50000000; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += gcd((uint32_t)(state >> 33) & mask, (uint32_t)(state >> 13) & mask);
    }
    printf("%llu\n", (unsigned long long)sum);
    return 0;
}
