// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes an array with a wrong size.
#include "sin.h"

int main()
{
    operator delete[](hide(new char[24]), (size_t)23); // found, allocated
    return 0;
}
