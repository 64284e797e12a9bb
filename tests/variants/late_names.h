/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Read before a program that is linked without secmalloc and run with it preloaded: names which
 * libc does not have may wait until the program starts.
 */
#pragma weak calloc_conceal
#pragma weak cfree
#pragma weak free_aligned_sized
#pragma weak free_sized
#pragma weak freezero
#pragma weak malloc_conceal
#pragma weak recallocarray
#pragma weak scalloc
#pragma weak secmalloc_check
#pragma weak secmalloc_check_residue
#pragma weak secmalloc_describe
#pragma weak secmalloc_globals_add
#pragma weak secmalloc_globals_remove
#pragma weak secmalloc_leak_check
#pragma weak secmalloc_local_mark
#pragma weak secmalloc_local_pop
#pragma weak secmalloc_local_push
#pragma weak secmalloc_local_unwind
#pragma weak secmalloc_option
#pragma weak secmalloc_sensitive_close
#pragma weak secmalloc_sensitive_open
#pragma weak secmalloc_sensitive_status
#pragma weak secmalloc_status
#pragma weak secmalloc_unwatch_secret
#pragma weak secmalloc_version
#pragma weak secmalloc_watch_secret
#pragma weak sfree
#pragma weak smalloc
#pragma weak srealloc

/* As smalloc.h has it. */
#define SMALLOC_OPTIONAL
