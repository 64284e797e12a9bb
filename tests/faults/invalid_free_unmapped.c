// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an address where nothing is mapped any more.
#include "sin.h"

int main(void)
{
    void *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(p, 65536);
    free(hide(p)); // found
    return 0;
}
