// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes an array as if it were one object.
#include "sin.h"

int main()
{
    operator delete(hide(new char[24])); // found, allocated
    return 0;
}
