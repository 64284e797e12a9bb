// SPDX-License-Identifier: MIT OR Apache-2.0
//! The C interface of secmalloc: argument arithmetic, errno, call, return. Nothing is decided
//! here.
//!
//! | file | what it exports |
//! |---|---|
//! | `cxx.rs` | C++ operators new and delete |
//! | `end.rs` | nothing: what `free` and `delete` have in common |
//! | `standard.rs` | the malloc family of ISO C, POSIX and glibc |
//! | `glibc.rs` | tuning and statistics, which replace glibc's so that static links are whole |
//! | `libc_names.rs` | `__libc_malloc` and its relatives |
//! | `limits.rs` | `setrlimit` and `prlimit`: what the heap reserves counts |
//! | `openbsd.rs` | `freezero`, `recallocarray` |
//! | `own.rs` | `secmalloc_*`, declared in `secmalloc.h` |
//! | `replaced.rs` | nothing: which functions the program has of its own |
//! | `residue.rs` | `secmalloc_watch_secret` and its relatives, declared there too |
//! | `smalloc.rs` | memory for secrets, declared in `smalloc.h` |
//! | `variables.rs` | what the macros of `smalloc.h` call |
//! | `rt.rs` | what a Rust library without `std` owes the linker |
#![cfg_attr(not(test), no_std)]

#[cfg(all(feature = "capi", not(panic = "abort"), not(test)))]
compile_error!("secmalloc must be built with panic = \"abort\": nothing may unwind into C");

#[cfg(feature = "capi")]
pub mod cxx;
#[cfg(feature = "capi")]
mod end;
#[cfg(feature = "capi")]
pub mod glibc;
#[cfg(feature = "capi")]
pub mod libc_names;
#[cfg(feature = "capi")]
pub mod limits;
#[cfg(feature = "capi")]
pub mod openbsd;
#[cfg(feature = "capi")]
pub mod own;
#[cfg(feature = "capi")]
mod replaced;
#[cfg(feature = "capi")]
pub mod residue;
#[cfg(all(feature = "capi", panic = "abort", not(test)))]
mod rt;
#[cfg(feature = "capi")]
pub mod smalloc;
#[cfg(feature = "capi")]
pub mod standard;
#[cfg(feature = "capi")]
pub mod variables;
