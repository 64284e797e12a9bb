/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The status tells what smaps tells, and why something is missing: each option, a limit on locked memory, locks that
 * were taken back, and where the kernel does not answer.
 */
#include "../api/rerun.h"
#include "secrets.h"

#include <grp.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { ALL = SECMALLOC_SENSITIVE_EXCLUDED | SECMALLOC_SENSITIVE_LOCKED | SECMALLOC_SENSITIVE_WIPED_ON_FORK };

static const size_t sizes[] = {1, 64, 1000, 60000, 70000, 3000000};

static void check_flags(unsigned wanted) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *block = need(smalloc(sizes[i], 1));
        struct secmalloc_sensitive status = status_of(block + sizes[i] / 2);
        CHECK_EQUAL(status.size, sizes[i]);
        CHECK_EQUAL(status.verified, 1);
        CHECK_EQUAL(status.wanted & 15, wanted);
        CHECK_EQUAL(has_flag(block, sizes[i], "dd"), !!(status.in_force & SECMALLOC_SENSITIVE_EXCLUDED));
        CHECK_EQUAL(has_flag(block, sizes[i], "lo"), !!(status.in_force & SECMALLOC_SENSITIVE_LOCKED));
        bool not_inherited = has_flag(block, sizes[i], "wf") || has_flag(block, sizes[i], "dc");
        CHECK_EQUAL(not_inherited, !!(status.in_force & SECMALLOC_SENSITIVE_WIPED_ON_FORK));
        CHECK((status.wanted & ~status.in_force) == 0, "%zu bytes: wanted %#x, in force %#x, errno %d %d %d %d", sizes[i],
              status.wanted, status.in_force, status.why_not_excluded, status.why_not_locked,
              status.why_not_wiped_on_fork, status.why_not_secret);
        sfree(block);
    }
}

static void check_answers(void) {
    struct secmalloc_sensitive status = {.struct_size = 3};
    CHECK_EQUAL(secmalloc_sensitive_status(NULL, &status), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_sensitive_status(NULL, NULL), SECMALLOC_INVALID_ARGUMENT);
    status.struct_size = sizeof status;
    char *block = need(malloc(10)), *secret = need(smalloc(10, 1));
    CHECK_EQUAL(secmalloc_sensitive_status(block, &status), SECMALLOC_NOT_OURS);
    CHECK_EQUAL(secmalloc_sensitive_status(&status, &status), SECMALLOC_NOT_OURS);
    CHECK_EQUAL(secmalloc_sensitive_status(secret, &status), SECMALLOC_OK);
    sfree(secret);
    CHECK_EQUAL(secmalloc_sensitive_status(secret, &status), SECMALLOC_NOT_OURS);
    secret = need(smalloc(100000, 1));
    CHECK_EQUAL(secmalloc_sensitive_status(secret + 99999, &status), SECMALLOC_OK);
    sfree(secret);
    CHECK_EQUAL(secmalloc_sensitive_status(secret, &status), SECMALLOC_NOT_OURS);
    free(block);
}

/* What was granted and taken back is not in force, and the status knows. */
static void check_taken_back(void) {
    char *block = need(smalloc(5000, 1));
    CHECK(status_of(block).in_force & SECMALLOC_SENSITIVE_LOCKED, "not locked");
    CHECK_EQUAL(munlockall(), 0);
    struct secmalloc_sensitive status = status_of(block);
    /* Readings take a small share of the time: on a busy machine the answer of before may serve for a while. */
    for (int i = 0; i < 600 && status.in_force & SECMALLOC_SENSITIVE_LOCKED; i++) {
        usleep(100000);
        status = status_of(block);
    }
    CHECK_EQUAL(status.in_force & SECMALLOC_SENSITIVE_LOCKED, 0);
    CHECK_EQUAL(status.why_not_locked, ECANCELED);
    sfree(block);
}

