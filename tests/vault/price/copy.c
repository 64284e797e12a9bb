/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Copies 100 MB from one file to another, both in memory, encrypted by ChaCha20 (RFC 8439). Key, cipher state, each block of key
 * stream and the text in hand are locals.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "price.h"

enum { SIZE = 100000000, PIECE = 16 << 10 };

struct words {
    uint32_t at[16];
};

static uint32_t turn(uint32_t word, int by) {
    return word << by | word >> (32 - by);
}

static void quarter(struct words *x, int a, int b, int c, int d) {
    uint32_t *w = x->at;
    w[a] += w[b], w[d] = turn(w[d] ^ w[a], 16);
    w[c] += w[d], w[b] = turn(w[b] ^ w[c], 12);
    w[a] += w[b], w[d] = turn(w[d] ^ w[a], 8);
    w[c] += w[d], w[b] = turn(w[b] ^ w[c], 7);
}

/* Encrypts up to 64 bytes. */
__attribute__((noinline)) static void block(struct words *state, unsigned char *text, size_t size) {
    LOCAL(struct words, x);
    *x = *state;
    for (int i = 0; i < 10; i++) {
        for (int j = 0; j < 4; j++) quarter(x, j, 4 + j, 8 + j, 12 + j);
        for (int j = 0; j < 4; j++) quarter(x, j, 4 + (j + 1) % 4, 8 + (j + 2) % 4, 12 + (j + 3) % 4);
    }
    for (int i = 0; i < 16; i++) x->at[i] += state->at[i];
    for (size_t i = 0; i < size; i++) text[i] ^= ((unsigned char *)x->at)[i];
    state->at[12]++;
}

static void copy(int from, int to) {
    LOCAL(struct words, state);
    LOCAL(unsigned char[PIECE], text);
    static const uint32_t first[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 1, 2, 3, 4, 5, 6, 7, 8 };
    memcpy(state->at, first, sizeof first);
    ssize_t got;
    while ((got = read(from, *text, PIECE)) > 0) {
        for (ssize_t i = 0; i < got; i += 64) block(state, *text + i, got - i < 64 ? (size_t)(got - i) : 64);
        if (write(to, *text, (size_t)got) != got) abort();
    }
}

int main(void) {
    int from = memfd_create("from", 0), to = memfd_create("to", 0);
    if (from < 0 || to < 0 || ftruncate(from, SIZE) != 0) {
        perror("memfd_create");
        return 1;
    }
    copy(from, to);
    unsigned char last = 0;
    if (pread(to, &last, 1, SIZE - 1) != 1) return 1;
    printf("%d\n", last);
    return 0;
}
