#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: rust.sh LIBRARY CARGO
#
# rustc and cargo, preloaded, build a program, without a word, and it runs. The toolchains that Rust's
# project ships have jemalloc in rustc's executable, under the usual names: it comes before ours, and only
# operator new, for LLVM, is ours. Two heaps in one process must not get each other's blocks. Not a
# case of run.py: it takes the toolchain that builds the library, wherever that is.

set -eu
library=$1 cargo=$2
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
unset CARGO_TARGET_DIR RUSTFLAGS
mkdir src
printf '[package]\nname = "words"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n' >Cargo.toml
cat >src/main.rs <<'END'
use std::collections::BTreeMap;
fn main() {
    let words: BTreeMap<String, Vec<usize>> =
        (0..1000).map(|i| (format!("{i}"), vec![i; i])).collect();
    println!("{} {}", words.len(), words.values().flatten().sum::<usize>());
}
END
said=$(LD_PRELOAD=$library "$cargo" build --release --offline --quiet 2>&1) || {
    printf 'cargo failed:\n%s\n' "$said"
    exit 1
}
if [ -n "$said" ]; then
    printf 'said:\n%s\n' "$said"
    exit 1
fi
mapped=$(LD_PRELOAD=$library cat /proc/self/maps)
case $mapped in *libsecmalloc*) ;; *) echo "the library is not preloaded" && exit 1 ;; esac
answer=$(LD_PRELOAD=$library target/release/words)
[ "$answer" = "1000 332833500" ] || { echo "answered: $answer" && exit 1; }
