// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a sensitive local of 13 bytes, which no alignment leaves unused.
#include "sin.h"

#include <smalloc.h>

int main(void)
{
    SMALLOC_LOCAL_ARRAY(char, local, 13); // found
    spoil(hide(local), 13);
    return 0;
}
