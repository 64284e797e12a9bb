/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Loaded by foreign.c with RTLD_DEEPBIND: its malloc is that of its own dependencies, the C library's. */
#include <stdlib.h>

void *plugin_make(size_t size);

void *plugin_make(size_t size) {
    return malloc(size);
}
