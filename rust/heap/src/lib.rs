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
mod explain;
#[cfg(test)]
mod fault_tests;
mod heap;
mod inspect;
mod large;
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
mod signal;
mod slab;
mod state;
mod store;
mod sweep;
mod sys;
mod thread;
mod whereabouts;
mod wipe;

pub use die::panicked;
pub use heap::{allocate, allocate_quickly, release, release_quickly, resize, usable_size, Claim};
pub use inspect::{check, describe, option, totals, trim, Description, Pool, State, Totals};
pub use life::{begin, end};
pub use sweep::Counts;

/// The kernel's page size, in bytes.
#[must_use]
pub fn page_size() -> usize {
    match sys::auxiliary(libc::AT_PAGESZ) {
        0 => 4096,
        size => size,
    }
}
