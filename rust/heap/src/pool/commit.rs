// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pieces of the pools become memory, and addresses again.
//!
//! A piece of a reserved pool is there already, out of reach: it is opened. Where nothing could be
//! reserved, it is mapped, at its place or not at all.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use super::{fixed, Fixed};
use crate::sys::{self, Access};

/// In a forked child: another thread of the parent's may have been between mapping a piece and writing that
/// down.
static UNSURE: AtomicBool = AtomicBool::new(false);

/// To be called in a child of which something had to be mended.
pub(crate) fn be_unsure() {
    // Relaxed: the child has one thread yet.
    UNSURE.store(true, Ordering::Relaxed);
}

/// Maps a piece at its place. Where that is taken in an unsure child, it is by what the parent had begun:
/// the place was chosen so that nobody else comes there.
fn map_piece(from: usize, size: usize) -> bool {
    sys::map_at(from, size, Access::Write)
        || (UNSURE.load(Ordering::Relaxed)
            // SAFETY: a piece of our pools that nobody uses yet.
            && unsafe { sys::protect(from, size, Access::Write) })
}

/// How a part of the pools is held now: as the plan says, or reserved no more. Under the part's lock; all zero is the first.
#[repr(C)]
pub(crate) struct Reservation(Cell<bool>);

impl Reservation {
    /// Whether what is not in use is reserved.
    pub(crate) fn stands(&self) -> bool {
        fixed().plan.reserved && !self.0.get()
    }

    /// From now on nothing is. Whether it was: then what is not in use is to be given back, before the lock is.
    pub(crate) fn end(&self) -> bool {
        fixed().plan.reserved && !self.0.replace(true)
    }
}

impl Fixed {
    /// Makes part of the data pool usable; addresses in whole pages. It is not sealed: programs may
    /// protect pages of blocks that they aligned to pages (mprotect(2) has an example).
    pub(crate) fn commit(&self, reserved: bool, from: usize, to: usize) -> bool {
        if reserved {
            // SAFETY: part of our reservation that nobody uses yet.
            let opened = unsafe { sys::protect(from, to - from, Access::Write) };
            if opened {
                // What blocks hold belongs into cores.
                // SAFETY: as above.
                unsafe { sys::put_into_cores(from, to - from) };
            }
            return opened;
        }
        let mapped = map_piece(from, to - from);
        if mapped {
            // As the rest of the pool is, so that both are one entry in the memory map.
            // SAFETY: just mapped.
            unsafe { sys::small_pages_only(from, to - from) };
        }
        mapped
    }

    /// Gives part of the data pool back: memory, the right to it, and, where it was not reserved, its
    /// addresses too. `false` if it is still there.
    ///
    /// # Safety
    /// - Whole pages that were committed and that nobody uses.
    pub(crate) unsafe fn decommit(&self, reserved: bool, from: usize, to: usize) -> bool {
        // SAFETY: the caller's promise; the reservation goes on without a gap.
        unsafe {
            if reserved {
                let replaced = sys::replace(from, to - from);
                // As what lies around it is.
                sys::leave_out_of_cores(from, to - from);
                replaced
            } else {
                sys::unmap(from, to - from)
            }
        }
    }
}

/// Makes part of the metadata pool usable. It is not sealed: a program may have shut itself into a
/// sandbox since the start, whose filter ends the process at a system call that it does not know (sshd).
pub(super) fn open_metadata(reserved: bool, from: usize, to: usize) -> bool {
    if reserved {
        // SAFETY: part of our reservation that nobody uses yet.
        return unsafe { sys::protect(from, to - from, Access::Write) };
    }
    let mapped = map_piece(from, to - from);
    if mapped {
        // SAFETY: just mapped.
        unsafe {
            sys::small_pages_only(from, to - from);
            sys::leave_out_of_cores(from, to - from);
        }
    }
    mapped
}

/// How far an array of the metadata pool has memory, in bytes from where it begins to the end of a page. All
/// zero is not at all.
#[repr(C)]
pub(crate) struct Growing(Cell<usize>);

impl Growing {
    /// Bytes that can be touched.
    pub(crate) fn bytes(&self) -> usize {
        self.0.get()
    }

    /// For an array of which a part had memory from the start.
    pub(crate) fn begin(&self, bytes: usize) {
        self.0.set(bytes);
    }

    /// Sees to memory for the first `bytes` of the array that grows up from `start`, at the start of a page or one of
    /// [`Growing::both`]. The caller holds the array's lock, here and below.
    #[must_use]
    pub(crate) fn up(&self, reserved: bool, start: usize, bytes: usize) -> bool {
        let (so_far, wanted) = (self.0.get(), above(start, bytes) - start);
        let enough = wanted <= so_far || open_metadata(reserved, start + so_far, start + wanted);
        self.note(wanted, enough)
    }

    /// The same for the array that grows down from `end`.
    #[must_use]
    fn down(&self, reserved: bool, end: usize, bytes: usize) -> bool {
        let (so_far, wanted) = (self.0.get(), end - below(end, bytes));
        let enough = wanted <= so_far || open_metadata(reserved, end - wanted, end - so_far);
        self.note(wanted, enough)
    }

    /// Both arrays that begin at one point, anywhere in a page: that page is of both, and the first time is one piece.
    #[must_use]
    pub(crate) fn both(
        reserved: bool,
        (down, up): (&Growing, &Growing),
        point: usize,
        bytes: [usize; 2],
    ) -> bool {
        if down.bytes() > 0 && up.bytes() > 0 {
            return down.down(reserved, point, bytes[0]) && up.up(reserved, point, bytes[1]);
        }
        let (from, to) = (below(point, bytes[0]), above(point, bytes[1]));
        let enough = open_metadata(reserved, from, to);
        down.note(point - from, enough) && up.note(to - point, enough)
    }

    fn note(&self, wanted: usize, enough: bool) -> bool {
        if enough {
            self.0.set(self.0.get().max(wanted));
        }
        enough
    }
}

/// Where the page ends that the last of `bytes` from `start` on lies in.
fn above(start: usize, bytes: usize) -> usize {
    (start + bytes).next_multiple_of(fixed().page)
}

/// Where the page begins that the first of `bytes` before `end` lies in.
fn below(end: usize, bytes: usize) -> usize {
    (end - bytes) / fixed().page * fixed().page
}
