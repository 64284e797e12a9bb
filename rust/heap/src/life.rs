// SPDX-License-Identifier: MIT OR Apache-2.0
//! The beginning and the end of the process, and its forks.
//!
//! The heap itself starts with the first allocation, which may come before any constructor has
//! run. What needs a C library that is up (the signal handler) waits for the constructor.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use secmalloc_policy::fault::Operation;

use crate::leaks::{self, Own};
use crate::pool;
use crate::signal;
use crate::sweep::{sweep, Budget};
use crate::sys;
use crate::thread;
use crate::trace;
use crate::vault;

/// The process that was loaded; others are its forks.
static LOADED_IN: AtomicU32 = AtomicU32::new(0);

/// To be called once, as the program is loaded.
pub fn begin() {
    // Starting here at the latest makes bad options known, whether or not the program allocates.
    let _ = thread::with_heap(|_| ());
    LOADED_IN.store(sys::process_id(), Relaxed);
    signal::install();
}

/// Whether this process is a fork of the one that was loaded, as far as that is known.
pub(crate) fn is_a_fork() -> bool {
    let loaded_in = LOADED_IN.load(Relaxed);
    loaded_in != 0 && loaded_in != sys::process_id()
}

/// Whether that was. Before it, a static program's C library may not have set up yet what finds unwind tables.
pub(crate) fn has_begun() -> bool {
    cfg!(test) || LOADED_IN.load(Relaxed) != 0
}

/// The last sweep, the look for leaks, the end of the report, and the wipe of secrets, to be called at normal exit.
///
/// It costs a part of what the process has cost: whoever runs for a second can bear some
/// milliseconds more, whoever is forked to run for one cannot. Most of what a forked child has in
/// its heap is its parent's besides, which will look for itself. Some thousand slots are looked at
/// whatever the clock says.
pub fn end() {
    end_in(&Own::here());
}

#[inline(never)]
fn end_in(own: &Own) {
    if !pool::started() {
        return;
    }
    let forked = sys::process_id() != LOADED_IN.load(Relaxed);
    let us = pool::fixed()
        .options
        .sweep_us(sys::process_cpu_us(), forked);
    if us > 0 {
        sweep(
            Operation::Exit,
            &Budget::of_us(us, if forked { 4096 } else { 16_384 }),
        );
    }
    leaks::at_exit(own);
    trace::finish();
    vault::end();
    vault::variables_at_exit();
}
