// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a large aligned block twice.
#include "sin.h"

int main(void)
{
    char *p = hide(memalign(65536, 200000)); // allocated
    free(p); // freed
    free(p); // found
    return 0;
}
