// SPDX-License-Identifier: MIT OR Apache-2.0
// An array of sensitive locals whose size no number holds.
#include "sin.h"

#include <smalloc.h>

int main(void)
{
    size_t *count = hide(&(size_t){SIZE_MAX / 2});
    SMALLOC_LOCAL_ARRAY(long, local, *count); // found
    touch(local, 0);
    return 0;
}
