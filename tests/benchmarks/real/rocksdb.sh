# SPDX-License-Identifier: MIT OR Apache-2.0
# A storage engine: skip lists in arenas, blocks in a cache, iterators.
# needs: /usr/bin/db_bench rocksdb-tools
# output: varies
prepare() { scaled 25000 > keys; }
run() {
    read -r keys < "$INPUTS/keys" || :
    exec /usr/bin/db_bench --num="$keys" --db="$PWD/db" --threads=2 --disable_wal=1 --seed=1 \
        --compression_type=none \
        --benchmarks=fillrandom,readrandom,seekrandom,overwrite,readwhilewriting
}
