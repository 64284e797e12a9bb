// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sequences of calls of the heap, against the model that `heap/tests/model.rs` uses.
#![no_main]

#[path = "../../heap/tests/steps/mod.rs"]
mod steps;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use secmalloc_policy::size_class::{CANARY_SIZE, CLASSES};
use steps::{Model, Step};

/// The borders of classes, of slots and of pages, and anything else up to some hundred KiB.
fn size(from: &mut Unstructured<'_>) -> Result<usize> {
    Ok(match from.int_in_range(0..=5)? {
        0 | 1 => usize::from(from.arbitrary::<u8>()?),
        2 => usize::from(from.arbitrary::<u16>()?),
        3 => (from.choose(&CLASSES)?.slot - CANARY_SIZE + 1) - from.int_in_range(0..=2)?,
        4 => 4096 * from.int_in_range(1..=40)? + from.int_in_range(0..=32)? - 16,
        _ => from.int_in_range(65_000..=300_000)?,
    })
}

fn step(from: &mut Unstructured<'_>) -> Result<Step> {
    let which = |from: &mut Unstructured<'_>| from.arbitrary::<u8>().map(usize::from);
    Ok(match from.int_in_range(0..=15)? {
        0..=3 => Step::Allocate(size(from)?),
        4 => Step::Zeroed(size(from)?),
        5 => Step::Aligned(size(from)?, from.int_in_range(0..=16)?),
        6..=8 => Step::Resize(which(from)?, size(from)?),
        9..=12 => Step::Release(which(from)?),
        13 => Step::ReleaseSized(which(from)?),
        14 => Step::Check,
        _ => Step::Trim,
    })
}

fuzz_target!(|data: &[u8]| {
    let mut from = Unstructured::new(data);
    let mut model = Model::default();
    while !from.is_empty() {
        match step(&mut from) {
            Ok(step) => model.run(&step),
            Err(_) => break,
        }
    }
    model.end();
});
