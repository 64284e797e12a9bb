// SPDX-License-Identifier: MIT OR Apache-2.0
//! The front: allocate, release, resize, measure.
//!
//! Allocate and release have a short way, see [`crate::quick`]; what does not go that way begins
//! here. Each function asks what is likely first; a check that fails leads to the slow one, which
//! asks again, step by step, and names the fault.

mod allocate;
mod discard;
mod mismatch;
mod owner;
pub(crate) use owner::is_neighbour_sound;
mod release;
mod relieve;
mod resize;

use core::ptr::NonNull;

pub use allocate::{
    allocate, allocate_aligned_quickly, allocate_quickly, allocate_sensitive_quickly,
    allocate_small_quickly,
};
pub use discard::{discard, recreate, Recreated};
pub(crate) use release::{ready_slowly, rest_elsewhere, rest_slowly};
pub use release::{release, release_quickly, release_sensitive_quickly, release_small};
pub(crate) use relieve::relieve;
pub use resize::{
    is_sensitive, resize, resize_quickly, resize_sensitive_quickly, usable_size,
    usable_size_quickly,
};

/// What a sized or aligned free claims about its block.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claim {
    /// The size it was requested with, in bytes.
    pub size: Option<usize>,
    /// An alignment that it was requested with.
    pub alignment: Option<usize>,
}

impl Claim {
    /// Nothing.
    pub const NONE: Claim = Claim {
        size: None,
        alignment: None,
    };

    /// Whether nothing is claimed.
    #[inline(always)]
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.size.is_none() && self.alignment.is_none()
    }

    #[inline(always)]
    pub(crate) fn holds(&self, address: usize, size: usize) -> bool {
        self.size.is_none_or(|claimed| claimed == size)
            && self.alignment.is_none_or(|claimed| {
                // Rounded as `aligned_alloc` rounds.
                claimed
                    .checked_next_power_of_two()
                    .is_some_and(|power| address & (power - 1) == 0)
            })
    }
}

fn non_null(address: usize) -> Option<NonNull<u8>> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(address))
}
