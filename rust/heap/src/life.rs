// SPDX-License-Identifier: MIT OR Apache-2.0
//! The beginning and the end of the process, and its forks.
//!
//! The heap itself starts with the first allocation, which may come before any constructor has
//! run. What needs a C library that is up (the signal handler) waits for the constructor.

use secmalloc_policy::fault::Operation;

use crate::pool;
use crate::signal;
use crate::sweep::{sweep, Budget};
use crate::thread;

/// To be called once, as the program is loaded.
pub fn begin() {
    // Starting here at the latest makes bad options known, whether or not the program allocates.
    let _ = thread::with_heap(|_| ());
    signal::install();
}

/// The last sweep, to be called at normal exit.
pub fn end() {
    if !pool::started() {
        return;
    }
    let ms = pool::fixed().options.sweep_ms();
    if ms > 0 {
        sweep(Operation::Exit, &Budget::of_ms(ms));
    }
}
