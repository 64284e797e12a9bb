// SPDX-License-Identifier: MIT OR Apache-2.0
//! One mapping: pages for a large block between two guards of random width.

mod grow;
mod memory;
mod reuse;
mod secrets;
#[cfg(test)]
mod tests;

use core::sync::atomic::{AtomicUsize, Ordering};

use secmalloc_policy::random::Random;

use crate::pool::fixed;
use crate::sys::{self, Access};

/// A guard is 1 to this many pages wide: where one block ends says little of where the next
/// begins.
const MAX_GUARD: u32 = 8;

/// From this size on a mapping starts where a huge page may, and may be made of huge pages (see
/// [`super::touched`]).
const HUGE_FROM: usize = 2 << 20;
const HUGE_PAGE: usize = 2 << 20;

/// From this size on, less is kept of what is freed: such blocks are few, and their pages many.
pub(crate) const KEPT_LESS_FROM: usize = 4 << 20;

/// From this size on the kernel is asked whether it would give so much. Our memory does not count until it is
/// touched; a program that asks for more than there is wants `NULL`, not to be killed when it uses the block.
const DOUBTFUL_FROM: usize = 256 << 20;

fn is_hopeless(size: usize) -> bool {
    size >= DOUBTFUL_FROM && !sys::could_have(size)
}

/// Mappings that may split the process's memory map, at two entries each: together they stay far
/// below `vm.max_map_count` (65,530).
const COSTLY: usize = 2000;
static COSTLY_USED: AtomicUsize = AtomicUsize::new(0);

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
    /// Whether guards and room are left out of cores: nothing is there, and with another flag than the data's they are
    /// entries of their own in the memory map. To close the data and to open it again neither joins it with them nor
    /// cuts it off, which takes half of the time of both calls.
    edged: bool,
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
        if is_hopeless(data_size) {
            return None;
        }
        let page = fixed().page;
        let widest = widest_guard(page, fixed().is_spacious());
        let before = (1 + random.below(widest) as usize) * page;
        let after = (1 + random.below(widest) as usize) * page;
        let affordable = COSTLY_USED.load(Ordering::Relaxed) < COSTLY;
        let spacious = fixed().is_spacious() && !fixed().options.guard_all() && affordable;
        let growing = purpose == Purpose::Growth;
        let costly = (spacious || growing || !fixed().features.guard_pages) && affordable;
        let spare = if spacious {
            spare(data_size, growing).checked_next_multiple_of(page)?
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
            // One that grows would change its edge at each step.
            edged: costly && !growing,
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
            mapping.edge();
        } else {
            // Without guards, past the budget, the block is still there: detection is weaker, the
            // program goes on.
            mapping.guard(span, data - span);
            mapping.guard(mapping.data_end(), mapping.span_end() - mapping.data_end());
        }
        Some(mapping)
    }

    /// Whether it has served more than one block.
    pub(crate) fn is_reused(&self) -> bool {
        self.reused
    }

    pub(crate) fn data_end(&self) -> usize {
        self.data + self.data_size
    }

    pub(crate) fn span_end(&self) -> usize {
        self.span + self.span_size
    }

    /// Leaves guards and room out of cores.
    fn edge(&self) {
        if self.edged {
            // SAFETY: all of it is ours.
            unsafe {
                sys::leave_out_of_cores(self.span, self.data - self.span);
                sys::leave_out_of_cores(self.data_end(), self.span_end() - self.data_end());
            }
        }
    }

    /// To be called before the data is opened up to `data_size` bytes: what comes to it belongs into cores.
    fn move_edge(&self, data_size: usize) {
        let inside = self.warm.max(self.data_size).min(data_size);
        if self.edged && inside < data_size {
            // SAFETY: part of this mapping.
            unsafe { sys::put_into_cores(self.data + inside, data_size - inside) };
        }
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
}

/// Pages of a guard at most. Where address space is dear and pages are large, they are fewer.
fn widest_guard(page: usize, plenty: bool) -> u32 {
    const SMALL_PAGE: usize = 4096;
    if plenty {
        MAX_GUARD
    } else {
        (MAX_GUARD as usize * SMALL_PAGE / page).max(1) as u32
    }
}

/// Address space behind the data, for growth and for larger blocks later on.
fn spare(data_size: usize, growing: bool) -> usize {
    /// Blocks up to this get room up to the next power of two.
    const ROUNDED_UP_TO: usize = 64 << 20;
    if growing {
        data_size.saturating_mul(3)
    } else if data_size <= ROUNDED_UP_TO {
        data_size.next_power_of_two() - data_size
    } else {
        data_size / 4
    }
}
