/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Key-value cache: entries with a key and a value of their own, some often used, the oldest thrown
 * out when the memory in use reaches its bound.
 *
 * Each entry is three blocks: entry, key, value; values are overwritten with others of another
 * length, which is a realloc.  The sizes change with time, as clients do: what fitted the free
 * memory at first does not later.  redis, caches of proxies, memcached before it had slabs; the
 * field's suites run `redis` itself.
 *
 * usage: key_value [SCALE]
 */
#include "bench.h"

enum { KEYS = 200000, STEPS = 2200000, BOUND = 24 << 20 };

struct entry {
    struct entry *older, *newer;
    char *key;
    unsigned char *value;
    size_t size;
};

/* Keys are numbers here, so an array is index enough. */
static struct entry *entries[KEYS];
static struct entry *oldest, *newest;
static size_t in_use;

static void unlink_entry(struct entry *entry) {
    *(entry->older ? &entry->older->newer : &oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &newest) = entry->older;
}

static void link_newest(struct entry *entry) {
    entry->older = newest;
    entry->newer = NULL;
    *(newest ? &newest->newer : &oldest) = entry;
    newest = entry;
}

static void mark(struct entry *entry) {
    entry->value[0] = entry->value[entry->size - 1] = (unsigned char)(entry->size * 3);
}

static void verify(const struct entry *entry) {
    unsigned char expected = (unsigned char)(entry->size * 3);
    if (entry->value[0] != expected || entry->value[entry->size - 1] != expected)
        bench_fail("value of \"%s\": contents changed", entry->key);
}

static void evict(struct entry *entry) {
    verify(entry);
    unlink_entry(entry);
    entries[strtoul(entry->key + 4, NULL, 10)] = NULL;
    in_use -= entry->size;
    free(entry->value);
    free(entry->key);
    free(entry);
}

static void store(size_t number, size_t size) {
    struct entry *entry = entries[number];
    if (entry) {
        verify(entry);
        in_use -= entry->size;
        entry->value = (unsigned char *)bench_need(realloc(entry->value, size), size);
        unlink_entry(entry);
    } else {
        char key[32];
        snprintf(key, sizeof key, "key:%zu", number);
        entry = (struct entry *)bench_need(malloc(sizeof *entry), sizeof *entry);
        entry->key = (char *)bench_need(strdup(key), sizeof key);
        entry->value = (unsigned char *)bench_need(malloc(size), size);
        entries[number] = entry;
    }
    entry->size = size;
    mark(entry);
    link_newest(entry);
    in_use += size;
    while (in_use > BOUND) evict(oldest);
}

int main(int argc, char **argv) {
    size_t steps = bench_work(STEPS, bench_scale(argc, argv, 0, ""));
    uint64_t random = 16;
    for (size_t i = 0; i < steps; i++) {
        /* Few keys are asked for often, most seldom. */
        size_t number = bench_below(&random, 1 + bench_below(&random, KEYS));
        if (bench_below(&random, 4) != 0 && entries[number]) {
            verify(entries[number]);
            unlink_entry(entries[number]);
            link_newest(entries[number]);
        } else {
            /* Values become longer in the course of time, then short again. */
            unsigned phase = (unsigned)(i * 8 / steps % 4);
            store(number, bench_log_size(&random, 5 + phase, 9 + phase));
        }
    }
    while (oldest) evict(oldest);
    return 0;
}
