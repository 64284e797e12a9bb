// SPDX-License-Identifier: MIT OR Apache-2.0
// The same with a large array.
#include "sin.h"

int main()
{
    free(hide(realloc(hide(new char[100000]), 200000))); // found, allocated
    return 0;
}
