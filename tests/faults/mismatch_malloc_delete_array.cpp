// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes what malloc made, as an array.
#include "sin.h"

int main()
{
    delete[] (char *)hide(malloc(24)); // found, allocated
    return 0;
}
