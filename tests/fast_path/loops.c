// SPDX-License-Identifier: MIT OR Apache-2.0
//
// usage: loops CASE ROUNDS
//
// Loops over malloc and free whose instructions count.py counts. It counts while measured() runs and
// at no other time: start-up and the rounds that fill the quarantine are left out.

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 1000

static void *blocks[BLOCKS];
static uint32_t state = 1;

// A generator of our own: the sizes are the same in every run, on every system.
static uint32_t next(void) {
    state = state * 1664525 + 1013904223;
    return state >> 8;
}

static void *need(void *block) {
    if (block == NULL) {
        perror("loops");
        exit(1);
    }
    return block;
}

// A block is made and freed at once.
static void pair(size_t size, long rounds) {
    for (long i = 0; i < rounds; i++) {
        free(need(malloc(size)));
    }
}

static void cleared_pair(size_t size, long rounds) {
    for (long i = 0; i < rounds; i++) {
        free(need(calloc(1, size)));
    }
}

// A block grows and shrinks within its slot.
static void resized(size_t size, long rounds) {
    void *block = need(malloc(size));
    for (long i = 0; i < rounds; i++) {
        block = need(realloc(block, size - (i & 1)));
    }
    free(block);
}

// One of many blocks is freed, another size takes its place.
static void working_set(size_t most, long rounds) {
    for (long i = 0; i < rounds; i++) {
        void **place = &blocks[next() % BLOCKS];
        free(*place);
        *place = need(malloc(1 + next() % most));
    }
}

static const struct {
    const char *name;
    void (*loop)(size_t, long);
    size_t size;
} cases[] = {
    {"pair_16", pair, 16},
    {"pair_24", pair, 24},
    {"pair_100", pair, 100},
    {"pair_200", pair, 200},
    {"pair_1000", pair, 1000},
    {"calloc_100", cleared_pair, 100},
    {"realloc_100", resized, 100},
    {"working_set", working_set, 512},
};

// The name that count.py gives to callgrind.
__attribute__((noipa)) static void measured(void (*loop)(size_t, long), size_t size, long rounds) {
    loop(size, rounds);
}

int main(int argc, char **argv) {
    long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (rounds > 0 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].loop(cases[i].size, rounds / 4);
            measured(cases[i].loop, cases[i].size, rounds);
            return 0;
        }
    }
    fprintf(stderr, "usage: loops CASE ROUNDS; the cases are:");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fprintf(stderr, " %s", cases[i].name);
    }
    fprintf(stderr, "\n");
    return 2;
}
