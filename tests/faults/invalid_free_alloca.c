// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees memory of alloca.
#include "sin.h"

int main(void)
{
    char *p = __builtin_alloca(100);
    free(hide(p)); // found
    return 0;
}
