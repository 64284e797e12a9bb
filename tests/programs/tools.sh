# SPDX-License-Identifier: MIT OR Apache-2.0
# A debugger, with Python inside and a child that it stops and starts; a program that GHC made.
# needs: gdb gdb
# needs: gcc gcc
# needs: shellcheck shellcheck

cat > some.c <<'END'
#include <stdlib.h>
#include <string.h>
struct node { struct node *next; int value; char name[20]; };
static struct node *make(int n) {
    struct node *head = 0;
    for (int i = 0; i < n; i++) {
        struct node *node = calloc(1, sizeof *node);
        node->next = head, node->value = i, strcpy(node->name, "some name"), head = node;
    }
    return head;
}
static int sum(const struct node *node) { return node ? node->value + sum(node->next) : 0; }
int main(void) { return sum(make(50)) == 1225 ? 7 : 1; }
END
gcc -g -O0 -o some some.c
cat > commands <<'END'
set confirm off
set print address off
break sum if node == 0
run
bt 5
frame 3
print *node
print $_siginfo.si_signo
ptype struct node
python print(sum(int(gdb.parse_and_eval("node")["value"]) if 0 else n for n in range(1000)))
python print(len([s.name for s in gdb.selected_frame().block().global_block().static_block]))
info line make
disassemble /s sum
delete
continue
END
gdb -q -batch -nx -x commands some 2>&1 | grep -v -e libthread_db -e '0x' -e debuginfod
shellcheck -f gcc "$CASES"/*.sh | wc -l
