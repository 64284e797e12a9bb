/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same program with its locals on the sensitive stack, and as ordinary locals. */
#ifndef SECMALLOC_TESTS_PRICE_H
#define SECMALLOC_TESTS_PRICE_H

#include <smalloc.h>
#include <string.h>

#ifdef SENSITIVE
#define LOCAL(type, name) SMALLOC_LOCAL(type, name)
#else
/* Zero too, as a program would have it; not wiped. */
#define LOCAL(type, name) \
    __typeof__(type) plain_##name; \
    memset(&plain_##name, 0, sizeof plain_##name); \
    __typeof__(type) *const name = &plain_##name
#endif

#endif
