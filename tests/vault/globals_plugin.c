/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A shared object with sensitive globals and locals, linked to by globals_loaded.c and loaded by it. */
#include <smalloc.h>
#include <string.h>

unsigned char *plugin_secret(void);
unsigned char *plugin_scope(void (*within)(unsigned char *));
void plugin_watch(void (*look)(unsigned char *));
void plugin_last(void);

static void (*last_look)(unsigned char *);

static unsigned char secret[64] SMALLOC_SENSITIVE = {1, 2, 3};

/* Loaded before the library is set up, perhaps: what it does here counts. */
__attribute__((constructor)) static void start(void) {
    secret[63] = 99;
}

/* DT_FINI of this object: runs behind all destructors, before the memory goes. */
void plugin_last(void) {
    if (last_look != NULL) last_look(secret);
}

void plugin_watch(void (*look)(unsigned char *)) {
    last_look = look;
}

unsigned char *plugin_secret(void) {
    return secret;
}

unsigned char *plugin_scope(void (*within)(unsigned char *)) {
    SMALLOC_LOCAL_ARRAY(unsigned char, local, 40);
    unsigned char *volatile at = local;
    memset(local, 5, 40);
    within(local);
    return at;
}
