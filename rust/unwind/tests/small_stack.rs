// SPDX-License-Identifier: MIT OR Apache-2.0
//! A walk in a thread of 16 KiB must leave most of them to the program.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::readable;
use secmalloc_unwind::{Entry, Registers, Walker};

const PAINTED: usize = 16 * 1024;
/// What the loop that paints may use itself.
const NEAR: usize = 512;
const PAINT: u64 = 0xa5a5_5a5a_a5a5_5a5a;

/// How many bytes of stack a walk used, from here on.
#[inline(never)]
fn used(cache: &[Entry]) -> usize {
    let from = Registers::here();
    let top = from.sp - NEAR;
    let walker = Walker::new(cache, readable);
    let mut frames = [0; 40];
    for at in (top - PAINTED..top).step_by(8) {
        let word: *mut u64 = core::ptr::with_exposed_provenance_mut(at);
        // SAFETY: our own stack, of 2 MiB, below everything that is in use.
        unsafe { word.write_volatile(PAINT) };
    }
    let count = walker.walk(from, &mut frames);
    let deepest = (top - PAINTED..top).step_by(8).find(|at| {
        let word: *const u64 = core::ptr::with_exposed_provenance(*at);
        // SAFETY: as above.
        unsafe { word.read_volatile() != PAINT }
    });
    assert!(count > 3);
    deepest.map_or(NEAR, |deepest| from.sp - deepest)
}

#[test]
fn a_walk_uses_less_than_4_kib_of_stack() {
    static CACHE: [Entry; 4096] = [const { Entry::new() }; 4096];
    // What the loader must bind, it binds now.
    used(&[]);
    // From one place, so that the second walk meets the frames of the first.
    let times = core::hint::black_box(2);
    let walks: Vec<_> = (0..times).map(|_| used(&CACHE)).collect();
    let (cold, warm) = (walks[0], walks[1]);
    println!("{cold} bytes cold, {warm} warm");
    assert!(cold < 4096 && warm < 1536, "{cold} cold, {warm} warm");
}
