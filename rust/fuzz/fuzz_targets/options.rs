// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any text as `SECMALLOC_OPTIONS`.
#![no_main]

#[allow(dead_code)]
#[path = "../../policy/tests/rules/mod.rs"]
mod rules;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rules::options_hold(data));
