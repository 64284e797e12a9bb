/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A check of a password that keeps its secrets where no core file, swap or child finds them: a sensitive global, a pointer to
 * sensitive data, a sensitive local. The program that Broadwell, Harren and Sastry ("Scrash", 2003) show.
 */
#include <assert.h>
#include <smalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A global: protected before main, zero in a forked child. */
static char pepper[17] SMALLOC_SENSITIVE = "0123456789abcdef";

/* Another, as that paper makes them: in a structure on the sensitive heap, by a constructor. */
static struct globals {
    char stored[17];
} *globals;

/* Stands for crypt(3): 64 bits, as hexadecimal digits. */
static void scramble(char *to, const char *password)
{
    unsigned long long sum = 14695981039346656037u;

    for (const char *p = pepper; *p != 0; p++)
        sum = (sum ^ (unsigned char)*p) * 1099511628211u;
    for (const char *p = password; *p != 0; p++)
        sum = (sum ^ (unsigned char)*p) * 1099511628211u;
    for (int i = 0; i < 16; i++)
        to[i] = "0123456789abcdef"[sum >> 4 * i & 15];
    to[16] = 0;
}

__attribute__((constructor)) static void make_globals(void)
{
    globals = smalloc(sizeof *globals, 1);
    if (globals == NULL) {
        perror("smalloc");
        exit(EXIT_FAILURE);
    }
    scramble(globals->stored, "swordfish");
}

static char *read_password(const char *typed)
{
    size_t size = strlen(typed) + 1;
    char *password = smalloc(size, 1);

    if (password == NULL) {
        perror("smalloc");
        exit(EXIT_FAILURE);
    }
    memcpy(password, typed, size);
    return password;
}

static int check(const char *password)
{
    /* A local: on the thread's sensitive stack, wiped when the function returns. */
    SMALLOC_LOCAL_ARRAY(char, scrambled, 17);

    scramble(scrambled, password);
    return strcmp(scrambled, globals->stored) == 0;
}

int main(void)
{
    char *right = read_password("swordfish"), *wrong = read_password("guppy");

    assert(check(right));
    assert(!check(wrong));
    /* Wiped here; free would do the same. */
    sfree(right);
    sfree(wrong);
    sfree(globals);
    return EXIT_SUCCESS;
}
