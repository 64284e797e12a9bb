// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a string of the environment.
#include "sin.h"

int main(void)
{
    free(hide(getenv("PATH"))); // found
    return 0;
}
