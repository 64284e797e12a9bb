# SPDX-License-Identifier: MIT OR Apache-2.0
# A C compiler at work: obstacks, hash tables, large transient trees.
# needs: /usr/bin/gcc gcc
prepare() {
    awk -v count="$(scaled 35)" 'BEGIN {
        print "#include <stdint.h>\n#include <string.h>\n"
        for (i = 0; i < count; i++) {
            printf "struct s%d { struct s%d *next; uint32_t key, count; char name[%d]; };\n",
                i, i, i % 61 + 4
            printf "static uint32_t mix%d(uint32_t x) {\n", i
            printf "    for (unsigned k = 0; k < %du; k++) x = (x ^ (x >> %d)) * %du + k;\n",
                i % 9 + 3, i % 13 + 3, i * 2654435 + 1
            printf "    return x;\n}\n"
            printf "uint32_t walk%d(struct s%d *head, const char *name, int how) {\n", i, i
            printf "    uint32_t sum = 0;\n    for (struct s%d *s = head; s; s = s->next) {\n", i
            printf " \
        switch (how) {\n"
            for (c = 0; c < 12; c++) {
                printf " \
        case %d: sum += mix%d(s->key + %du) ^ s->count; ",
                    c * (i % 5 + 1), c % 2 && i ? i - 1 : i, c * i
                printf "if (!strncmp(s->name, name, %d)) s->count -= %d; break;\n", c + 1, c
            }
            printf " \
        default: memset(s->name, how, sizeof s->name); sum ^= s->key;\n"
            printf " \
        }\n    }\n    return sum;\n}\n\n"
        }
    }' > large.c
}
run() { exec /usr/bin/gcc -std=c11 -O2 -frandom-seed=1 -c "$INPUTS/large.c" -o large.o; }
