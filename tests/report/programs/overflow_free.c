// SPDX-License-Identifier: MIT OR Apache-2.0
#include "chain.h"

int main(void)
{
    char *block = make(24);
    memset(block, 2, 25);
    free(hide(block)); // found
    return 0;
}
