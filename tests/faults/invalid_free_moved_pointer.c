// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the pointer with which the program has walked to the end of a string.
#include "sin.h"

int main(void)
{
    char *p = hide(strdup("walk to the end")); // allocated
    while (*p != 0)
        p++;
    free(p); // found
    return 0;
}
