// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a slot that was never handed out: the one behind a lone block in its slot of 3072.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(3000));
    free(p + 3072); // found
    return 0;
}
