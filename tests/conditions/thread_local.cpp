// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Objects of thread_local storage whose constructors and destructors allocate, before and after the heap's
// own data of the thread are gone; and one in a key's destructor, which comes after all of them.
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

void check(bool holds, const char *what) {
    if (holds) return;
    std::fprintf(stderr, "thread_local: %s\n", what);
    _exit(1);
}

struct Keeper {
    std::map<int, std::string> names;
    std::vector<char *> blocks;
    Keeper() {
        for (int i = 0; i < 50; i++) names[i] = std::string(static_cast<size_t>(i) * 20, 'x');
    }
    ~Keeper() {
        for (int i = 0; i < 50; i++) check(names[i].size() == static_cast<size_t>(i) * 20, "a string is broken");
        for (char *block : blocks) delete[] block;
        std::string again(5000, 'y');
        names[99] = again;
    }
};

thread_local Keeper keeper;
pthread_key_t key;

void end_of_value(void *value) {
    auto *text = static_cast<std::string *>(value);
    check(text->size() == 300, "the value is broken");
    *text += std::string(3000, 'z');
    delete text;
    // Made now, for the first time in this thread: its destructor runs in a round that is still to come.
    thread_local Keeper late;
    late.blocks.push_back(new char[70]);
}

void work() {
    keeper.blocks.push_back(new char[100]);
    check(pthread_setspecific(key, new std::string(300, 'a')) == 0, "pthread_setspecific");
}

}  // namespace

int main() {
    check(pthread_key_create(&key, end_of_value) == 0, "pthread_key_create");
    for (int i = 0; i < 200; i++) {
        std::thread one(work), two(work);
        one.join();
        two.join();
    }
    work();
    return 0;
}
