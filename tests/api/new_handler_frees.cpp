// SPDX-License-Identifier: MIT OR Apache-2.0
// A new-handler that frees what the program kept for such a case: the same operator new goes on then.
#include <cstdio>
#include <cstring>
#include <new>
#include <sys/resource.h>

namespace {

const std::size_t SIZE = std::size_t(64) << 20;
char *reserve;
int calls;

void frees_the_reserve() {
    calls++;
    delete[] reserve;
    reserve = nullptr;
    std::set_new_handler(nullptr);
}

// Bytes of addresses that are in use.
std::size_t addresses() {
    std::FILE *file = std::fopen("/proc/self/statm", "r");
    long pages = 0;
    if (!file || std::fscanf(file, "%ld", &pages) != 1) return 0;
    std::fclose(file);
    return std::size_t(pages) * 4096;
}

bool limit_addresses(std::size_t bytes) {
    const rlimit limit = {bytes, RLIM_INFINITY};
    return setrlimit(RLIMIT_AS, &limit) == 0;
}

} // namespace

int main() {
    reserve = new char[SIZE];
    std::memset(reserve, 1, SIZE);
    // From here on there is no room for another one. With the first limit, what is only reserved goes back.
    if (!limit_addresses(std::size_t(1) << 40) || !limit_addresses(addresses() + SIZE / 2)) return 1;
    std::set_new_handler(frees_the_reserve);
    char *block = new char[SIZE];
    std::memset(block, 2, SIZE);
    if (calls != 1) std::fprintf(stderr, "the handler was called %d times\n", calls);
    delete[] block;
    return calls != 1;
}
