// SPDX-License-Identifier: MIT OR Apache-2.0
// Blocks every signal before it frees a block twice.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    free(p); // freed
    free(p); // found
    return 0;
}
