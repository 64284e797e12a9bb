// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any text as `SECMALLOC_OPTIONS`, and such as nearly makes sense.
#![no_main]

#[allow(dead_code)]
#[path = "../../policy/tests/rules/mod.rs"]
mod rules;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use secmalloc_policy::options::{Accepts, TABLE};

/// A name and a value, which the fuzzer would be long in finding; or bytes.
fn piece(from: &mut Unstructured<'_>, text: &mut Vec<u8>) -> Result<()> {
    let row = from.choose(&TABLE)?;
    text.extend_from_slice(row.name.as_bytes());
    text.push(*from.choose(b"====:,")?);
    match (from.int_in_range(0..=3)?, row.accepts) {
        (0, _) => text.extend_from_slice(from.arbitrary()?),
        (_, Accepts::Words(words)) => text.extend_from_slice(from.choose(words)?.as_bytes()),
        (_, Accepts::Number(least, most, _)) => {
            let number = from.int_in_range(least.saturating_sub(1)..=most + 1)?;
            text.extend_from_slice(number.to_string().as_bytes());
        }
    }
    text.push(b':');
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    rules::options_hold(data);
    let (mut from, mut text) = (Unstructured::new(data), Vec::new());
    while !from.is_empty() && piece(&mut from, &mut text).is_ok() {}
    rules::options_hold(&text);
});
