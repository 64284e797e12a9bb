// SPDX-License-Identifier: MIT OR Apache-2.0
#include "chain.h"

int main(void)
{
    char *volatile block = make(100000);
    end(block);
    return block[0]; // found
}
