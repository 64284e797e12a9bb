// SPDX-License-Identifier: MIT OR Apache-2.0
//! A freed mapping is closed, joined with its neighbours, and opened again for a block that it suits.

use super::{Mapping, KEPT_LESS_FROM};
use crate::pool::fixed;
use crate::sys::{self, Access};

impl Mapping {
    /// Makes a freed block's pages unreachable; what is in them stays, until they are used again.
    pub(crate) fn close(&self) -> bool {
        // SAFETY: the block is freed.
        unsafe { sys::protect(self.data, self.data_size, Access::Nothing) }
    }

    /// This mapping and the one right behind it, as one. `None` where their guards cost entries
    /// in the memory map: each owes its own part of that budget.
    pub(crate) fn join(&self, behind: &Mapping) -> Option<Mapping> {
        if self.costly || behind.costly || self.span_end() != behind.span {
            return None;
        }
        let data_size = behind.data_end() - self.data;
        Some(Mapping {
            span_size: self.span_size + behind.span_size,
            data_size,
            warm: data_size,
            merged: true,
            reused: self.reused && behind.reused,
            ..*self
        })
    }

    /// The most bytes that it can be reopened for.
    pub(crate) fn capacity(&self) -> usize {
        if self.costly {
            // At least one page of guard must stay.
            self.span_end() - self.data - fixed().page
        } else {
            self.data_size
        }
    }

    /// How badly a closed mapping suits a request: bytes that would be in memory for nothing, or
    /// those that are missing, which cost twice as much. `None` where it does not suit at all.
    pub(crate) fn misfit(&self, data_size: usize) -> Option<usize> {
        // A block of 64 KiB is not to have a place for one of many MiB.
        let capacity = self.capacity();
        if data_size == 0 || capacity < data_size || capacity / 4 > data_size {
            return None;
        }
        let most = if self.costly {
            data_size.saturating_mul(2)
        } else {
            data_size + data_size / 4
        };
        if self.warm > most {
            return None;
        }
        Some(match self.warm.checked_sub(data_size) {
            Some(surplus) => surplus,
            None => 2 * (data_size - self.warm),
        })
    }

    /// Makes a closed mapping usable for `data_size` bytes, which read as zero.
    pub(crate) fn reopen(mut self, data_size: usize) -> Option<Mapping> {
        if !self.costly {
            return self.reopen_at_end(data_size);
        }
        // The pages of huge blocks are dearer, and there are fewer of these blocks.
        let part = if data_size >= KEPT_LESS_FROM { 2 } else { 4 };
        if self.warm > data_size + data_size / part {
            self.cool(data_size);
        }
        self.choose_page_size(data_size);
        self.move_edge(data_size);
        // SAFETY: nobody uses the pages, which are closed and within the capacity.
        if !unsafe { sys::protect(self.data, data_size, Access::Write) } {
            self.unmap();
            return None;
        }
        self.reused = true;
        self.data_size = data_size;
        self.wipe();
        self.warm = self.warm.max(data_size);
        Some(self)
    }

    /// [`Self::reopen`] where the guards are part of the same entry in the memory map.
    fn reopen_at_end(mut self, data_size: usize) -> Option<Mapping> {
        // SAFETY: nobody uses the pages; they were closed by `close`.
        let mut opened = unsafe { sys::protect(self.data, self.data_size, Access::Write) };
        if self.merged && fixed().features.guard_pages {
            // SAFETY: as above; guards of merged mappings lie within.
            opened &= unsafe { sys::unguard_pages(self.data, self.data_size) };
        }
        if !opened {
            self.unmap();
            return None;
        }
        self.merged = false;
        self.reused = true;
        // The block goes to the end; what is too much lies before it and becomes guard.
        let surplus = self.data_size - data_size;
        self.guard(self.data, surplus);
        self.data += surplus;
        self.data_size = data_size;
        self.warm = data_size;
        self.wipe();
        Some(self)
    }
}
