// SPDX-License-Identifier: MIT OR Apache-2.0
// Has blocks with a secret wiped by the functions that are there for it.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100));
    leave_secret(p, 40);
    freezero(p, 100);
    p = hide(malloc(100000));
    leave_secret(p, 50000);
    freezero(p, 100000);
    p = hide(calloc(10, 100));
    leave_secret(p, 400);
    p = recallocarray(p, 10, 1000, 100);
    freezero(p, 100000);
    return 0;
}
