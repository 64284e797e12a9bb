/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* secmalloc_option and secmalloc_version: what is in force, as text. */
#include "test.h"

static void expect(const char *name, const char *value) {
    char text[64] = "";
    CHECK_EQUAL(secmalloc_option(name, text, sizeof text), SECMALLOC_OK);
    CHECK(strcmp(text, value) == 0, "%s is `%s`, not `%s`", name, text, value);
}

int main(void) {
    char text[64];
    start_ours_only();
    if (getenv("SECMALLOC_OPTIONS")) {
        puts("skipped: SECMALLOC_OPTIONS is set");
        return SKIPPED;
    }
    expect("profile", "default");
    expect("policy", "abort");
    expect("sweep_ms", "50");
    expect("usable_size", "requested");

    memset(text, '#', sizeof text);
    CHECK_EQUAL(secmalloc_option("policy", text, 4), SECMALLOC_TRUNCATED);
    CHECK(memcmp(text, "abo\0#", 5) == 0, "a buffer of 4 bytes got `%.4s`", text);
    CHECK_EQUAL(secmalloc_option("policy", text, 6), SECMALLOC_OK);
    CHECK_EQUAL(secmalloc_option("policy", text, 5), SECMALLOC_TRUNCATED);
    memset(text, '#', sizeof text);
    CHECK_EQUAL(secmalloc_option("policy", text, 0), SECMALLOC_INVALID_ARGUMENT);
    CHECK(text[0] == '#', "a buffer of no bytes was written to");
    CHECK_EQUAL(secmalloc_option("policy", NULL, 10), SECMALLOC_INVALID_ARGUMENT);

    CHECK_EQUAL(secmalloc_option("no_such_option", text, sizeof text), SECMALLOC_UNKNOWN_OPTION);
    CHECK_EQUAL(secmalloc_option("", text, sizeof text), SECMALLOC_UNKNOWN_OPTION);
    CHECK_EQUAL(secmalloc_option("polic", text, sizeof text), SECMALLOC_UNKNOWN_OPTION);
    CHECK_EQUAL(secmalloc_option("policy=abort", text, sizeof text), SECMALLOC_UNKNOWN_OPTION);
    CHECK_EQUAL(secmalloc_option(NULL, text, sizeof text), SECMALLOC_INVALID_ARGUMENT);

    unsigned major, minor, patch;
    char rest;
    int parts = sscanf(secmalloc_version(), "%u.%u.%u%c", &major, &minor, &patch, &rest);
    CHECK(parts == 3, "version `%s`", secmalloc_version());
    return PASSED;
}
