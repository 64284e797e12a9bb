// SPDX-License-Identifier: MIT OR Apache-2.0
// The C++ standard library as a user of malloc.  Everything printed is a function of the source.

#include <any>
#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <numeric>
#include <random>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

struct alignas(256) Wide {
    unsigned char bytes[256];
};

std::string words(unsigned seed, int count) {
    std::minstd_rand next(seed);
    std::ostringstream out;
    for (int i = 0; i < count; i++)
        out << (i ? " " : "") << "w" << next() % 500 << "@" << next() % 50 << ".org";
    return out.str();
}

void containers() {
    std::map<std::string, std::vector<int>> tree;
    std::unordered_map<int, std::string> hash;
    std::list<std::deque<long>> lists;
    std::minstd_rand next(7);
    for (int i = 0; i < 60000; i++) {
        tree["k" + std::to_string(next() % 3000)].push_back(i);
        hash[next() % 5000] += static_cast<char>('a' + i % 26);
        if (i % 100 == 0) lists.emplace_back(i % 700, i);
        if (i % 7 == 0) tree.erase("k" + std::to_string(next() % 3000));
        if (i % 11 == 0) hash.erase(next() % 5000);
        if (lists.size() > 50) lists.pop_front();
    }
    long sum = 0;
    for (auto &[key, numbers] : tree)
        sum += std::accumulate(numbers.begin(), numbers.end(), long(key.size()));
    size_t letters = 0;
    for (auto &[key, text] : hash) letters += text.size() * (key + 1);
    std::cout << "containers " << sum << " " << letters << " " << lists.size() << "\n";
}

void expressions() {
    const std::regex mail("(w[0-9]+)@([0-9]+)\\.org", std::regex::ECMAScript);
    const std::string text = words(3, 4000);
    long sum = 0, found = 0;
    for (std::sregex_iterator it(text.begin(), text.end(), mail), end; it != end; ++it) {
        sum += std::stol((*it)[2]) * (*it)[1].length();
        found++;
    }
    const std::string changed = std::regex_replace(text, mail, "<$2|$1>");
    std::cout << "regex " << found << " " << sum << " " << changed.size() << "\n";
}

int deep(int level) {
    std::string here(level % 90, 'x');
    auto held = std::make_shared<std::vector<int>>(level, level);
    if (level == 0) throw std::runtime_error("bottom " + std::string(100, '!'));
    try {
        return deep(level - 1) + int(held->size() + here.size());
    } catch (const std::runtime_error &) {
        if (level % 10 == 0) std::throw_with_nested(std::logic_error("level " + here));
        throw;
    }
}

int depth(const std::exception &error) {
    try {
        std::rethrow_if_nested(error);
    } catch (const std::exception &inner) {
        return 1 + depth(inner);
    }
    return 1;
}

void exceptions() {
    long caught = 0;
    for (int i = 1; i < 400; i++) {
        try {
            deep(i % 60);
        } catch (const std::exception &error) {
            caught += depth(error) + long(std::string(error.what()).size());
        }
    }
    bool refused = false;
    try {
        std::vector<char> all(std::vector<char>().max_size());
    } catch (const std::bad_alloc &) {
        refused = true;
    }
    std::cout << "exceptions " << caught << " " << refused << "\n";
}

// Blocks made in one thread and destroyed in another, and exceptions that cross by a future.
void threads() {
    std::vector<std::future<std::vector<std::unique_ptr<std::string>>>> parts;
    for (int t = 0; t < 8; t++)
        parts.push_back(std::async(std::launch::async, [t] {
            std::vector<std::unique_ptr<std::string>> made;
            for (int i = 0; i < 20000; i++)
                made.push_back(std::make_unique<std::string>((t * 31 + i) % 300, char('a' + t)));
            return made;
        }));
    size_t length = 0;
    for (auto &part : parts)
        for (auto &text : part.get()) length += text->size();
    auto thrown = std::async(std::launch::async, []() -> int { throw std::out_of_range("far"); });
    std::string message;
    try {
        thrown.get();
    } catch (const std::out_of_range &error) {
        message = error.what();
    }
    std::atomic<long> ended{0};
    for (int round = 0; round < 40; round++) {
        std::vector<std::thread> crowd;
        for (int t = 0; t < 8; t++)
            crowd.emplace_back([&ended, t] { ended += long(words(t, 20).size()); });
        for (auto &thread : crowd) thread.join();
    }
    std::cout << "threads " << length << " " << message << " " << ended << "\n";
}

void resources() {
    long sum = 0;
    std::pmr::unsynchronized_pool_resource pool;
    std::pmr::synchronized_pool_resource shared;
    for (std::pmr::memory_resource *from :
         {std::pmr::new_delete_resource(), static_cast<std::pmr::memory_resource *>(&pool),
          static_cast<std::pmr::memory_resource *>(&shared)}) {
        std::pmr::monotonic_buffer_resource arena(1000, from);
        std::pmr::map<std::pmr::string, std::pmr::vector<int>> tree(from);
        std::pmr::vector<std::pmr::string> flat(&arena);
        for (int i = 0; i < 20000; i++) {
            std::pmr::string key("a key that is not short ", from);
            key += std::to_string(i % 777);
            tree[key].push_back(i);
            flat.emplace_back(key);
        }
        for (auto &[key, numbers] : tree) sum += long(key.size() * numbers.size());
        sum += long(flat.size());
    }
    std::cout << "pmr " << sum << "\n";
}

void operators() {
    long sum = 0;
    for (int i = 1; i < 2000; i++) {
        auto wide = std::make_unique<Wide[]>(i % 20 + 1);
        sum += long(reinterpret_cast<uintptr_t>(wide.get()) % alignof(Wide));
        std::any any = std::string(i, 'y');
        std::variant<int, std::string> either = std::any_cast<std::string>(any);
        std::function<size_t()> size = [either, any] { return std::get<1>(either).size(); };
        sum += long(size());
        void *raw = ::operator new(i);
        ::operator delete(raw, size_t(i));
        delete[] new (std::nothrow) char[i];
    }
    std::cout << "operators " << sum << "\n";
}

}  // namespace

int main() {
    containers();
    expressions();
    exceptions();
    threads();
    resources();
    operators();
}
