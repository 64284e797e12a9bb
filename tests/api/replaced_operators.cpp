// SPDX-License-Identifier: MIT OR Apache-2.0
// A program with a new and a delete of its own, the plain ones only: every other form leads there. They
// put a word before each block, so that a block that went another way is found out.
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

// What is left out is what this is about.
#pragma GCC diagnostic ignored "-Wsized-deallocation"

namespace {

const std::size_t BEFORE = 64;
int made, ended;

template <class T> T *hide(T *ptr) {
    __asm__ volatile("" : "+r"(ptr) : : "memory");
    return ptr;
}

struct Base {
    virtual ~Base() {}
    int number = 1;
};

} // namespace

void *operator new(std::size_t size) {
    made++;
    char *block = static_cast<char *>(std::malloc(size + BEFORE));
    if (!block) throw std::bad_alloc();
    return block + BEFORE;
}

void operator delete(void *ptr) noexcept {
    if (!ptr) return;
    ended++;
    std::free(static_cast<char *>(ptr) - BEFORE);
}

void *operator new(std::size_t size, std::align_val_t) {
    return operator new(size);
}

void operator delete(void *ptr, std::align_val_t) noexcept {
    operator delete(ptr);
}

int main() {
    const auto alignment = std::align_val_t(64);
    const std::size_t size = 100;

    operator delete(hide(operator new(size)), size);
    operator delete(hide(operator new(size)), std::nothrow);
    operator delete(hide(operator new(size, std::nothrow)));
    operator delete[](hide(operator new[](size)));
    operator delete[](hide(operator new[](size)), size);
    operator delete[](hide(operator new[](size)), std::nothrow);
    operator delete[](hide(operator new[](size, std::nothrow)));
    operator delete(hide(operator new(size, alignment)), size, alignment);
    operator delete(hide(operator new(size, alignment)), alignment, std::nothrow);
    operator delete(hide(operator new(size, alignment, std::nothrow)), alignment);
    operator delete[](hide(operator new[](size, alignment)), alignment);
    operator delete[](hide(operator new[](size, alignment)), size, alignment);
    operator delete[](hide(operator new[](size, alignment, std::nothrow)), alignment, std::nothrow);
    delete hide(new Base);
    delete[] hide(new Base[3]);
    const int so_far = made;
    {
        std::vector<std::string> words;
        for (int i = 0; i < 100; i++) words.emplace_back(std::size_t(i), 'x');
    }
    if (so_far == 15 && made > 60 && made == ended) return 0;
    std::fprintf(stderr, "made %d, then %d, ended %d\n", so_far, made, ended);
    return 1;
}
