// SPDX-License-Identifier: MIT OR Apache-2.0
//! What each protection costs can only be told by leaving it out. A build with, for example,
//! `--cfg secmalloc_without="canary"` does so, and is for measuring alone: `./bench --prices` makes
//! them all. No option and no feature leads here.

/// Canaries are written, and compared at free and at exit.
pub(crate) const CANARY: bool = !cfg!(secmalloc_without = "canary");

/// Freed blocks are wiped.
pub(crate) const WIPE: bool = !cfg!(secmalloc_without = "wipe");

/// What rested is compared with zero before it is used again, and at exit.
pub(crate) const VERIFY: bool = WIPE && !cfg!(secmalloc_without = "verify");

/// The word before a block is looked at when the block is freed.
pub(crate) const NEIGHBOURS: bool = CANARY && WIPE && !cfg!(secmalloc_without = "neighbours");

/// Freed slots rest.
pub(crate) const QUARANTINE: bool = !cfg!(secmalloc_without = "quarantine");

/// Slots are drawn at random.
pub(crate) const RANDOM: bool = !cfg!(secmalloc_without = "random");
