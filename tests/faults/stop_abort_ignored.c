// SPDX-License-Identifier: MIT OR Apache-2.0
// Ignores SIGABRT before it frees a block twice.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24));
    signal(SIGABRT, SIG_IGN);
    free(p);
    free(p);
    return 0;
}
