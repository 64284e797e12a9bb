# SPDX-License-Identifier: MIT OR Apache-2.0
# A build: make with two jobs, hundreds of short processes, compiler, assembler, archiver, linker.
# needs: make make
# needs: gcc gcc
# needs: ar binutils
# needs: sha256sum coreutils

i=0
while [ $i -lt 24 ]; do
    echo "int f$i(int x) { int a[$((i + 2))] = {x}; return a[x % 2] * $i + x; }" > f$i.c
    i=$((i + 1))
done
cat > main.c <<'END'
#include <stdio.h>
#define ALL(M) M(0) M(1) M(2) M(3) M(20) M(23)
#define DECLARE(n) int f##n(int);
#define CALL(n) sum += f##n(n + 1);
ALL(DECLARE)
int main(void) { int sum = 0; ALL(CALL) printf("%d\n", sum); }
END
cat > Makefile <<'END'
objects := $(sort $(patsubst %.c,%.o,$(wildcard f*.c)))
numbers := $(foreach a,1 2 3 4 5 6 7 8 9,$(foreach b,0 1 2 3 4 5 6 7 8 9,$(a)$(b)))
main: main.o libf.a
	$(CC) -o $@ main.o -L. -lf
libf.a: $(objects)
	ar rcD $@ $^
%.o: %.c
	$(CC) -O1 -g0 -frandom-seed=1 -c -o $@ $<
count:
	@echo $(words $(filter-out 3%,$(numbers))) $(subst 1,one,$(firstword $(numbers)))
END
make -s -j2
make -s -j2
make -s count
sha256sum main libf.a
strip main
nm -D main | wc -l
objdump -d main | sha256sum
./main
