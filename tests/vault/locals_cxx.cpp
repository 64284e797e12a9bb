// SPDX-License-Identifier: MIT OR Apache-2.0
// Sensitive globals and locals in C++: exceptions leave their blocks.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <smalloc.h>
#include <unistd.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            _exit(1); \
        } \
    } while (0)

static bool is_plain = std::getenv("SECMALLOC_TEST_PLAIN") != nullptr;

namespace secrets {
int pin SMALLOC_SENSITIVE = 77;
struct Key {
    unsigned char bytes[24];
};
static Key key SMALLOC_SENSITIVE;
} // namespace secrets

// A dynamic initialiser finds them in place.
static int pin_of_initialiser = secrets::pin;

static volatile unsigned char *seen[50];

static void throws(int depth) {
    SMALLOC_LOCAL(secrets::Key, key);
    for (unsigned char byte : key->bytes) CHECK(byte == 0);
    std::memset(key, depth + 1, sizeof *key);
    seen[depth] = key->bytes;
    if (depth == 49) throw depth;
    throws(depth + 1);
    std::memset(key, 1, 1);
}

static void check_gone() {
    if (is_plain) return;
    for (volatile unsigned char *bytes : seen)
        for (int i = 0; i < 24; i++) CHECK(bytes[i] == 0);
}

static void around() {
    SMALLOC_LOCAL(int, outer);
    *outer = 5;
    for (int i = 0; i < 10; i++) {
        try {
            throws(0);
            CHECK(!"no exception");
        } catch (int depth) {
            CHECK(depth == 49);
        }
        check_gone();
        CHECK(*outer == 5);
    }
}

static void *leaves(void *) {
    SMALLOC_LOCAL(int, mine);
    *mine = 1;
    pthread_exit(nullptr);
}

int main() {
    CHECK(pin_of_initialiser == 77);
    secrets::key.bytes[0] = 1;
    around();
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, nullptr, leaves, nullptr) == 0);
        CHECK(pthread_join(thread, nullptr) == 0);
    }
    auto in_a_lambda = [](int value) {
        SMALLOC_LOCAL(int, local);
        *local = value;
        return *local + 1;
    };
    CHECK(in_a_lambda(1) == 2);
    return 0;
}
