// SPDX-License-Identifier: MIT OR Apache-2.0
#include "chain.h"

int main(void)
{
    char *block = make(64);
    end(block);
    block = realloc(hide(block), 128); // found
    return block == NULL;
}
