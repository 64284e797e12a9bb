/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The model: what a program knows of its blocks, and all that a heap owes it.  A block is written
 * full with a pattern of its own, so that whoever else writes there is found out; the tables
 * are static, so that the model takes nothing from the heap that it judges.
 */
#ifndef SECMALLOC_STRESS_MODEL_H
#define SECMALLOC_STRESS_MODEL_H

#include "test.h"

#include <pthread.h>

enum { WORKERS = 4, PLACES = 384, SHELF = 64, KIB = 1024, MIB = 1024 * 1024 };

/* A live block. */
struct block {
    unsigned char *at; /* NULL: none */
    size_t size;
    size_t alignment; /* it was asked for with this one */
    uint64_t key; /* of its pattern */
};

/* What sizes a worker wants for a while. */
enum mood { MIXED, SMALL, ONE_CLASS, BORDERS, LARGE_ONLY, MOODS };

struct worker {
    struct block places[PLACES];
    unsigned number;
    unsigned width; /* places in use for the time being */
    enum mood mood;
    size_t usual; /* the size that the mood ONE_CLASS is about */
    uint64_t random;
    unsigned long done; /* steps */
    unsigned long until; /* steps to be done before the turn passes on */
    const char *step; /* the one at work */
    pthread_t thread, before; /* it, and the one whose work it took over */
    bool has_before;
};

/* How a sequence is run. */
struct way {
    const char *name;
    const char *options; /* SECMALLOC_OPTIONS; NULL: none */
    unsigned long steps; /* of a sequence, over all workers */
    size_t space; /* RLIMIT_AS; 0: no limit, and then no request may fail */
    bool turns; /* one worker at a time, in an order that the seed decides */
    bool forks;
};

extern const struct way *way;
extern struct worker workers[WORKERS];
extern struct block shelf[SHELF];

/* This process was forked by a worker: it has this many workers' blocks. */
extern bool is_child;

/* model.c */
__attribute__((noreturn, format(printf, 3, 4)))
void broken(const struct worker *worker, int line, const char *format, ...);
void came(struct worker *worker, struct block *place, struct block new, bool zeroed);
void verify(const struct worker *worker, const struct block *block);
void changed(struct worker *worker, struct block *place, void *at, size_t size);
bool sees_all(void);
struct block *nth_block(const struct worker *worker, size_t n);
size_t count_live(const struct worker *worker, size_t *bytes, size_t *large);

/* MUST(worker, condition, "what was expected, %d", ...) */
#define MUST(worker, condition, ...) \
    do { \
        if (!(condition)) broken(worker, __LINE__, __VA_ARGS__); \
    } while (0)

/* sequence.c: everything that chance decides. */
uint64_t draw(uint64_t *random);
unsigned below(struct worker *worker, unsigned bound);
void change_mood(struct worker *worker);
size_t draw_size(struct worker *worker);
size_t draw_alignment(struct worker *worker);
size_t draw_impossible(struct worker *worker);

/* steps.c */
void take_step(struct worker *worker);
void end_all(struct worker *worker);
bool is_last_of_thread(struct worker *worker);

/* run.c: one sequence, in a process of its own. */
int run(const struct way *how, uint64_t seed, unsigned long steps);
void fork_here(struct worker *worker);
void exchange(struct worker *worker, struct block *place);

#endif
