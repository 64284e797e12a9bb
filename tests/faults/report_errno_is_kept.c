// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block twice under policy=report: errno is as before.
#include "sin.h"

#include <errno.h>

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    errno = 1234;
    free(p); // found
    return errno == 1234 ? 0 : 1;
}
