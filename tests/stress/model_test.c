/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * usage: model_test [WAY...]           a sequence of each of these ways; of all, without one
 *        model_test WAY:SEED:STEPS     this sequence again
 *
 * SECMALLOC_MODEL_SECONDS: goes on with new sequences for so long.
 *
 * Random sequences of calls of the whole C interface, against a model.  Each runs in a process of
 * its own.  Of one that fails, the shortest beginning is looked for that fails as well; what to call
 * to see it again is printed.
 */
#include "model.h"
#include "rerun.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

/* What a child finds in its parent's sensitive blocks is to be what the model says. */
#define KEEP "sensitive_fork=keep"

static const struct way ways[] = {
    {.name = "turns", .steps = 25000, .turns = true, .forks = true, .options = KEEP},
    {.name = "at_once", .steps = 40000, .forks = true, .options = KEEP},
    {.name = "strict", .steps = 20000, .turns = true, .forks = true, .options = "profile=strict:" KEEP},
    {.name = "diagnose", .steps = 10000, .turns = true, .options = "profile=diagnose"},
    {.name = "little_space", .steps = 20000, .turns = true, .forks = true, .options = KEEP, .space = 160 * MIB},
    {.name = "little_space_at_once", .steps = 30000, .space = 160 * MIB},
};
enum { WAYS = sizeof ways / sizeof ways[0], TRIES = 3 };

static const struct way *chosen;

static void limit_space(void) {
    struct rlimit both = {chosen->space, chosen->space};
    if (chosen->space && setrlimit(RLIMIT_AS, &both) != 0) _exit(125);
}

/* Runs one sequence in another process; what it said is in text. */
static int run_apart(uint64_t seed, unsigned long steps, char *text, size_t size) {
    char argument[128];
    snprintf(argument, sizeof argument, "%s:%#jx:%lu", chosen->name, (uintmax_t)seed, steps);
    struct rerun how = {.argument = argument, .stream = 2, .options = chosen->options,
                        .prepare = limit_space};
    return rerun(&how, text, size);
}

/* Where others are at work, and places are drawn anew, the same steps need not fail each time. */
static bool fails(uint64_t seed, unsigned long steps, char *text, size_t size) {
    for (int i = 0; i < TRIES; i++)
        if (run_apart(seed, steps, text, size) != 0) return true;
    return false;
}

/* Says what failed, and after how few steps it does. */
static void explain(uint64_t seed, unsigned long steps, int status, char *text, size_t size) {
    fprintf(stderr, "model_test %s:%#jx:%lu: status 0x%x\n%s", chosen->name, (uintmax_t)seed, steps,
            (unsigned)status, text);
    if (!fails(seed, steps, text, size)) {
        fprintf(stderr, "once more, it does not fail\n");
        return;
    }
    unsigned long enough = steps, few = 0;
    while (enough - few > 1) {
        unsigned long middle = few + (enough - few) / 2;
        if (fails(seed, middle, text, size)) enough = middle;
        else few = middle;
    }
    if (fails(seed, enough, text, size))
        fprintf(stderr, "the shortest beginning that fails: model_test %s:%#jx:%lu\n%s",
                chosen->name, (uintmax_t)seed, enough, text);
}

static bool passes(const struct way *which) {
    static char text[8192];
    uint64_t seed;
    chosen = which;
    CHECK(getrandom(&seed, sizeof seed, 0) == sizeof seed, "getrandom: errno %d", errno);
    int status = run_apart(seed, chosen->steps, text, sizeof text);
    if (status == 0) return true;
    explain(seed, chosen->steps, status, text, sizeof text);
    return false;
}

static const struct way *named(const char *name, size_t length) {
    for (size_t i = 0; i < WAYS; i++)
        if (strlen(ways[i].name) == length && memcmp(ways[i].name, name, length) == 0)
            return &ways[i];
    FAIL("there is no way %.*s", (int)length, name);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    const char *colon = argc == 2 ? strchr(argv[1], ':') : NULL;
    const char *seconds = getenv("SECMALLOC_MODEL_SECONDS");
    start();
    if (colon) {
        char *rest;
        uint64_t seed = strtoull(colon + 1, &rest, 0);
        return run(named(argv[1], (size_t)(colon - argv[1])), seed, strtoul(rest + 1, NULL, 10));
    }
    double end = now() + (seconds ? strtod(seconds, NULL) : 0);
    unsigned long sequences = 0;
    int count = argc > 1 ? argc - 1 : WAYS;
    do {
        for (int i = 0; i < count; i++, sequences++)
            if (!passes(argc > 1 ? named(argv[i + 1], strlen(argv[i + 1])) : &ways[i]))
                return FAILED;
    } while (now() < end);
    printf("%lu sequences\n", sequences);
    return PASSED;
}
