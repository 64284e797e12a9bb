// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes an object twice.
#include "sin.h"

int main()
{
    int *p = (int *)hide(new int); // allocated
    delete p; // freed
    delete (int *)hide(p); // found
    return 0;
}
