// SPDX-License-Identifier: MIT OR Apache-2.0
// Ends what every form of new makes by every form of delete that may.
#include "sin.h"

static const size_t sizes[] = {0, 1, 24, 100, 5000, 65528, 65529, 300000};

int main()
{
    const auto alignment = std::align_val_t(64);

    for (size_t size : sizes) {
        operator delete(hide(operator new(size)));
        operator delete(hide(operator new(size)), size);
        operator delete(hide(operator new(size)), std::nothrow);
        operator delete(hide(operator new(size, std::nothrow)));
        operator delete[](hide(operator new[](size)));
        operator delete[](hide(operator new[](size)), size);
        operator delete[](hide(operator new[](size)), std::nothrow);
        operator delete[](hide(operator new[](size, std::nothrow)));
        operator delete(hide(operator new(size, alignment)), alignment);
        operator delete(hide(operator new(size, alignment)), size, alignment);
        operator delete(hide(operator new(size, alignment, std::nothrow)), alignment, std::nothrow);
        operator delete[](hide(operator new[](size, alignment)), alignment);
        operator delete[](hide(operator new[](size, alignment)), size, alignment);
        operator delete[](hide(operator new[](size, alignment, std::nothrow)), alignment);
    }
    operator delete(nullptr);
    operator delete[](nullptr, std::nothrow);
    return 0;
}
