// SPDX-License-Identifier: MIT OR Apache-2.0
// A sensitive local that is larger than the stack.
#include "sin.h"

#include <smalloc.h>

int main(void)
{
    SMALLOC_LOCAL_ARRAY(char, local, 300000); // found
    touch(local, 299999);
    return 0;
}
