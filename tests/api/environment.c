/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SECMALLOC_OPTIONS: a good value is in force, silently; an unknown name or a bad value is named
 * on stderr, and the default stays.  Either way the program runs on.
 */
#include "rerun.h"

struct given {
    const char *options;
    const char *line;  /* what the complaint must hold; NULL: no complaint */
    const char *name;  /* an option, */
    const char *value; /* and its value afterwards */
};

static const struct given table[] = {
    {NULL, NULL, "policy", "abort"},
    {"", NULL, "policy", "abort"},
    {"policy=report", NULL, "policy", "report"},
    {"policy=report:policy=abort", NULL, "policy", "abort"},
    {"sweep_ms=7:usable_size=slot", NULL, "sweep_ms", "7"},
    {"sweep_ms=7:usable_size=slot", NULL, "usable_size", "slot"},
    {"profile=strict", NULL, "sweep_ms", "10000"},
    {"sweep_ms=7:profile=strict", NULL, "sweep_ms", "7"},
    {"no_such_option=1", "no_such_option", "policy", "abort"},
    {"no_such_option=1:policy=report", "no_such_option", "policy", "report"},
    {"policy=maybe", "policy", "policy", "abort"},
    {"policy=", "policy", "policy", "abort"},
    {"policy", "policy", "policy", "abort"},
    {"sweep_ms=soon", "sweep_ms", "sweep_ms", "50"},
    {"sweep_ms=-1", "sweep_ms", "sweep_ms", "50"},
    {"sweep_ms=99999999999999999999999", "sweep_ms", "sweep_ms", "50"},
    {"profile=reckless", "profile", "profile", "default"},
};

/* The new process: show the option, and use the heap a little. */
static int show(const char *name) {
    char text[64];
    void *block = need(malloc(any(100)));
    memset(block, 1, malloc_usable_size(block));
    free(block);
    CHECK_EQUAL(secmalloc_option(name, text, sizeof text), SECMALLOC_OK);
    puts(text);
    return PASSED;
}

static void check_given(const struct given *given) {
    char out[4096], err[4096];
    struct rerun how = {.argument = given->name, .options = given->options, .stream = 1};
    const char *options = given->options ? given->options : "(unset)";
    CHECK_EQUAL(rerun(&how, out, sizeof out), 0);
    out[strcspn(out, "\n")] = '\0';
    CHECK(strcmp(out, given->value) == 0, "%s: %s is `%s`, not `%s`", options, given->name, out,
          given->value);
    how.stream = 2;
    CHECK_EQUAL(rerun(&how, err, sizeof err), 0);
    if (!given->line) {
        CHECK(err[0] == '\0', "%s: a message for nothing: %s", options, err);
        return;
    }
    int id, length = 0;
    CHECK(sscanf(err, "secmalloc: %d: option: %n", &id, &length) == 1 && length > 0,
          "%s: no line `secmalloc: PID: option: `, but: %s", options, err);
    CHECK(strstr(err + length, given->line), "%s: the line names no %s: %s", options, given->line,
          err);
    const char *end = strchr(err, '\n');
    CHECK(end && end[1] == '\0', "%s: one complaint should be one line: %s", options, err);
}

/* usable_size=slot: the block is as long as it says, to free and realloc as well. */
static int use_slots(void) {
    uint64_t state = 1;
    for (int i = 0; i < 20000; i++) {
        size_t size = some_size(&state) + 1;
        unsigned char *block = need(malloc(size));
        size_t usable = malloc_usable_size(block);
        CHECK(usable >= size, "malloc(%zu): usable size %zu", size, usable);
        fill(block, usable, 3);
        if (i % 3 == 0) {
            block = need(realloc(block, usable + 50));
            check_filled(block, usable, 3);
        }
        free(block);
    }
    return PASSED;
}

int main(int argc, char **argv) {
    char err[4096];
    start_ours_only();
    if (argc > 1) return strcmp(argv[1], "use-slots") ? show(argv[1]) : use_slots();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) check_given(&table[i]);
    struct rerun slots = {.argument = "use-slots", .options = "usable_size=slot", .stream = 2};
    int status = rerun(&slots, err, sizeof err);
    CHECK(status == 0, "usable_size=slot: status 0x%x: %s", status, err);
    return PASSED;
}
