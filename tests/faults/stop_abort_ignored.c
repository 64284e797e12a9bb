// SPDX-License-Identifier: MIT OR Apache-2.0
// Ignores SIGABRT before it frees a block twice.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    signal(SIGABRT, SIG_IGN);
    free(p); // freed
    free(p); // found
    return 0;
}
