// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a large array that new[] made.
#include "sin.h"

int main()
{
    free(hide(new char[100000])); // found, allocated
    return 0;
}
