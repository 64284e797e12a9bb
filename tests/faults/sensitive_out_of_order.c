// SPDX-License-Identifier: MIT OR Apache-2.0
// Two contexts of one thread leave their blocks crosswise: the end of one takes the other's local with it.
#include "sin.h"

#include <smalloc.h>

#include <ucontext.h>

static ucontext_t here, there;
static char stack[64 << 10];

static void other(void)
{
    SMALLOC_LOCAL_ARRAY(char, inner, 40); // found
    touch(inner, 0);
    swapcontext(&there, &here);
    touch(inner, 0);
}

int main(void)
{
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    there.uc_link = &here;
    makecontext(&there, other, 0);
    {
        SMALLOC_LOCAL_ARRAY(char, outer, 24);
        touch(outer, 0);
        swapcontext(&here, &there);
    }
    swapcontext(&here, &there);
    return 0;
}
