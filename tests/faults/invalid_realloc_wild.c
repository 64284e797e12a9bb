// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates the number 1.
#include "sin.h"

int main(void)
{
    hide(realloc(hide((void *)1), 100)); // found
    return 0;
}
