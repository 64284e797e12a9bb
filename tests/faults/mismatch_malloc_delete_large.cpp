// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes a large block that malloc made, with another size.
#include "sin.h"

int main()
{
    operator delete(hide(malloc(100000)), (size_t)99999); // found, allocated
    return 0;
}
