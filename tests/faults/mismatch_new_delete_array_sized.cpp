// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes one object as an array of another size.
#include "sin.h"

int main()
{
    operator delete[](hide(operator new(8)), (size_t)80); // found, allocated
    return 0;
}
