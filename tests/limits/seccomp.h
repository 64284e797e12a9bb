/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Filters of system calls, made of rows: which number, which argument, what then. */
#ifndef SECMALLOC_TEST_SECCOMP_H
#define SECMALLOC_TEST_SECCOMP_H

#include "../api/test.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ANY_ARGUMENT (-1)

/* A call, and its third argument, which is madvise's advice, or any. */
struct rule {
    int number;
    int third;
};

enum { MOST_RULES = 120 };

/* Whoever matches a rule gets `then`, all others `otherwise`. */
static inline void filter_calls(const struct rule *rules, size_t count, unsigned then,
                                unsigned otherwise) {
    struct sock_filter code[5 * MOST_RULES + 2];
    unsigned short length = 0;
    CHECK(count <= MOST_RULES, "%zu rules are too many", count);
    for (size_t i = 0; i < count; i++) {
        code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                      offsetof(struct seccomp_data, nr));
        bool any_third = rules[i].third == ANY_ARGUMENT;
        code[length++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (unsigned)rules[i].number, 0, any_third ? 1 : 3);
        if (!any_third) {
            code[length++] = (struct sock_filter)BPF_STMT(
                BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]));
            code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                          (unsigned)rules[i].third, 0, 1);
        }
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, then);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise);
    struct sock_fprog program = {length, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
        _exit(SKIPPED); /* a kernel, or a sandbox, without filters */
}

#endif
