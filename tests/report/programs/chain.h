// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls that stand three functions deep, and are marked: a report must name these very lines.
#pragma once

#include <stdlib.h>
#include <string.h>

#define DEEP __attribute__((noinline))

// What the compiler does not see through.
static void *hide(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

static DEEP void *inner_make(size_t size)
{
    void *block = malloc(size); // allocated
    return hide(block);
}

static DEEP void *make(size_t size)
{
    void *block = inner_make(size); // allocated by
    return hide(block);
}

static DEEP void inner_end(void *block)
{
    free(block); // freed
    hide(block);
}

static DEEP void end(void *block)
{
    inner_end(block); // freed by
    hide(block);
}
