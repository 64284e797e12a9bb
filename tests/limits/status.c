/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* secmalloc_status: lines of name=value that say how the heap runs. */
#include "../api/rerun.h"

#include <sys/resource.h>

static void limit_space(void) {
    struct rlimit both = {256 << 20, 256 << 20};
    if (setrlimit(RLIMIT_AS, &both) != 0) _exit(125);
}

static void has(const char *text, const char *line) {
    const char *at = strstr(text, line);
    CHECK(at && (at == text || at[-1] == '\n'), "no line `%s` in:\n%s", line, text);
}

int main(int argc, char **argv) {
    char text[1024], page[32];
    start_ours_only();
    CHECK_EQUAL(secmalloc_status(text, sizeof text), SECMALLOC_OK);
    if (argc > 1) {
        fputs(text, stderr);
        return argv[1][0] == '\0';
    }
    has(text, "plan=reserved\n");
    has(text, "data=8796093022208 bytes in 128 regions\n");
    snprintf(page, sizeof page, "page=%ld\n", sysconf(_SC_PAGESIZE));
    has(text, page);
    for (const char *const *name = (const char *const[]){"metadata=", "guards=", "sealed=", "random=",
                                                         "vectors=", "missing=", NULL};
         *name; name++)
        has(text, *name);
    size_t length = strlen(text);
    CHECK(text[length - 1] == '\n', "the last line has no end");

    memset(text, '#', sizeof text);
    CHECK_EQUAL(secmalloc_status(text, 5), SECMALLOC_TRUNCATED);
    CHECK(memcmp(text, "plan\0#", 6) == 0, "5 bytes: `%.6s`", text);
    CHECK_EQUAL(secmalloc_status(text, length + 1), SECMALLOC_OK);
    CHECK_EQUAL(secmalloc_status(text, length), SECMALLOC_TRUNCATED);
    CHECK_EQUAL(secmalloc_status(NULL, 100), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_status(text, 0), SECMALLOC_INVALID_ARGUMENT);

    struct rerun how = {.argument = "say", .stream = 2, .prepare = limit_space};
    CHECK_EQUAL(rerun(&how, text, sizeof text), 0);
    has(text, "plan=unreserved\n");
    return PASSED;
}
