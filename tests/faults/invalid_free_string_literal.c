// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a string literal.
#include "sin.h"

int main(void)
{
    free(hide("a literal")); // found
    return 0;
}
