// SPDX-License-Identifier: MIT OR Apache-2.0
//! The vault: memory that holds secrets, and what is done so that they stay there.
//!
//! Its heap is the ordinary one's twin, in classes and regions of its own (`size_class`); globals and stacks
//! have mappings of theirs. All of it gets the same protections, in [`protect`].

mod protect;

pub(crate) use protect::{protect, why, Protection, PROTECTIONS};
