/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A control group with little memory kills who has more: what is freed must not count for long, so
 * that a program whose live blocks fit, one size after the other, lives.
 */
#include "../api/rerun.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { LIMIT_MIB = 96, LIVE = 40 << 20, ROUNDS = 4 };

static char group[256];

static int write_to(const char *name, const char *text) {
    char path[320];
    snprintf(path, sizeof path, "%s/%s", group, name);
    int file = open(path, O_WRONLY);
    if (file < 0) return -1;
    ssize_t wrote = write(file, text, strlen(text));
    close(file);
    return wrote == (ssize_t)strlen(text) ? 0 : -1;
}

static void join_group(void) {
    char number[16];
    snprintf(number, sizeof number, "%d", (int)getpid());
    if (write_to("cgroup.procs", number) != 0) _exit(125);
}

/* A new group under one of the usual places; false where we may not make one. */
static bool make_group(void) {
    static const char *const places[][2] = {
        {"/sys/fs/cgroup", "memory.max"},
        {"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
    };
    char limit[32];
    snprintf(limit, sizeof limit, "%ld", (long)LIMIT_MIB << 20);
    for (int i = 0; i < 2; i++) {
        snprintf(group, sizeof group, "%s/secmalloc-test-%d", places[i][0], (int)getpid());
        if (mkdir(group, 0755) != 0) continue;
        if (write_to(places[i][1], limit) == 0) {
            write_to(i ? "memory.memsw.limit_in_bytes" : "memory.swap.max", i ? limit : "0");
            return true;
        }
        rmdir(group);
    }
    return false;
}

static int live(void) {
    static const size_t sizes[] = {50, 500, 5000, 50000, 500000, 5000000};
    static void *blocks[LIVE / 50];
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            size_t count = LIVE / (sizes[i] + sizes[i] / 2);
            for (size_t k = 0; k < count; k++) {
                blocks[k] = need(malloc(sizes[i]));
                memset(blocks[k], 1, sizes[i]);
            }
            for (size_t k = 0; k < count; k++) free(blocks[k]);
        }
    return PASSED;
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1) return argv[1][0] == 'l' ? live() : FAILED;
    if (!make_group()) {
        puts("skipped: no control group may be made here");
        return SKIPPED;
    }
    char text[4096];
    struct rerun how = {.argument = "live", .stream = 2, .prepare = join_group};
    int status = rerun(&how, text, sizeof text);
    for (int i = 0; i < 100 && rmdir(group) != 0; i++) usleep(10000);
    CHECK(status == 0, "status 0x%x: %s", status, text);
    return PASSED;
}
