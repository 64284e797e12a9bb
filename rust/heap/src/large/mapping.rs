// SPDX-License-Identifier: MIT OR Apache-2.0
//! One mapping: pages for a large block between two guards of random width.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use secmalloc_policy::layout::Plan;
use secmalloc_policy::random::Random;

use crate::pool::fixed;
use crate::sys::{self, Access};
use crate::wipe;

/// A guard is 1 to this many pages wide: where one block ends says little of where the next
/// begins.
const MAX_GUARD: u32 = 8;

/// Mappings that may split the process's memory map, at two entries each: together they stay far
/// below `vm.max_map_count` (65,530).
const COSTLY: usize = 2000;
static COSTLY_USED: AtomicUsize = AtomicUsize::new(0);

/// Set when this kernel was found not to move two entries of the memory map at once.
static SEAMS_STAY: AtomicBool = AtomicBool::new(false);

/// Addresses and sizes in bytes, all in whole pages.
#[derive(Clone, Copy)]
pub(crate) struct Mapping {
    /// Everything, guards included.
    pub(crate) span: usize,
    pub(crate) span_size: usize,
    /// What may be touched.
    pub(crate) data: usize,
    pub(crate) data_size: usize,
    /// Whether the guards are pages without access, which cost entries in the memory map.
    costly: bool,
    /// Whether there are guard pages within `data`, from mappings that were merged.
    merged: bool,
    /// Whether this mapping has served more than one block.
    reused: bool,
    /// Whether the data may be more than one entry in the memory map.
    seamed: bool,
}

impl Mapping {
    /// A new mapping, zero, with `data_size` bytes at a multiple of `alignment`. One that is made
    /// for a growing block has `room` to grow in place.
    pub(crate) fn make(
        data_size: usize,
        alignment: usize,
        room: bool,
        random: &mut Random,
    ) -> Option<Mapping> {
        let page = fixed().page;
        let before = (1 + random.below(MAX_GUARD) as usize) * page;
        let after = (1 + random.below(MAX_GUARD) as usize) * page;
        let affordable = COSTLY_USED.load(Ordering::Relaxed) < COSTLY;
        let costly = (room || !fixed().features.guard_pages) && affordable;
        let spare = match fixed().plan {
            Plan::Spacious { .. } if room && costly => (data_size / 2).next_multiple_of(page),
            _ => 0,
        };
        let extra = if alignment > page { alignment } else { 0 };
        let inner = before
            .checked_add(data_size)?
            .checked_add(after)?
            .checked_add(spare)?;
        let whole = inner.checked_add(extra)?;
        let access = if costly {
            Access::Nothing
        } else {
            Access::Write
        };
        let mut span = sys::map(whole, access)?;
        let mut span_size = whole;
        let mut data = span + before;
        if extra > 0 {
            data = data.next_multiple_of(alignment);
            // The alignment's surplus goes back, but for the guards.
            let (from, to) = (data - before, data - before + inner);
            // SAFETY: parts of the mapping just made.
            unsafe {
                if from > span {
                    sys::unmap(span, from - span);
                }
                if to < span + whole {
                    sys::unmap(to, span + whole - to);
                }
            }
            (span, span_size) = (from, inner);
        }
        let mapping = Mapping {
            span,
            span_size,
            data,
            data_size,
            costly,
            merged: false,
            reused: false,
            seamed: false,
        };
        if costly {
            COSTLY_USED.fetch_add(1, Ordering::Relaxed);
            // SAFETY: just mapped.
            if data_size > 0 && !unsafe { sys::protect(data, data_size, Access::Write) } {
                mapping.unmap();
                return None;
            }
        } else {
            // Without guards, past the budget, the block is still there: detection is weaker, the
            // program goes on.
            mapping.guard(span, data - span);
            mapping.guard(mapping.data_end(), mapping.span_end() - mapping.data_end());
        }
        Some(mapping)
    }

    /// This mapping and the one right behind it, as one. `None` where their guards cost entries
    /// in the memory map: each owes its own part of that budget.
    pub(crate) fn join(&self, behind: &Mapping) -> Option<Mapping> {
        if self.costly || behind.costly || self.span_end() != behind.span {
            return None;
        }
        Some(Mapping {
            span_size: self.span_size + behind.span_size,
            data_size: behind.data_end() - self.data,
            merged: true,
            reused: self.reused && behind.reused,
            ..*self
        })
    }

    pub(crate) fn data_end(&self) -> usize {
        self.data + self.data_size
    }

    pub(crate) fn span_end(&self) -> usize {
        self.span + self.span_size
    }

    /// Puts part of the mapping out of reach and drops its pages.
    fn guard(&self, at: usize, size: usize) {
        if size == 0 {
            return;
        }
        // SAFETY: part of this mapping, and no part of the block.
        unsafe {
            if !(fixed().features.guard_pages && sys::guard_pages(at, size)) {
                sys::drop_pages(at, size);
                if self.costly {
                    sys::protect(at, size, Access::Nothing);
                }
            }
        }
    }

    /// Gives everything back.
    pub(crate) fn unmap(&self) {
        self.repay();
        // SAFETY: the block is freed, or was never handed out.
        unsafe { sys::unmap(self.span, self.span_size) };
    }

