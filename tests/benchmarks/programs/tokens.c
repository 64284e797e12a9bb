/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tokens: the front end of a compiler, which copies every name with strdup and cuts its tree from
 * an arena of 32 KiB chunks.
 *
 * A source text is split into tokens; names are entered into a hash table that grows, and most
 * copies are freed at once because the name is known; nodes come from the arena; at the end of each
 * file all of it goes.  Strings of 2 to 30 bytes and blocks of 32 KiB, very short and very long
 * lives side by side: gcc with its obstacks; `gawk` and `perl` in Detlefs, Dosser & Zorn 1994.
 *
 * usage: tokens [SCALE]
 */
#include "bench.h"

enum { FILES = 130, WORDS = 60000, NAMES = 6000, CHUNK = 32 * 1024 };

struct chunk {
    struct chunk *next;
    size_t used;
    unsigned char bytes[CHUNK - 2 * sizeof(void *)];
};

/* A name as the table has it; the chain's links are blocks too, as in most hand-made tables. */
struct entry {
    struct entry *next;
    char *name;
    size_t uses;
};

struct table {
    struct entry **chains;
    size_t room, count;
};

static void *cut(struct chunk **arena, size_t size) {
    if (!*arena || sizeof((*arena)->bytes) - (*arena)->used < size) {
        struct chunk *chunk = (struct chunk *)bench_need(malloc(sizeof *chunk), sizeof *chunk);
        chunk->next = *arena;
        chunk->used = 0;
        *arena = chunk;
    }
    void *piece = (*arena)->bytes + (*arena)->used;
    (*arena)->used += size;
    return piece;
}

static size_t hash(const char *name) {
    uint64_t value = 14695981039346656037u;
    while (*name) value = (value ^ (unsigned char)*name++) * 1099511628211u;
    return (size_t)(value ^ value >> 29);
}

static void make_room(struct table *table) {
    struct entry **old = table->chains;
    size_t room = table->room, size = room * 2 * sizeof *old;
    table->chains = (struct entry **)bench_need(calloc(room * 2, sizeof *old), size);
    table->room = room * 2;
    for (size_t i = 0; i < room; i++)
        for (struct entry *entry = old[i], *next; entry; entry = next) {
            struct entry **chain = &table->chains[hash(entry->name) % table->room];
            next = entry->next;
            entry->next = *chain;
            *chain = entry;
        }
    free(old);
}

/* Takes the name: it goes into the table, or is freed. */
static struct entry *enter(struct table *table, char *name) {
    struct entry *entry = table->chains[hash(name) % table->room];
    while (entry && strcmp(entry->name, name) != 0) entry = entry->next;
    if (entry) {
        free(name);
        entry->uses++;
        return entry;
    }
    if (table->count++ == table->room) make_room(table);
    struct entry **chain = &table->chains[hash(name) % table->room];
    entry = (struct entry *)bench_need(malloc(sizeof *entry), sizeof *entry);
    *entry = (struct entry){*chain, name, 1};
    *chain = entry;
    return *chain;
}

static char *source(uint64_t *random) {
    size_t size = WORDS * 32, length = 0;
    char *text = (char *)bench_need(malloc(size), size);
    for (size_t i = 0; i < WORDS; i++) {
        /* Few names are used often, most seldom. */
        size_t name = bench_below(random, 1 + bench_below(random, NAMES));
        size_t letters = 2 + name * 7 % 27;
        for (size_t k = 0; k < letters; k++, name = name / 26 + 31 * k)
            text[length++] = (char)('a' + name % 26);
        text[length++] = i % 8 == 7 ? '\n' : ' ';
    }
    text[length] = '\0';
    return text;
}

static void compile(const char *text) {
    struct table table = {(struct entry **)bench_need(calloc(64, sizeof(void *)), 512), 64, 0};
    struct chunk *arena = NULL;
    size_t nodes = 0, uses = 0;
    while (*text) {
        size_t length = strcspn(text, " \n");
        char *name = (char *)bench_need(strndup(text, length), length + 1);
        void **node = (void **)cut(&arena, 48);
        node[0] = enter(&table, name);
        nodes++;
        text += length + 1;
    }
    for (size_t i = 0; i < table.room; i++)
        for (struct entry *entry = table.chains[i], *next; entry; entry = next) {
            next = entry->next;
            uses += entry->uses;
            free(entry->name);
            free(entry);
        }
    if (uses != nodes) bench_fail("contents changed: %zu names used, not %zu", uses, nodes);
    free(table.chains);
    for (struct chunk *next; arena; arena = next) {
        next = arena->next;
        free(arena);
    }
}

int main(int argc, char **argv) {
    size_t files = bench_work(FILES, bench_scale(argc, argv, 0, ""));
    uint64_t random = 15;
    for (size_t i = 0; i < files; i++) {
        char *text = source(&random);
        compile(text);
        free(text);
    }
    return 0;
}
