// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an address inside a mapping of the program's own.
#include "sin.h"

int main(void)
{
    char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    free(hide(p + 4112)); // found
    return 0;
}
