/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A library for programs to load: with a variable, and one for each thread. */
void *global = (void *)1;

static __thread void *volatile local[100];

void **own(void) {
    return (void **)&local[50];
}
