// SPDX-License-Identifier: MIT OR Apache-2.0
// Dies in a guard page of its own: SIGSEGV, and no word of ours.
#include "sin.h"

int main(void)
{
    char *p = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    touch(p, 100);
    return 0;
}
