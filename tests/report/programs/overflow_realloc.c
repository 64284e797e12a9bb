// SPDX-License-Identifier: MIT OR Apache-2.0
#include "chain.h"

int main(void)
{
    char *block = make(1000);
    block[1000] = 2;
    block = realloc(hide(block), 5000); // found
    return block == NULL;
}
