// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a walk of 20 frames costs, and whether it sees what libc's `backtrace` sees.
//!
//! ```text
//! cargo run --release -p secmalloc-unwind --example figures
//! valgrind --tool=callgrind --toggle-collect='*Walker*walk*' .../figures count
//! ```
//!
//! With the argument `count`, a thousand warm walks and nothing else, for callgrind; with `compare`,
//! only the comparison (`tests/static_program.rs`).
#![allow(clippy::unwrap_used)]

use std::ffi::{c_int, c_long, c_void};
use std::hint::black_box;

use secmalloc_unwind::{Entry, Registers, Walker};

extern "C" {
    fn backtrace(buffer: *mut *mut c_void, size: c_int) -> c_int;
    fn clock() -> c_long;
}

static CACHE: [Entry; 4096] = [const { Entry::new() }; 4096];
const FRAMES: usize = 20;

/// The initial thread's stack is known: nobody asks.
fn readable(_: usize) -> bool {
    false
}

#[inline(never)]
fn descend(depth: usize, then: &mut dyn FnMut()) {
    if depth == 0 {
        then();
    } else {
        descend(depth - 1, then);
    }
    black_box(depth);
}

#[inline(never)]
fn compare() {
    let from = Registers::here();
    let mut theirs = [core::ptr::null_mut(); 100];
    // SAFETY: the array is as long as is said.
    let count = unsafe { backtrace(theirs.as_mut_ptr(), 100) } as usize;
    let theirs: Vec<usize> = theirs[..count].iter().map(|at| at.addr()).collect();
    let mut ours = [0; 100];
    for _ in 0..2 {
        let count = Walker::new(&CACHE, readable).walk(from, &mut ours);
        let theirs = &theirs[1..];
        let end = theirs
            .iter()
            .position(|at| *at == 0)
            .unwrap_or(theirs.len());
        assert!(end > FRAMES, "libc saw only {end}");
        assert_eq!(&ours[1..count], &theirs[..end]);
    }
}

/// CPU time, in units of a microsecond (POSIX): others work on the machine, too.
fn cpu_ns() -> f64 {
    // SAFETY: changes nothing.
    unsafe { clock() as f64 * 1e3 }
}

fn walks(cache: &[Entry], count: u32) -> f64 {
    let mut frames = [0; FRAMES];
    let walker = Walker::new(cache, readable);
    let start = cpu_ns();
    for _ in 0..count {
        let seen = walker.walk(Registers::here(), black_box(&mut frames));
        assert_eq!(seen, FRAMES);
    }
    (cpu_ns() - start) / f64::from(count)
}

fn measure() {
    let median = |cache: &[Entry], count| {
        let mut times: Vec<f64> = (0..21).map(|_| walks(cache, count)).collect();
        times.sort_by(f64::total_cmp);
        times[10]
    };
    let (cold, warm) = (median(&[], 100), median(&CACHE, 10_000));
    println!("{FRAMES} frames: {warm:.0} ns warm ({:.1} a frame), {cold:.0} ns without a cache ({:.0} a frame)",
        warm / FRAMES as f64, cold / FRAMES as f64);
}

fn main() {
    let what = std::env::args().nth(1);
    descend(24, &mut || match what.as_deref() {
        Some("count") => {
            walks(&CACHE, 1000);
        }
        Some("compare") => compare(),
        _ => {
            compare();
            measure();
        }
    });
}
