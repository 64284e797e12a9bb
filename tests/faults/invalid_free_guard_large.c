// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the address behind a large block, where its guard starts.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000));
    free(p + 100000); // found
    return 0;
}
