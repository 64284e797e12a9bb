// SPDX-License-Identifier: MIT OR Apache-2.0
//! The heap of secmalloc: the only code that touches memory.
//!
//! Read `heap/allocate.rs` and `heap/release.rs` first: a request and a free are each a page there,
//! and name everyone they meet. What is decided, rather than done, is decided in `secmalloc-policy`.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("secmalloc needs Linux on x86-64 or aarch64");

mod canary;
mod die;
mod evidence;
mod explain;
mod explain_around;
#[cfg(test)]
mod fault_tests;
mod heap;
mod inspect;
mod large;
mod leaks;
mod life;
mod lock;
#[cfg(test)]
mod lock_tests;
mod magazine;
#[cfg(test)]
mod placement_tests;
mod pool;
mod protections;
mod quick;
mod residue;
mod signal;
mod slab;
#[cfg(test)]
mod slab_tests;
mod state;
mod status;
mod store;
mod sweep;
mod sys;
mod thread;
mod trace;
mod vault;
mod whereabouts;
mod wipe;

pub use die::panicked;
pub use heap::{
    allocate, allocate_aligned_quickly, allocate_quickly, allocate_sensitive_quickly,
    allocate_small_quickly, discard, is_sensitive, recreate, release, release_quickly,
    release_sensitive_quickly, release_small, resize, resize_quickly, resize_sensitive_quickly,
    usable_size, usable_size_quickly, Claim, Recreated,
};
pub use inspect::{
    check, class_totals, describe, option, totals, trim, ClassTotals, Description, Pool, State,
    Totals, CLASSES,
};
pub use leaks::{look as look_for_leaks, Leaks, Sum};
pub use life::{begin, end};
pub use pool::set_limit;
pub use residue::{
    check as check_residue, unwatch as unwatch_secret, watch as watch_secret,
    Request as ResidueRequest, Residues, Watched,
};
pub use status::status;
pub use sweep::Counts;
#[cfg(feature = "trial")]
pub use sys::trial;
pub use trace::{
    begin as begin_call, begin_change, begin_make, end as end_call, Begun, Making, Passed,
};
pub use vault::{globals, sensitive_status, stack as locals, window, Holds, SensitiveStatus};

/// The kernel's page size, in bytes.
#[must_use]
pub fn page_size() -> usize {
    sys::page_size()
}
