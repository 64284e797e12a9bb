// SPDX-License-Identifier: MIT OR Apache-2.0
// Leaves a secret on the stack, and asks.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    leave_on_stack();
    return secmalloc_check_residue(1, NULL); // found
}
