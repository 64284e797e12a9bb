// SPDX-License-Identifier: MIT OR Apache-2.0
// Allocates the size of a pointer where the size of the structure was meant.
#include "sin.h"

struct thing {
    double values[5];
};

int main(void)
{
    struct thing *p = hide(malloc(sizeof(p))); // allocated
    memset(p, unlike(p, sizeof(p)), sizeof(*p));
    free(p); // found
    return 0;
}
