// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes one object as an array.
#include "sin.h"

int main()
{
    delete[] (int *)hide(new int); // found, allocated
    return 0;
}
