// SPDX-License-Identifier: MIT OR Apache-2.0
// C++ needs nothing special: new, the containers and the memory resources all end in secmalloc.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <memory_resource>
#include <secmalloc.h>
#include <string>
#include <vector>

static bool is_ours(const void *pointer)
{
    secmalloc_block block{};
    block.struct_size = sizeof block;
    return secmalloc_describe(pointer, &block) == SECMALLOC_OK;
}

int main()
{
    std::map<std::string, std::vector<int>> squares;
    for (int i = 0; i < 100; i++)
        squares["up to " + std::to_string(i)].push_back(i * i);

    auto single = std::make_unique<long>(42);

    // A pool resource takes large pieces from new and serves small blocks from them. secmalloc sees
    // the pieces only, so that its checks do not reach into the pool.
    std::pmr::unsynchronized_pool_resource pool;
    std::pmr::vector<int> pooled({1, 2, 3}, &pool);

    if (!is_ours(single.get()) || !is_ours(squares.at("up to 7").data()) ||
        !is_ours(pooled.data())) {
        std::fputs("some memory is not secmalloc's\n", stderr);
        return EXIT_FAILURE;
    }
    std::printf("%zu vectors, a long and a pool, all in secmalloc\n", squares.size());
    return EXIT_SUCCESS;
}
