/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sensitive globals in two source files: initialised and not, protected before main, zero in a forked child, where they
 * work on. Their neighbours are untouched.
 */
#include "vault.h"

static int before_it = 1;
static char secret[100] SMALLOC_SENSITIVE = "the initial value";
static int behind_it = 2;
int pin SMALLOC_SENSITIVE = 1234;
static unsigned char key[32] SMALLOC_SENSITIVE;
static int *pointer SMALLOC_SENSITIVE = &before_it;

extern char other_secret[5000];
extern int other_neighbour;

static int pin_before_main;

__attribute__((constructor)) static void look(void) {
    char flags[256];
    pin_before_main = pin;
    if (!is_plain() && flags_of(&pin, flags, sizeof flags))
        CHECK(strstr(flags, " dd ") != NULL, "not protected in a constructor: %s", flags);
}

static void child(void *unused) {
    (void)unused;
    check_zero(secret, sizeof secret, "an initialised array");
    check_zero(key, sizeof key, "a key");
    check_zero(other_secret, sizeof other_secret, "the other file's");
    CHECK_EQUAL(pin, 0);
    CHECK(pointer == NULL, "the pointer is still there");
    CHECK_EQUAL(before_it, 1);
    CHECK_EQUAL(behind_it, 2);
    CHECK_EQUAL(other_neighbour, 3);
    fill(key, sizeof key, 2);
    pin = 4321;
    check_filled(key, sizeof key, 2);
    check_protected(key, "a child's");
}

/* Nothing is wiped before the last destructor. */
__attribute__((destructor)) static void look_again(void) {
    CHECK_EQUAL(pin, 4321);
}

int main(void) {
    CHECK_EQUAL(pin_before_main, 1234);
    CHECK_EQUAL(pin, 1234);
    CHECK(strcmp(secret, "the initial value") == 0, "the initial value is gone");
    CHECK(strcmp(other_secret, "another") == 0, "the other file's is gone");
    CHECK(*pointer == 1, "a pointer that the loader made is gone");
    fill(key, sizeof key, 1);
    check_filled(key, sizeof key, 1);
    if (is_plain()) {
        pin = 4321;
        return 0;
    }
    check_protected(secret, "an initialised array");
    check_protected(&pin, "an initialised number");
    check_protected(key, "a key");
    check_protected(&pointer, "a pointer");
    check_protected(other_secret, "the other file's");
    check_protected(other_secret + sizeof other_secret - 1, "the other file's end");
    in_child(child, NULL);
    CHECK_EQUAL(pin, 1234);
    check_filled(key, sizeof key, 1);
    pin = 4321;
    return 0;
}
