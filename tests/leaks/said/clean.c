/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Loses nothing. */
#include "../programs/leaks.h"

int main(void) {
    free(node(NULL));
    return 3;
}
