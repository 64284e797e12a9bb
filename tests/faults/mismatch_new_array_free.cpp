// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees what new[] made.
#include "sin.h"

int main()
{
    free(hide(new char[24]));
    return 0;
}
