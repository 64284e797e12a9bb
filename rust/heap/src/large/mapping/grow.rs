// SPDX-License-Identifier: MIT OR Apache-2.0
//! A live block's mapping gets another size: in place, or by a move of its pages.

use core::sync::atomic::{AtomicBool, Ordering};

use super::{is_hopeless, Mapping};
use crate::sys::{self, Access};

/// Set when this kernel was found not to move two entries of the memory map at once.
static SEAMS_STAY: AtomicBool = AtomicBool::new(false);

impl Mapping {
    /// The mapping with fewer pages; the others are given back and out of reach.
    pub(crate) fn shrink(mut self, data_size: usize) -> Mapping {
        let from = self.data + data_size;
        self.guard(from, self.data_end() - from);
        self.data_size = data_size;
        // The surplus of an earlier use lies behind what was dropped now.
        if self.warm > data_size {
            self.cool(data_size);
        }
        self
    }

    /// The mapping with more pages, from the room that was left behind the block.
    pub(crate) fn grow_in_place(mut self, data_size: usize) -> Option<Mapping> {
        let more = data_size - self.data_size;
        if !self.costly || data_size > self.capacity() || is_hopeless(more) {
            return None;
        }
        let at = self.data_end();
        self.move_edge(data_size);
        // SAFETY: the room is ours, and out of reach: nobody uses it.
        if !unsafe { sys::protect(at, more, Access::Write) } {
            return None;
        }
        if self.warm > self.data_size {
            // Left there by an earlier block.
            let left = Mapping {
                data: at,
                data_size: more,
                warm: self.warm - self.data_size,
                ..self
            };
            left.wipe();
        }
        self.data_size = data_size;
        self.warm = self.warm.max(data_size);
        self.seamed = true;
        Some(self)
    }

    /// Moves the pages to another, larger mapping, never touched, and gives back what is left. Pages
    /// that came from an earlier move and pages that were added later are two entries in the memory
    /// map; Linux moves such together since 6.17, and only where the size does not change in the call.
    /// `false` where it does not: the target is given back then.
    pub(crate) fn move_to(&self, target: &mut Mapping) -> bool {
        // What is moved is an entry in the memory map of its own, beside what the target had.
        target.seamed = true;
        let hopeless = self.seamed && SEAMS_STAY.load(Ordering::Relaxed);
        if hopeless {
            target.unmap();
            return false;
        }
        // SAFETY: the block moves; `target` is new, empty, and not smaller.
        let moved = unsafe { sys::move_pages(self.data, self.data_size, target.data) };
        if moved {
            self.unmap_around();
        } else {
            // A failed move may have unmapped the place it was to go to: that is nobody's now.
            // It happens once; then it is known.
            SEAMS_STAY.store(true, Ordering::Relaxed);
            target.unmap_around();
        }
        moved
    }
}
