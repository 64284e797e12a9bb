/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Containers of C++: map, unordered_map, string, vector, shared_ptr, list and deque, filled and
 * thinned out at random, over and over.
 *
 * Every node, string and table is a block of its own, through operator new and a delete that states
 * the size.  Nodes of 32 to 80 bytes beside strings and tables of all sizes, some short-lived, some
 * long.  Nearly every large C++ program; Calder, Grunwald & Zorn 1994, "Quantifying behavioral
 * differences between C and C++ programs", found that they allocate more, and smaller.
 *
 * usage: containers [SCALE]
 */
#include "bench.h"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr size_t KEYS = 20000;

struct session {
    uint64_t id;
    std::string user;
    std::vector<uint32_t> pages;
    std::shared_ptr<session> referrer;
};

std::string name_of(uint64_t number) {
    /* Some fit into the string itself, some do not. */
    return "name " + std::string(number % 40, 'n') + std::to_string(number);
}

/* Ordered: numbers that come and go. */
void tree(size_t steps, uint64_t &random) {
    std::map<uint64_t, uint64_t> map;
    for (size_t i = 0; i < steps; i++) {
        uint64_t key = bench_below(&random, 2 * KEYS);
        auto found = map.find(key);
        if (found == map.end()) {
            map.emplace(key, key * 3);
        } else {
            if (found->second != key * 3) bench_fail("map: the value of a key changed");
            map.erase(found);
        }
    }
}

/* Hashed: strings as keys and values. */
void table(size_t steps, uint64_t &random) {
    std::unordered_map<std::string, std::string> map;
    for (size_t i = 0; i < steps; i++) {
        uint64_t number = bench_below(&random, KEYS);
        std::string key = name_of(number);
        auto found = map.find(key);
        if (found == map.end()) {
            map.emplace(key, key + ": " + key);
        } else {
            if (found->second.compare(0, key.size(), key) != 0)
                bench_fail("unordered_map: the value of a key changed");
            map.erase(found);
        }
        if (i % 50000 == 49999) map.clear();
    }
}

/* Objects that refer to each other, with strings and vectors that grow. */
void objects(size_t steps, uint64_t &random) {
    std::vector<std::shared_ptr<session>> live(KEYS / 4);
    for (size_t i = 0; i < steps; i++) {
        auto &place = live[bench_below(&random, live.size())];
        if (place && bench_below(&random, 4) != 0) {
            place->pages.push_back(static_cast<uint32_t>(i));
            continue;
        }
        auto made = std::make_shared<session>();
        made->id = i;
        made->user = name_of(i);
        made->referrer = live[bench_below(&random, live.size())];
        /* Without this, chains would grow without end. */
        if (made->referrer) made->referrer->referrer.reset();
        if (place && place->user != name_of(place->id)) bench_fail("session: its user changed");
        place = std::move(made);
    }
}

/* Sequences: queues of work, and lists that are split and joined. */
void sequences(size_t steps, uint64_t &random) {
    std::deque<std::unique_ptr<uint64_t[]>> queue;
    std::list<uint64_t> ready, done;
    for (size_t i = 0; i < steps; i++) {
        size_t words = 1 + bench_below(&random, 16);
        queue.push_back(std::make_unique<uint64_t[]>(words));
        queue.back()[0] = i;
        ready.push_back(i);
        if (queue.size() > 1000 + bench_below(&random, 1000)) {
            if (queue.front()[0] != ready.front()) bench_fail("deque: an element changed");
            queue.pop_front();
            done.splice(done.end(), ready, ready.begin());
        }
        if (done.size() > 4000) done.clear();
    }
}

} // namespace

int main(int argc, char **argv) {
    double scale = bench_scale(argc, argv, 0, "");
    uint64_t random = 24;
    tree(bench_work(1.2e6, scale), random);
    table(bench_work(8e5, scale), random);
    objects(bench_work(2e6, scale), random);
    sequences(bench_work(2e6, scale), random);
    return 0;
}
