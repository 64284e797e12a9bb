// SPDX-License-Identifier: MIT OR Apache-2.0
//! A mapping that holds secrets: protected like all of the vault, and an ordinary one again afterwards.

use super::Mapping;
use crate::sys;
use crate::vault;
use crate::wipe;

impl Mapping {
    /// Protects the data, which nobody has used yet. `false` where a wanted protection is refused and that is not
    /// to be borne.
    pub(crate) fn take_secrets(&self) -> bool {
        // SAFETY: pages of ours, private and anonymous, in which nothing is yet.
        self.data_size == 0 || unsafe { vault::protect_or_refuse(self.data, self.data_size) }
    }

    /// Wipes the data, and puts memory of the ordinary kind in its place, out of reach and empty. `None` where
    /// the mapping had to be given back as a whole.
    pub(crate) fn give_up_secrets(&self) -> Option<Mapping> {
        // SAFETY: the block is freed, and its pages are still within reach.
        unsafe { wipe::zero_bytes(self.data, self.data_size) };
        // SAFETY: as above; nobody wants the contents.
        if self.data_size == 0 || !unsafe { sys::replace(self.data, self.data_size) } {
            self.unmap();
            return None;
        }
        Some(Mapping {
            huge: false,
            seamed: true,
            warm: 0,
            ..*self
        })
    }
}
