/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Growth: many buffers that realloc makes larger, from 16 bytes up to some MiB.
 *
 * "doubling": vectors, as in most languages' libraries.  "steps": strings and messages to which
 * a little is appended at a time, with a realloc for each piece; from 16 KiB on an eighth more at
 * a time, as lists in Python grow.  64 of them grow in turn, so that none can count on free memory
 * behind it.  How often realloc has to copy, and whether it moves pages instead of bytes, decides.
 * Perl, sed and every writer of JSON do it; in "Dynamic storage allocation: a survey" (Wilson et
 * al. 1995) such growth is one of the reasons why sizes are not independent of each other.
 *
 * usage: growth KIND [SCALE]     KIND is "doubling" or "steps"
 */
#include "bench.h"

#include <stdbool.h>

enum { BUFFERS = 64, LINE = 64, LONG = 16384 };

struct buffer {
    unsigned char *bytes;
    size_t length, goal;
};

/* The byte at an offset; what realloc copied wrongly shows. */
static unsigned char at(size_t offset) {
    return (unsigned char)(offset / LINE + offset);
}

static void grow(struct buffer *buffer, size_t length) {
    buffer->bytes = (unsigned char *)bench_need(realloc(buffer->bytes, length), length);
    /* One write in each cache line that is new: what is measured is realloc. */
    for (size_t i = (buffer->length + LINE - 1) / LINE * LINE; i < length; i += LINE)
        buffer->bytes[i] = at(i);
    buffer->bytes[length - 1] = at(length - 1);
    buffer->length = length;
}

static void finish(struct buffer *buffer) {
    if (!buffer->bytes) return;
    for (size_t i = 0; i < buffer->length; i = i ? i * 2 : LINE)
        if (buffer->bytes[i] != at(i))
            bench_fail("buffer %p: byte %zu changed", (void *)buffer->bytes, i);
    if (buffer->bytes[buffer->length - 1] != at(buffer->length - 1))
        bench_fail("buffer %p: its end changed", (void *)buffer->bytes);
    free(buffer->bytes);
    buffer->bytes = NULL;
}

int main(int argc, char **argv) {
    static struct buffer buffers[BUFFERS];
    double scale = bench_scale(argc, argv, 1, "KIND");
    bool doubling = strcmp(argv[1], "doubling") == 0;
    if (!doubling && strcmp(argv[1], "steps") != 0)
        bench_fail("KIND: \"%s\" is neither \"doubling\" nor \"steps\"", argv[1]);
    size_t steps = bench_work(doubling ? 2e6 : 3e6, scale);
    uint64_t random = 8;

    for (size_t i = 0; i < steps; i++) {
        struct buffer *buffer = &buffers[i % BUFFERS];
        if (!buffer->bytes) {
            /* Most stay short: up to 4 KiB; one in 16 becomes up to 2 MiB. */
            bool small = bench_below(&random, 16) != 0;
            buffer->goal = bench_log_size(&random, small ? 5 : 12, small ? 12 : 21);
            buffer->length = 0;
            grow(buffer, 16);
        } else if (buffer->length >= buffer->goal) {
            finish(buffer);
        } else if (doubling) {
            grow(buffer, buffer->length * 2);
        } else {
            size_t piece = 8 + bench_below(&random, 120), eighth = buffer->length / 8;
            grow(buffer, buffer->length + (buffer->length < LONG ? piece : eighth));
        }
    }

    for (size_t i = 0; i < BUFFERS; i++) finish(&buffers[i]);
    return 0;
}
