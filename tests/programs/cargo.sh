# SPDX-License-Identifier: MIT OR Apache-2.0
# cargo and rustc, from the toolchain that builds this library. rustc exports a jemalloc of its own, which
# goes before any preloaded malloc, but not before preloaded operators new and delete: two allocators in
# one process. cargo, the linker and the program that is built allocate from the preloaded one.
# needs: gcc gcc
# needs: sha256sum coreutils

PATH="$RUST_SYSROOT/bin:$PATH"
export CARGO_HOME="$PWD/home" CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
mkdir -p one/src
cat > one/Cargo.toml <<'END'
[package]
name = "one"
version = "0.1.0"
edition = "2021"
[profile.release]
codegen-units = 4
END
cat > one/src/main.rs <<'END'
use std::collections::{BTreeMap, HashMap};
fn main() {
    let mut words: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for i in 0..20_000u64 { words.entry(format!("w{}", i * 7919 % 1009)).or_default().push(i); }
    let t: HashMap<_, _> = words.iter().map(|(k, v)| (k.clone(), v.iter().sum::<u64>())).collect();
    let threads: Vec<_> = (0..4u64).map(|n| { let t = t.clone(); std::thread::spawn(move || t.values().map(|v| v % (n + 2)).sum::<u64>()) }).collect();
    println!("{:?}", threads.into_iter().map(|t| t.join().unwrap()).collect::<Vec<_>>());
}
END
cd one
cargo build --offline --quiet -j2
cargo build --offline --quiet -j2 --release
cargo metadata --offline --format-version 1 --no-deps | wc -c
./target/release/one
./target/debug/one
sha256sum target/release/one
