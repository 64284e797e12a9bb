/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * OpenSSL with all that it allocates in sensitive memory: wherever a copy of a key lies in the process, it is protected,
 * and a core or a child would not have it.
 */
#include <smalloc_openssl.h>

#include "secrets.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum { KEY = 32 };

/* What the search looks for, each byte changed, so that this is no copy. */
static unsigned char sought[KEY];

static void protected(const void *ptr, const char *what) {
    struct secmalloc_sensitive status = status_of(ptr);
    CHECK((status.wanted & ~status.in_force) == 0 || status.why_not_locked == ENOMEM, "%s: in force %#x of %#x", what,
          status.in_force, status.wanted);
}

/* All readable and writable memory: each copy of the key must be in sensitive memory. How many there are. */
static int copies(const char *what) {
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL, "no maps: errno %d", errno);
    char line[512];
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, to;
        char access[8];
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, access) != 3) continue;
        if (strncmp(access, "rw", 2) != 0) continue;
        static unsigned char page[4096 + KEY];
        int memory = open("/proc/self/mem", O_RDONLY);
        for (uintptr_t at = from; at + KEY <= to; at += 4096) {
            size_t wanted = to - at < sizeof page ? to - at : sizeof page;
            ssize_t got = pread(memory, page, wanted, (off_t)at);
            for (ssize_t i = 0; i < 4096 && i + KEY <= got; i++) {
                uintptr_t here = at + (uintptr_t)i;
                if ((unsigned char)(page[i] ^ 0x5a) != sought[0]) continue;
                if (here + KEY > (uintptr_t)page && here < (uintptr_t)page + sizeof page) continue;
                int same = 1;
                for (int b = 1; b < KEY && same; b++) same = (unsigned char)(page[i + b] ^ 0x5a) == sought[b];
                if (!same) continue;
                found++;
                struct secmalloc_sensitive status = {.struct_size = sizeof status};
                CHECK(secmalloc_sensitive_status((void *)here, &status) == SECMALLOC_OK, "%s: a copy at %#" PRIxPTR
                      ", which is not sensitive: %s", what, here, line);
                protected((void *)here, what);
            }
        }
        close(memory);
        memset(page, 0, sizeof page);
    }
    fclose(maps);
    return found;
}

static void seek(const unsigned char *key) {
    for (int i = 0; i < KEY; i++) sought[i] = key[i] ^ 0x5a;
}

static void check_cipher(void) {
    unsigned char *key = need(OPENSSL_secure_malloc(KEY));
    CHECK(CRYPTO_secure_allocated(key), "the key is not in the vault");
    CHECK_EQUAL(OPENSSL_secure_actual_size(key), KEY);
    CHECK_EQUAL(RAND_priv_bytes(key, KEY), 1);
    seek(key);
    EVP_CIPHER_CTX *context = need(EVP_CIPHER_CTX_new());
    unsigned char in[100] = "plain", out[128], back[128], vector[16] = {1};
    int length, rest, length_back, rest_back;
    CHECK_EQUAL(EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, vector), 1);
    CHECK_EQUAL(EVP_EncryptUpdate(context, out, &length, in, sizeof in), 1);
    /* the key's first round is the key itself */
    CHECK(copies("AES") >= 1, "the search is blind");
    CHECK_EQUAL(EVP_EncryptFinal_ex(context, out + length, &rest), 1);
    CHECK_EQUAL(EVP_DecryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, vector), 1);
    CHECK_EQUAL(EVP_DecryptUpdate(context, back, &length_back, out, length + rest), 1);
    CHECK_EQUAL(EVP_DecryptFinal_ex(context, back + length_back, &rest_back), 1);
    CHECK(length_back + rest_back == (int)sizeof in && memcmp(in, back, sizeof in) == 0, "AES is broken");
    EVP_CIPHER_CTX_free(context);
    OPENSSL_secure_clear_free(key, KEY);
    CHECK_EQUAL(copies("AES, freed"), 0);
}

static void check_pair(int kind, const char *what) {
    EVP_PKEY *pair = NULL;
    EVP_PKEY_CTX *context = need(EVP_PKEY_CTX_new_id(kind, NULL));
    CHECK(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_keygen(context, &pair) == 1, "%s: no key", what);
    EVP_PKEY_CTX_free(context);
    protected(pair, what);
    size_t size = KEY;
    unsigned char *raw = need(OPENSSL_secure_malloc(KEY));
    CHECK_EQUAL(EVP_PKEY_get_raw_private_key(pair, raw, &size), 1);
    seek(raw);
    CHECK(copies(what) >= 2, "the search is blind");
    OPENSSL_secure_free(raw);
    CHECK(copies(what) >= 1, "the search is blind");
    EVP_PKEY_free(pair);
    CHECK_EQUAL(copies("freed"), 0);
}

int main(void) {
    start_ours_only();
    CHECK_EQUAL(CRYPTO_secure_malloc_init(32768, 16), 1);
    check_cipher();
    check_pair(EVP_PKEY_X25519, "X25519");
    check_pair(EVP_PKEY_ED25519, "Ed25519");
    BIGNUM *number = need(BN_secure_new());
    CHECK_EQUAL(BN_priv_rand(number, 4096, -1, 0), 1);
    protected(number, "a number");
    BN_clear_free(number);
    return PASSED;
}
