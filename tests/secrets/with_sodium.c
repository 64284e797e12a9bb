/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libsodium with its keys in sensitive memory: more of them than its own allocator can have, and each protected.
 */
#include <smalloc_sodium.h>

#include "secrets.h"

enum { KEYS = 20000 };

static unsigned char *keys[KEYS];

static void protected(const void *key, const char *what) {
    struct secmalloc_sensitive status = status_of(key);
    CHECK((status.wanted & ~status.in_force) == 0 || status.why_not_locked == ENOMEM, "%s: in force %#x of %#x", what,
          status.in_force, status.wanted);
}

int main(void) {
    start_ours_only();
    CHECK(sodium_init() >= 0, "no libsodium");
    for (int i = 0; i < KEYS; i++) {
        keys[i] = need(sodium_malloc(crypto_secretbox_KEYBYTES));
        for (size_t at = 0; at < crypto_secretbox_KEYBYTES; at++) CHECK_EQUAL(keys[i][at], 0xdb);
        crypto_secretbox_keygen(keys[i]);
    }
    for (int i = 0; i < KEYS; i++) protected(keys[i], "a key");
    static const unsigned char message[] = "the message";
    unsigned char nonce[crypto_secretbox_NONCEBYTES], sealed[crypto_secretbox_MACBYTES + sizeof message];
    randombytes_buf(nonce, sizeof nonce);
    unsigned char *opened = need(sodium_allocarray(sizeof message, 1));
    for (int i = 0; i < KEYS; i += 100) {
        CHECK_EQUAL(crypto_secretbox_easy(sealed, message, sizeof message, nonce, keys[i]), 0);
        CHECK_EQUAL(crypto_secretbox_open_easy(opened, sealed, sizeof sealed, nonce, keys[i]), 0);
        CHECK(memcmp(opened, message, sizeof message) == 0, "key %d opens something else", i);
        CHECK(crypto_secretbox_open_easy(opened, sealed, sizeof sealed, nonce, keys[i + 1]) != 0, "any key opens it");
    }
    unsigned char *secret = need(sodium_malloc(crypto_sign_SECRETKEYBYTES)), public[crypto_sign_PUBLICKEYBYTES];
    CHECK_EQUAL(crypto_sign_keypair(public, secret), 0);
    protected(secret, "a signing key");
    unsigned char signature[crypto_sign_BYTES];
    CHECK_EQUAL(crypto_sign_detached(signature, NULL, message, sizeof message, secret), 0);
    CHECK_EQUAL(crypto_sign_verify_detached(signature, message, sizeof message, public), 0);
    CHECK_EQUAL(sodium_mprotect_readwrite(secret), 0);
    errno = 0;
    CHECK(sodium_mprotect_noaccess(secret) == -1 && errno == ENOSYS, "errno %d", errno);
    errno = 0;
    CHECK(sodium_allocarray(any(SIZE_MAX / 2), 3) == NULL && errno == ENOMEM, "errno %d", errno);
    sodium_free(secret);
    sodium_free(opened);
    sodium_free(NULL);
    for (int i = 0; i < KEYS; i++) sodium_free(keys[i]);
    return PASSED;
}
