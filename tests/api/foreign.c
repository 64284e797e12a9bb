/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blocks of another heap: a part of this program's own, and what an object that was loaded with
 * RTLD_DEEPBIND gets from the C library. Each option does what it says, and the block stays whole. */
#include "rerun.h"

#include <dlfcn.h>

enum { SIZE = 200 };

/* A block from an allocator that we know nothing of. */
static unsigned char *foreign(const char *whose) {
    static unsigned char arena[4096] __attribute__((aligned(64)));
    if (strcmp(whose, "own") == 0) return launder(arena + 256);
#ifdef PLUGIN
    void *plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_DEEPBIND);
    CHECK(plugin != NULL, "%s", dlerror());
    void *(*make)(size_t) = NULL;
    *(void **)&make = dlsym(plugin, "plugin_make"); /* as dlsym(3) has it: ISO C knows no such cast */
    CHECK(make != NULL, "%s", dlerror());
    return launder(make(SIZE));
#else
    return NULL;
#endif
}

static int sin(const char *what) {
    unsigned char *block = foreign(what + 1);
    fill(block, SIZE, 1);
    errno = 0;
    if (what[0] == 'f') free(block);
    if (what[0] == 'r') CHECK(realloc(block, any(400)) == NULL && errno == ENOMEM, "realloc gave a block");
    if (what[0] == 'a') CHECK(reallocarray(block, any(4), any(100)) == NULL && errno == ENOMEM, "a block");
    if (what[0] == 'u') CHECK_EQUAL(malloc_usable_size(block), 0);
    check_filled(block, SIZE, 1);
    return PASSED;
}

static void try(const char *what, const char *options, bool dies, bool speaks) {
    static char text[65536];
    struct rerun how = {.argument = what, .options = options, .stream = 2};
    int status = rerun(&how, text, sizeof text);
    CHECK(dies ? WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT : status == 0,
          "%s, %s: status 0x%x:\n%s", what, options, status, text);
    bool spoke = strstr(text, ": invalid-free: ") && strstr(text, "pointer is not from this heap");
    CHECK(spoke == speaks && (speaks || text[0] == '\0'), "%s, %s: said:\n%s", what, options, text);
}

int main(int count, char **arguments) {
    static const char *const whats[] = {
        "fown", "rown", "aown", "uown",
#ifdef PLUGIN
        "fplugin", "rplugin", "aplugin", "uplugin",
#endif
    };
    start_ours_only();
    if (count > 1) return sin(arguments[1]);
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
        try(whats[i], NULL, true, true);
        try(whats[i], "foreign_pointer=abort:policy=abort", true, true);
        try(whats[i], "foreign_pointer=report", false, true);
        try(whats[i], "foreign_pointer=ignore", false, false);
        try(whats[i], "profile=strict:foreign_pointer=ignore", false, false);
    }
    return PASSED;
}
