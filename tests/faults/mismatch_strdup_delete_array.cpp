// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes a string of the C library.
#include "sin.h"

int main()
{
    delete[] (char *)hide(strdup("hello")); // found, allocated
    return 0;
}
