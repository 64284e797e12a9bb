// SPDX-License-Identifier: MIT OR Apache-2.0
// Leaves a secret on the stack of a thread, and asks there.
#include "secret.h"

static void *work(void *unused)
{
    (void)unused;
    leave_on_stack();
    secmalloc_check_residue(1, NULL); // found
    return NULL;
}

int main(void)
{
    watch_secret(SECRET);
    in_thread(work, NULL);
    return 0;
}