    /// Gives back what lies around the data. The data's own place is a hole after a move, in which
    /// another thread may have mapped something by now.
    fn unmap_around(&self) {
        self.repay();
        // SAFETY: the guards are ours; nobody uses them.
        unsafe {
            sys::unmap(self.span, self.data - self.span);
            sys::unmap(self.data_end(), self.span_end() - self.data_end());
        }
    }

    fn repay(&self) {
        if self.costly {
            COSTLY_USED.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Makes a freed block's pages unreachable; what is in them stays, until they are used again.
    pub(crate) fn close(&self) -> bool {
        // SAFETY: the block is freed.
        unsafe { sys::protect(self.data, self.data_size, Access::Nothing) }
    }

    /// Makes a closed mapping usable for `data_size` bytes, which read as zero.
    pub(crate) fn reopen(mut self, data_size: usize) -> Option<Mapping> {
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
        self.wipe();
        Some(self)
    }

    /// Zeroes the pages that are there. Pages that were never touched stay untouched.
    fn wipe(&self) {
        const CHUNK: usize = 1024;
        let page = fixed().page;
        let mut present = [0u8; CHUNK];
        let mut at = self.data;
        while at < self.data_end() {
            let size = (self.data_end() - at).min(CHUNK * page);
            // SAFETY: our pages, as many as there are bytes in `present` at most.
            if !unsafe { sys::present(at, size, &mut present) } {
                // SAFETY: our pages; dropping them zeroes them too.
                unsafe { sys::drop_pages(at, size) };
                at += size;
                continue;
            }
            // Absent pages may lie in swap: dropping them costs nothing where nothing is.
            let mut run = at;
            for flags in present[..size / page].chunk_by(|a, b| a & 1 == b & 1) {
                let length = flags.len() * page;
                // SAFETY: our pages.
                unsafe {
                    if flags.first().is_some_and(|flags| flags & 1 == 1) {
                        wipe::zero_bytes(run, length);
                    } else {
                        sys::drop_pages(run, length);
                    }
                }
                run += length;
            }
            at += size;
        }
    }

    /// The mapping with fewer pages; the others are given back and out of reach.
    pub(crate) fn shrink(mut self, data_size: usize) -> Mapping {
        let from = self.data + data_size;
        self.guard(from, self.data_end() - from);
        self.data_size = data_size;
        self
    }

    /// The mapping with more pages, from the room that was left behind the block.
    pub(crate) fn grow_in_place(mut self, data_size: usize) -> Option<Mapping> {
        let more = data_size - self.data_size;
        // At least one page of guard must stay.
        let room = (self.span_end() - self.data_end()).saturating_sub(fixed().page);
        if !self.costly || more > room {
            return None;
        }
        let at = self.data_end();
        // SAFETY: the room is ours, and nothing is there. A part of the block that was given back
        // earlier may be guarded there.
        let grown = unsafe {
            sys::protect(at, more, Access::Write)
                && (!fixed().features.guard_pages || sys::unguard_pages(at, more))
        };
        self.data_size = data_size;
        self.seamed = true;
        grown.then_some(self)
    }

    /// Drops what a closed mapping holds, unless it has proved worth keeping: one that served a
    /// second block will serve a third.
    pub(crate) fn empty_unless_reused(&self) {
        if !self.reused {
            // SAFETY: the mapping is closed: nobody can reach what is in it.
            unsafe { sys::drop_pages(self.data, self.data_size) };
        }
    }

    /// Moves the pages to another, larger mapping, never touched, and gives back what is left. Pages
    /// that came from an earlier move and pages that were added later are two entries in the memory
    /// map; Linux moves such together since 6.17, and only where the size does not change in the call.
    /// `false` where it does not: the target is given back then.
    pub(crate) fn move_to(&self, target: &mut Mapping) -> bool {
        target.seamed = self.seamed;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(span: usize, costly: bool) -> Mapping {
        Mapping {
            span,
            span_size: 0x5000,
            data: span + 0x1000,
            data_size: 0x3000,
            costly,
            merged: false,
            reused: false,
            seamed: false,
        }
    }

    #[test]
    fn neighbours_merge_from_the_first_data_to_the_last() {
        let both = mapping(0x10000, false)
            .join(&mapping(0x15000, false))
            .unwrap();
        assert_eq!((both.span, both.span_end()), (0x10000, 0x1a000));
        assert_eq!((both.data, both.data_end()), (0x11000, 0x19000));
        assert!(both.merged);
    }

    #[test]
    fn others_do_not() {
        let low = mapping(0x10000, false);
        assert!(low.join(&mapping(0x16000, false)).is_none());
        assert!(mapping(0x15000, false).join(&low).is_none());
        assert!(low.join(&mapping(0x15000, true)).is_none());
    }

    /// Freed side by side, used again as one: what was two blocks reads as zero throughout.
    #[test]
    fn merged_mappings_are_used_again_wiped() {
        crate::thread::with_heap(|heap| {
            let page = fixed().page;
            let low = Mapping::make(4 * page, page, false, heap.random()).unwrap();
            // SAFETY: the mapping is this test's.
            unsafe { sys::pointer::<u8>(low.data).write_bytes(0x5a, low.data_size) };
            assert!(low.close());
            let merged = Mapping {
                merged: true,
                ..low
            };
            let again = merged.reopen(3 * page).unwrap();
            assert_eq!(again.data_end(), low.data_end());
            // SAFETY: as above.
            assert!(unsafe { wipe::is_zero_bytes(again.data, again.data_size) });
            again.unmap();
        });
    }
}
