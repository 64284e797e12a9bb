// SPDX-License-Identifier: MIT OR Apache-2.0
//! The walk of a call stack from inside a malloc or a signal handler.
//!
//! What a walk owes its caller: it takes no lock, allocates nothing, calls nothing that might, and
//! reads no byte that could fault, whatever lies on the stack. It may be wrong where the program's
//! tables or its stack are; then it ends early or names a frame too many, and that is all.
//!
//! `walk.rs` is the walk. Each return address has a [`rule`], which says where its caller's
//! registers are; rules come from the `.eh_frame` of the module ([`tables`], read with `gimli`,
//! found by [`object`] through `_dl_find_object`) and are kept in a [`cache`] that the caller owns.
//! A thread that walks often keeps its last walk, a [`trail`], and walks as far as the two differ.
//! Words of the stack are read by [`memory`] alone, which knows the stack or asks page by page.
#![no_std]
// What is for x86-64 alone or for aarch64 alone has one file each.
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("secmalloc-unwind needs Linux on x86-64 or aarch64");

#[cfg(test)]
extern crate std;

mod cache;
mod elf;
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
mod machine;
mod memory;
mod modules;
mod object;
mod point;
mod rule;
mod tables;
mod trail;
mod walk;

pub use cache::Entry;
pub use machine::Registers;
pub use memory::Stack;
pub use object::{module_of, Module};
pub use point::{Parent, Point};
pub use trail::Trail;
pub use walk::Walker;
