// SPDX-License-Identifier: MIT OR Apache-2.0
#include "chain.h"

int main(void)
{
    char *block = make(100);
    end(block);
    free(hide(block)); // found
    return 0;
}
