// SPDX-License-Identifier: MIT OR Apache-2.0
// operator new without memory: bad_alloc, null, or the new-handler, as long as there is one.
#include <cstdio>
#include <cstdlib>
#include <new>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            std::_Exit(1); \
        } \
    } while (0)

namespace {

struct Mine {};

int calls;

std::size_t too_much() {
    std::size_t size = std::size_t(1) << 62;
    __asm__ volatile("" : "+r"(size));
    return size;
}

void *volatile result; // nobody may leave out a call

template <class Act> bool throws_bad_alloc(Act act) {
    try {
        act();
    } catch (const std::bad_alloc &error) {
        return error.what()[0] != '\0'; // it is whole: its virtual functions can be called
    }
    return false;
}

void gives_up_at_the_fifth() {
    if (++calls == 5) std::set_new_handler(nullptr);
}

void throws_its_own() {
    calls++;
    throw Mine();
}

} // namespace

int main() {
    const auto alignment = std::align_val_t(64);

    CHECK(throws_bad_alloc([] { result = operator new(too_much()); }));
    CHECK(throws_bad_alloc([] { result = operator new[](too_much()); }));
    CHECK(throws_bad_alloc([&] { result = operator new(too_much(), alignment); }));
    CHECK(throws_bad_alloc([&] { result = operator new[](too_much(), alignment); }));
    CHECK(operator new(too_much(), std::nothrow) == nullptr);
    CHECK(operator new[](too_much(), std::nothrow) == nullptr);
    CHECK(operator new(too_much(), alignment, std::nothrow) == nullptr);
    CHECK(operator new[](too_much(), alignment, std::nothrow) == nullptr);

    // In a loop, until the handler gives up.
    std::set_new_handler(gives_up_at_the_fifth);
    CHECK(throws_bad_alloc([] { result = operator new(too_much()); }));
    CHECK(calls == 5);
    calls = 0;
    std::set_new_handler(gives_up_at_the_fifth);
    CHECK(operator new[](too_much(), std::nothrow) == nullptr);
    CHECK(calls == 5);

    // What the handler throws comes through.
    calls = 0;
    std::set_new_handler(throws_its_own);
    bool came = false;
    try {
        result = operator new[](too_much(), alignment);
    } catch (const Mine &) {
        came = true;
    }
    CHECK(came && calls == 1);
    return 0;
}
