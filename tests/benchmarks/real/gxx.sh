# SPDX-License-Identifier: MIT OR Apache-2.0
# A C++ compiler at work: templates of the standard library, instantiated again and again.
# needs: /usr/bin/g++ g++
prepare() {
    awk -v count="$(scaled 4)" 'BEGIN {
        print "#include <functional>\n#include <map>\n#include <memory>\n#include <string>"
        print "#include <unordered_map>\n#include <variant>\n#include <vector>\n"
        for (i = 0; i < count; i++) {
            printf "struct T%d { int key; std::string name; ", i
            print "std::variant<int, std::string> v; };"
            printf "int use%d(const std::vector<T%d> &in) {\n", i, i
            printf "    std::map<int, std::shared_ptr<T%d>> ordered;\n", i
            printf "    std::unordered_map<std::string, std::vector<T%d>> named;\n", i
            printf "    for (const auto &t : in) {\n"
            printf " \
        ordered[t.key] = std::make_shared<T%d>(t);\n", i
            printf " \
        named[t.name].push_back(t);\n    }\n"
            printf "    std::function<int(int)> f = "
            printf "[&](int x) { return ordered.count(x) + %d; };\n", i
            printf "    return f(1) + std::visit([](const auto &x) -> int { return sizeof x; },"
            printf " in.front().v);\n}\n"
        }
    }' > large.cpp
}
run() { exec /usr/bin/g++ -std=c++17 -O1 -frandom-seed=1 -c "$INPUTS/large.cpp" -o large.o; }
