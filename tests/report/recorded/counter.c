// SPDX-License-Identifier: MIT OR Apache-2.0
// Counts, without the heap's knowledge, what a program asks of it: to be preloaded before the library. Each call is
// counted and handed on. At the end it says what it counted, to the descriptor that SECMALLOC_TEST_COUNTS names.
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_ulong made, freed, changed;

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void (*next_free)(void *);

// The function of that name in what was loaded after this. POSIX has dlsym return functions as pointers.
static void find(void *to, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(to, &found, sizeof found);
}

#define NEXT(name) (*(next_##name == NULL ? find(&next_##name, #name) : (void)0, next_##name))

void *malloc(size_t size)
{
    atomic_fetch_add(&made, 1);
    return NEXT(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(&made, 1);
    return NEXT(calloc)(count, size);
}

void *realloc(void *block, size_t size)
{
    atomic_fetch_add(&changed, 1);
    return NEXT(realloc)(block, size);
}

void free(void *block)
{
    // A null pointer is nothing to free, nor to record.
    if (block != NULL) atomic_fetch_add(&freed, 1);
    NEXT(free)(block);
}

// The last word of a process: no block is made or freed after this by the program itself.
__attribute__((destructor)) static void tell(void)
{
    const char *to = getenv("SECMALLOC_TEST_COUNTS");
    char line[128];
    int length = snprintf(line, sizeof line, "counted %lu %lu %lu\n", made, freed, changed);
    if (to == NULL || write(atoi(to), line, (size_t)length) < 0) _exit(98);
}
