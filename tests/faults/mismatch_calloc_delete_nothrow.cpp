// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes what calloc made, in the form for failed constructors.
#include "sin.h"

int main()
{
    operator delete(hide(calloc(3, 8)), std::nothrow); // found, allocated
    return 0;
}
