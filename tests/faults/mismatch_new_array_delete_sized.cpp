// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes an array as one object, whose size the compiler tells.
#include "sin.h"

int main()
{
    delete (int *)hide(new int[10]); // found, allocated
    return 0;
}
