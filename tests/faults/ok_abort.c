// SPDX-License-Identifier: MIT OR Apache-2.0
// Aborts by itself: SIGABRT, and no word of ours.
#include "sin.h"

int main(void)
{
    free(hide(malloc(24)));
    abort();
    return 0;
}
