// SPDX-License-Identifier: MIT OR Apache-2.0
// A program with a delete of its own and the library's new: each form of delete that it did not replace leads to its
// own, also where the block is one that the library could end at once.
#include <cstdio>
#include <initializer_list>
#include <new>

// What is left out is what this is about.
#pragma GCC diagnostic ignored "-Wsized-deallocation"

namespace {

int ended, ended_aligned, wrong;

template <class T> T *hide(T *ptr) {
    __asm__ volatile("" : "+r"(ptr) : : "memory");
    return ptr;
}

void expect(const char *what, const int &count, int wanted) {
    if (count == wanted) return;
    std::fprintf(stderr, "%s: own delete was called %d times, not %d\n", what, count, wanted);
    wrong = 1;
}

} // namespace

// Both only count, and leave the block.
void operator delete(void *ptr) noexcept {
    if (ptr) ended++;
}

void operator delete(void *ptr, std::align_val_t) noexcept {
    if (ptr) ended_aligned++;
}

int main() {
    const auto alignment = std::align_val_t(64);
    for (std::size_t size : {8u, 100u, 1000u, 30000u, 300000u}) {
        ended = ended_aligned = 0;
        operator delete(hide(operator new(size)));
        expect("delete", ended, 1);
        operator delete(hide(operator new(size)), size);
        expect("sized delete", ended, 2);
        operator delete(hide(operator new(size)), std::nothrow);
        expect("nothrow delete", ended, 3);
        operator delete[](hide(operator new[](size)));
        expect("delete[]", ended, 4);
        operator delete[](hide(operator new[](size)), size);
        expect("sized delete[]", ended, 5);
        operator delete[](hide(operator new[](size)), std::nothrow);
        expect("nothrow delete[]", ended, 6);
        operator delete(hide(operator new(size, alignment)), size, alignment);
        expect("aligned sized delete", ended_aligned, 1);
        operator delete(hide(operator new(size, alignment)), alignment, std::nothrow);
        expect("aligned nothrow delete", ended_aligned, 2);
        operator delete[](hide(operator new[](size, alignment)), alignment);
        expect("aligned delete[]", ended_aligned, 3);
        operator delete[](hide(operator new[](size, alignment)), size, alignment);
        expect("aligned sized delete[]", ended_aligned, 4);
    }
    return wrong;
}
