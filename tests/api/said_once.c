/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A block of another family is freed and said once for each place in the program, and each kind. */
#include "rerun.h"

/* C++'s, by their names in the ABI; weak, as a C program has no C++ library where ours is preloaded. */
void *new_one(size_t size) __asm__("_Znwm") __attribute__((weak));
void *new_array(size_t size) __asm__("_Znam") __attribute__((weak));

__attribute__((noinline)) static void here(void *block) {
    free(launder(block));
    __asm__ volatile(""); /* not a jump to free */
}

__attribute__((noinline)) static void there(void *block) {
    free(launder(block));
    __asm__ volatile("nop"); /* nor the same function */
}

static int lines_of(const char *text, const char *sought) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, sought)); at++) count++;
    return count;
}

static int sin(void) {
    for (int i = 0; i < 300; i++) here(new_one(24));
    for (int i = 0; i < 300; i++) there(new_one(24));
    for (int i = 0; i < 300; i++) here(new_array(24));
    for (int i = 0; i < 300; i++) free(realloc(new_array(24), any(3000)));
    here(malloc(any(24)));
    /* freed, not leaked: nothing is left of 1,200 blocks */
    struct secmalloc_counts counts = {.struct_size = sizeof counts};
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
    CHECK(counts.live < 600, "%zu blocks are left", (size_t)counts.live);
    CHECK_EQUAL(counts.faults, 0);
    return PASSED;
}

int main(int count, char **arguments) {
    static char text[65536];
    (void)arguments;
    start_ours_only();
    if (count > 1) return sin();
    struct rerun how = {.argument = "sin", .stream = 2};
    int status = rerun(&how, text, sizeof text);
    CHECK(status == 0, "status 0x%x:\n%s", status, text);
    /* Without optimisation the library does not know its caller: then once for each pair of kinds. */
    int places = LIBRARY_KNOWS_CALLERS ? 3 : 2;
    CHECK(lines_of(text, ": alloc-dealloc-mismatch: free: ") == places, "not %d places:\n%s", places, text);
    CHECK(lines_of(text, "  caller     0x") == (LIBRARY_KNOWS_CALLERS ? 3 : 0), "callers:\n%s", text);
    int resized = lines_of(text, ": alloc-dealloc-mismatch: realloc: ");
    CHECK_EQUAL(resized, LIBRARY_KNOWS_CALLERS ? 1 : 0);
    return PASSED;
}
