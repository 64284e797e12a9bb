// SPDX-License-Identifier: MIT OR Apache-2.0
//! One mapping: pages for a large block between two guards of random width.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use secmalloc_policy::layout::Plan;
use secmalloc_policy::random::Random;

use super::touched;
use crate::pool::fixed;
use crate::sys::{self, Access};
use crate::wipe;

/// A guard is 1 to this many pages wide: where one block ends says little of where the next
/// begins.
const MAX_GUARD: u32 = 8;

/// From this size on a mapping starts where a huge page may, and may be made of huge pages (see
/// [`super::touched`]).
pub(crate) const HUGE_FROM: usize = 4 << 20;
const HUGE_PAGE: usize = 2 << 20;

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
    /// Whether the kernel was asked for huge pages.
    pub(crate) huge: bool,
    /// So many bytes from `data` on may have memory; what lies behind was never touched, or has
    /// been dropped.
    pub(crate) warm: usize,
}

/// What a mapping is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A block of its own size.
    Block,
    /// One that grows, and will go on.
    Growth,
}

impl Mapping {
    /// A new mapping, zero, with `data_size` bytes at a multiple of `alignment`.
    ///
    /// Where address space is plenty it has room behind the data, out of reach: the block may grow
    /// into it, and once freed the mapping serves blocks of many sizes.
    pub(crate) fn make(
        data_size: usize,
        alignment: usize,
        purpose: Purpose,
        random: &mut Random,
    ) -> Option<Mapping> {
        let page = fixed().page;
        let before = (1 + random.below(MAX_GUARD) as usize) * page;
        let after = (1 + random.below(MAX_GUARD) as usize) * page;
        let affordable = COSTLY_USED.load(Ordering::Relaxed) < COSTLY;
        let spacious = matches!(fixed().plan, Plan::Spacious { .. })
            && !fixed().options.guard_all()
            && affordable;
        let growing = purpose == Purpose::Growth;
        let costly = (spacious || growing || !fixed().features.guard_pages) && affordable;
        let spare = if spacious {
            spare(data_size, growing).next_multiple_of(page)
        } else {
            0
        };
        let aligned_for_huge = spacious && data_size >= HUGE_FROM && alignment <= HUGE_PAGE;
        let alignment = if aligned_for_huge {
            HUGE_PAGE
        } else {
            alignment
        };
        // Random huge pages of distance stand in for the random width of guards that the
        // alignment swallows.
        let shift = if aligned_for_huge {
            random.below(MAX_GUARD) as usize * HUGE_PAGE
        } else {
            0
        };
        let extra = if alignment > page { alignment } else { 0 };
        let inner = before
            .checked_add(data_size)?
            .checked_add(after)?
            .checked_add(spare)?;
        let whole = inner.checked_add(extra)?.checked_add(shift)?;
        let access = if costly {
            Access::Nothing
        } else {
            Access::Write
        };
        let mut span = sys::map(whole, access)?;
        let mut span_size = whole;
        let mut data = span + before;
        if extra > 0 {
            data = data.next_multiple_of(alignment) + shift;
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
            huge: false,
            warm: data_size,
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
            if self.costly {
                sys::drop_pages(at, size);
                sys::protect(at, size, Access::Nothing);
            } else if !(fixed().features.guard_pages && sys::guard_pages(at, size)) {
                sys::drop_pages(at, size);
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
        let part = if data_size >= HUGE_FROM { 2 } else { 4 };
        if self.warm > data_size + data_size / part {
            self.cool(data_size);
        }
        self.choose_page_size(data_size);
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

    /// Drops the memory of a closed mapping from `keep` bytes on.
    pub(crate) fn cool(&mut self, keep: usize) {
        // SAFETY: the mapping is closed: nobody can reach what is in it.
        if keep < self.warm && unsafe { sys::drop_pages(self.data + keep, self.warm - keep) } {
            self.warm = keep;
        }
    }

    /// Huge pages for programs that use all of what they ask for. The mapping is closed, or new.
    pub(crate) fn choose_page_size(&mut self, data_size: usize) {
        let suits = self.costly && self.data % HUGE_PAGE == 0 && data_size >= HUGE_FROM;
        let huge = suits && touched::wants_huge();
        if huge != self.huge {
            // Pages that are there keep their size: they must go for others to come.
            self.cool(0);
            self.advise_huge(huge);
        }
    }

    /// Asks for huge pages, or for none.
    pub(crate) fn advise_huge(&mut self, huge: bool) {
        let (from, size) = (self.data, self.span_end() - self.data);
        // SAFETY: our own mapping. What the kernel makes of it is not seen by the program.
        unsafe { sys::huge_pages(from, size, huge) };
        self.huge = huge;
    }

    /// Zeroes the pages that are there. Pages that were never touched stay untouched.
    fn wipe(&self) {
        const CHUNK: usize = 1024;
        let page = fixed().page;
        let mut flags = [0u8; CHUNK];
        let end = self.data + self.data_size.min(self.warm);
        let mut at = self.data;
        while at < end {
            let size = (end - at).min(CHUNK * page);
            // SAFETY: our pages, as many as there are bytes in `flags` at most.
            if !unsafe { sys::present(at, size, &mut flags) } {
                // SAFETY: our pages; dropping them zeroes them too.
                unsafe { sys::drop_pages(at, size) };
                at += size;
                continue;
            }
            // Absent pages may lie in swap: dropping them costs nothing where nothing is.
            let mut run = at;
            for flags in flags[..size / page].chunk_by(|a, b| a & 1 == b & 1) {
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

    /// How many bytes of the data are in memory.
    pub(crate) fn present(&self) -> usize {
        const CHUNK: usize = 1024;
        let page = fixed().page;
        let mut flags = [0u8; CHUNK];
        let (mut at, mut there) = (self.data, 0);
        while at < self.data_end() {
            let size = (self.data_end() - at).min(CHUNK * page);
            // SAFETY: our pages, as many as there are bytes in `flags` at most.
            if unsafe { sys::present(at, size, &mut flags) } {
                there += flags[..size / page].iter().filter(|&&f| f & 1 == 1).count() * page;
            }
            at += size;
        }
        there
    }

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
        if !self.costly || data_size > self.capacity() {
            return None;
        }
        let at = self.data_end();
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

    /// Drops what a closed mapping holds, unless it has proved worth keeping: one that served a
    /// second block will serve a third.
    pub(crate) fn empty_unless_reused(&mut self) {
        if !self.reused {
            self.cool(0);
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

/// Address space behind the data, for growth and for larger blocks later on.
fn spare(data_size: usize, growing: bool) -> usize {
    /// Blocks up to this get room up to the next power of two.
    const ROUNDED_UP_TO: usize = 64 << 20;
    if growing {
        data_size / 2
    } else if data_size <= ROUNDED_UP_TO {
        data_size.next_power_of_two() - data_size
    } else {
        data_size / 4
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
            huge: false,
            warm: 0x3000,
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

    /// Used again smaller, then grown over what an earlier block left behind it.
    #[test]
    fn what_earlier_blocks_left_is_wiped_however_it_is_reached() {
        crate::thread::with_heap(|heap| {
            let page = fixed().page;
            let first = Mapping::make(20 * page, page, Purpose::Block, heap.random()).unwrap();
            // SAFETY: the mapping is this test's, here and below.
            unsafe { sys::pointer::<u8>(first.data).write_bytes(0x5a, first.data_size) };
            assert!(first.close());
            let second = first.reopen(18 * page).unwrap();
            assert_eq!((second.data, second.warm), (first.data, 20 * page));
            // SAFETY: as above.
            assert!(unsafe { wipe::is_zero_bytes(second.data, second.data_size) });
            let third = second.grow_in_place(22 * page).unwrap();
            assert_eq!(third.data_size, 22 * page);
            // SAFETY: as above.
            assert!(unsafe { wipe::is_zero_bytes(third.data, third.data_size) });
            third.unmap();
        });
    }

    /// Neither memory nor address space for much larger blocks than are asked for.
    #[test]
    fn misfits_are_refused() {
        let closed = Mapping {
            span_size: 0x100_0000,
            warm: 0x10_0000,
            ..mapping(0x10_0000, true)
        };
        assert_eq!(closed.capacity(), 0xff_e000);
        assert_eq!(closed.misfit(0x10_0000), None);
        assert_eq!(closed.misfit(0x40_0000), Some(2 * 0x30_0000));
        assert_eq!(closed.misfit(0xff_f000), None);
        let closed = Mapping {
            span_size: 0x20_2000,
            ..closed
        };
        assert_eq!(closed.misfit(0xf_0000), Some(0x1_0000));
        assert_eq!(closed.misfit(0x8_0000 - 0x1000), None);
        assert_eq!(closed.misfit(0), None);
    }

    /// Freed side by side, used again as one: what was two blocks reads as zero throughout.
    #[test]
    fn merged_mappings_are_used_again_wiped() {
        crate::thread::with_heap(|heap| {
            let page = fixed().page;
            let low = Mapping::make(4 * page, page, Purpose::Block, heap.random()).unwrap();
            // SAFETY: the mapping is this test's.
            unsafe { sys::pointer::<u8>(low.data).write_bytes(0x5a, low.data_size) };
            assert!(low.close());
            low.repay();
            let merged = Mapping {
                merged: true,
                costly: false,
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
