# SPDX-License-Identifier: MIT OR Apache-2.0
# A C++ compiler on the heavy headers; then the program it made: exceptions, threads, std::pmr,
# regular expressions, aligned and sized operators new and delete.
# needs: g++ g++
# needs: sha256sum coreutils

cp "$CASES/standard.cpp" .
g++ -std=c++17 -O2 -frandom-seed=1 -Wall -Wextra -Werror -pthread -c standard.cpp -o standard.o
g++ standard.o -pthread -o standard
sha256sum standard.o standard
./standard
