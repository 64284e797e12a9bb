# SPDX-License-Identifier: MIT OR Apache-2.0
# A static analyser in C++: tokens in lists, symbol tables, strings.
# needs: /usr/bin/cppcheck cppcheck
prepare() {
    awk -v count="$(scaled 75)" 'BEGIN {
        print "#include <stdlib.h>\n#include <string.h>"
        for (i = 0; i < count; i++) {
            printf "struct s%d { struct s%d *next; int key; char *name; };\n", i, i
            printf "int f%d(struct s%d *s, int n) {\n", i, i
            printf "    int sum = %d;\n    char *p = malloc(n);\n", i
            for (c = 0; c < 12; c++) {
                printf "    if (s->key > %d && n != %d) ", c, c + i
                printf "{ sum += s->key * %d; s = s->next; }\n", c
            }
            printf "    if (sum > 100) { free(p); return sum; }\n    strcpy(p, s->name);\n"
            printf "    free(p);\n    return sum - n;\n}\n"
        }
    }' > large.c
}
run() { exec /usr/bin/cppcheck -q --enable=style,warning --language=c "$INPUTS/large.c"; }
