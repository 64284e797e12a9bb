// SPDX-License-Identifier: MIT OR Apache-2.0
#include "chain.h"

int main(void)
{
    char *block = make(64);
    free(hide(block + 16)); // found
    return 0;
}
