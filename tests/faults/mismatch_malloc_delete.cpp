// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes what malloc made.
#include "sin.h"

int main()
{
    operator delete(hide(malloc(24))); // found, allocated
    return 0;
}