/* Whether as much may be locked as is used here. */
static bool may_lock(void) {
    enum { MUCH = 64 << 20 };
    void *much = mmap(NULL, MUCH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    if (much == MAP_FAILED) return false;
    munmap(much, MUCH);
    return true;
}

/* No right to lock any memory. */
static void lose_rights(void) {
    struct rlimit none = {0, 0};
    CHECK_EQUAL(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    if (geteuid() == 0) {
        CHECK_EQUAL(setgroups(0, NULL), 0);
        CHECK_EQUAL(setresgid(65534, 65534, 65534), 0);
        CHECK_EQUAL(setresuid(65534, 65534, 65534), 0);
    }
}

static void check_limited(void) {
    lose_rights();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *block = need(smalloc(sizes[i], 1));
        put_secret(block, sizes[i], 7);
        struct secmalloc_sensitive status = status_of(block);
        if (status.verified) CHECK_EQUAL(status.in_force & 7, ALL & ~SECMALLOC_SENSITIVE_LOCKED);
        CHECK(status.why_not_locked == ENOMEM || status.why_not_locked == EPERM || status.why_not_locked == EAGAIN,
              "errno %d", status.why_not_locked);
        CHECK_EQUAL(status.why_not_excluded, 0);
        sfree(block);
    }
    CHECK(status_of(NULL).why_not_locked != 0, "the reason was forgotten");
}

static void check_strict(void) {
    lose_rights();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        errno = 0;
        CHECK(smalloc(any(sizes[i]), 1) == NULL && errno == ENOMEM, "%zu bytes that cannot be locked: errno %d",
              sizes[i], errno);
        free(need(malloc(sizes[i])));
    }
    CHECK(status_of(NULL).why_not_locked != 0, "the reason was forgotten");
}

/* This program once more, with options. */
static void again(const char *part, const char *options) {
    char text[4096];
    struct rerun how = {.argument = part, .options = options, .stream = 2};
    int ended = rerun(&how, text, sizeof text);
    CHECK(ended == 0, "%s ended with %#x: %s", part, ended, text);
}

int main(int count, char **arguments) {
    start_ours_only();
    const char *part = count > 1 ? arguments[1] : "";
    if (strcmp(part, "") == 0 && !may_lock()) {
        check_answers();
        again("lock", "sensitive_lock=no");
        again("limited", "sensitive=lenient");
        again("limited", "sensitive=lenient:sensitive_backing=secret");
        again("strict", "sensitive=strict");
    } else if (strcmp(part, "") == 0) {
        check_answers();
        check_flags(ALL);
        check_taken_back();
        again("dump", "sensitive_dump=keep");
        again("lock", "sensitive_lock=no");
        again("fork", "sensitive_fork=keep");
        again("secret", "sensitive_backing=secret");
        again("limited", "sensitive=lenient");
        again("limited", "sensitive=lenient:sensitive_backing=secret");
        again("strict", "sensitive=strict");
        again("guarded", "guard_all=yes");
    } else if (strcmp(part, "dump") == 0) {
        check_flags(ALL & ~SECMALLOC_SENSITIVE_EXCLUDED);
    } else if (strcmp(part, "lock") == 0) {
        check_flags(ALL & ~SECMALLOC_SENSITIVE_LOCKED);
    } else if (strcmp(part, "fork") == 0) {
        check_flags(ALL & ~SECMALLOC_SENSITIVE_WIPED_ON_FORK);
        char *block = need(smalloc(100, 1));
        put_secret(block, 100, 1);
        IN_CHILD(CHECK(is_secret(block, 100, 1), "the child has no secret"); sfree(block));
    } else if (strcmp(part, "secret") == 0) {
        char *probe = need(smalloc(10, 1));
        int why = status_of(probe).why_not_secret;
        if (why == ENOSYS || why == EPERM) return PASSED; /* no secret memory here */
        check_flags(ALL | SECMALLOC_SENSITIVE_SECRET);
        put_secret(probe, 10, 1);
        IN_CHILD({
            check_zero(probe, 10, "a parent's secret");
            sfree(probe);
            char *own = need(smalloc(10, 1));
            put_secret(own, 10, 2);
            sfree(own);
        });
        CHECK(is_secret(probe, 10, 1), "the parent's secret is gone");
    } else if (strcmp(part, "guarded") == 0) {
        check_flags(ALL);
    } else if (strcmp(part, "limited") == 0) {
        check_limited();
    } else {
        check_strict();
    }
    return PASSED;
}
