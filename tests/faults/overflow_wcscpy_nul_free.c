// SPDX-License-Identifier: MIT OR Apache-2.0
// Copies a wide string without room for its wide NUL.
#include "sin.h"

#include <wchar.h>

int main(void)
{
    wchar_t *p = hide(malloc(5 * sizeof(wchar_t))); // allocated
    wcscpy(p, L"wide!");
    free(p); // found
    return 0;
}
