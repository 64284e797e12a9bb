// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes an object with a wrong size.
#include "sin.h"

int main()
{
    operator delete(hide(operator new(24)), (size_t)25); // found, allocated
    return 0;
}
