// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees what new[] made.
#include "sin.h"

int main()
{
    free(hide(new char[24])); // found, allocated
    return 0;
}
