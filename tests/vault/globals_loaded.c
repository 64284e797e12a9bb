/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sensitive globals of a shared object that the program is linked to, and of one that it loads: each in a section of
 * its own. dlclose wipes, before the memory goes, and the object can be loaded again.
 */
#include "vault.h"

#include <dlfcn.h>

unsigned char *plugin_secret(void);
unsigned char *plugin_scope(void (*within)(unsigned char *));

static unsigned char own[16] SMALLOC_SENSITIVE = {7};
static unsigned char *seen;

static void child(void *secret) {
    check_zero(secret, 64, "the plugin's");
    check_zero(own, sizeof own, "the program's");
}

static void within(unsigned char *local) {
    SMALLOC_LOCAL(char, mine);
    CHECK((unsigned char *)mine > local, "the program's local is not on the plugin's stack");
    check_protected(local, "a local of a plugin");
    *mine = 1;
}

static int last_looks;

static void last_look(unsigned char *secret) {
    check_zero(secret, 64, "what dlclose leaves");
    last_looks++;
}

int main(int argc, char **argv) {
    CHECK(argc > 1, "which plugin?");
    unsigned char *linked = plugin_secret();
    CHECK(linked[0] == 1 && linked[2] == 3 && linked[63] == 99, "a linked object's values are lost");
    check_protected(linked, "a linked object's");
    check_protected(own, "the program's");
    in_child(child, linked);
    for (int i = 0; i < 3; i++) {
        void *object = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        CHECK(object != NULL, "%s", dlerror());
        unsigned char *(*secret_of)(void) = NULL, *(*scope_of)(void (*)(unsigned char *)) = NULL;
        *(void **)&secret_of = dlsym(object, "plugin_secret");
        *(void **)&scope_of = dlsym(object, "plugin_scope");
        unsigned char *secret = secret_of();
        CHECK(secret != linked, "the same object twice");
        CHECK(secret[0] == 1 && secret[2] == 3 && secret[63] == 99, "a loaded object's values are lost");
        check_protected(secret, "a loaded object's");
        in_child(child, secret);
        seen = scope_of(within);
        check_zero(seen, 40, "a plugin's local");
        void (*watch)(void (*)(unsigned char *)) = NULL;
        *(void **)&watch = dlsym(object, "plugin_watch");
        watch(last_look);
        CHECK_EQUAL(dlclose(object), 0);
        CHECK_EQUAL(last_looks, i + 1);
    }
    CHECK(linked[63] == 99, "dlclose wiped another object's");
    return 0;
}
