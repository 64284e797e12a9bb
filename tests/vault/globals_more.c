/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The second source file of globals.c. */
#include <smalloc.h>

extern char other_secret[5000];
extern int other_neighbour;

int other_neighbour = 3;
char other_secret[5000] SMALLOC_SENSITIVE = "another";
