// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a sensitive local.
#include "sin.h"

#include <smalloc.h>

int main(void)
{
    SMALLOC_LOCAL_ARRAY(char, local, 24); // found
    spoil(hide(local), 24);
    return 0;
}
