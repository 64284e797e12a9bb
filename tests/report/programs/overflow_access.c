// SPDX-License-Identifier: MIT OR Apache-2.0
#include "chain.h"

int main(void)
{
    char *volatile block = make(100000);
    block[104096] = 1; // found
    return 0;
}
