// SPDX-License-Identifier: MIT OR Apache-2.0
//! The books of large blocks: which are live, which were freed of late, which mappings are kept, and how
//! much of it is worth keeping.

use core::cell::Cell;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::descriptor::{Descriptor, Freed};
use super::kept::{self, Kept};
use super::mapping::{Mapping, KEPT_LESS_FROM};
use super::table::Table;
use crate::evidence::Trail;
use crate::lock::Lock;
use crate::pool::{fixed, shared};

/// Freed blocks that are remembered by name, to tell a double free from a foreign pointer.
const REMEMBERED: usize = 512;

/// All large blocks. All zero is none.
#[repr(C)]
pub(crate) struct LargeHeap {
    pub(crate) lock: Lock,
    pub(super) table: Table,
    pub(super) kept: Kept,
    freed: [Cell<Freed>; REMEMBERED],
    freed_count: Cell<usize>,
    /// Whether there ever was a sensitive one.
    any_sensitive: AtomicBool,
    /// Bytes in live blocks, and the most that there were of late. The first is read without the lock too.
    live_bytes: AtomicUsize,
    peak_bytes: Cell<usize>,
}

// SAFETY: every cell is only touched under `lock`.
unsafe impl Sync for LargeHeap {}

impl LargeHeap {
    /// Bytes in live blocks and in mappings that are kept.
    pub(crate) fn held_bytes(&self) -> usize {
        self.live_bytes.load(Relaxed) + self.kept.bytes()
    }

    /// Ends the reservation. Calls `with` with addresses of the books that have no memory yet, under the lock, if it stood.
    pub(crate) fn relinquish(&self, with: impl FnMut(Range<usize>)) {
        let _held = self.lock.hold();
        self.table.relinquish().into_iter().flatten().for_each(with);
    }

    pub(super) fn insert(&self, descriptor: &Descriptor) -> bool {
        let _held = self.lock.hold();
        self.insert_held(descriptor)
    }

    /// There is a sensitive one from now on.
    pub(super) fn note_sensitive(&self) {
        // Relaxed, here and below: who asks has the block from whoever made it, or all locks.
        self.any_sensitive.store(true, Relaxed);
    }

    /// In a forked child, where another thread of the parent's was changing the books: what is live
    /// is found in the table, the rest is lost.
    pub(crate) fn mend(&self) {
        self.table.mend();
        self.kept.forget();
        self.freed_count.set(0);
        let bytes = self.table.iter().map(|live| live.mapping.data_size);
        self.live_bytes.store(bytes.sum(), Relaxed);
    }

    /// The caller holds the lock, here and below.
    pub(super) fn insert_held(&self, descriptor: &Descriptor) -> bool {
        let inserted = self.table.insert(descriptor);
        if inserted {
            let bytes = self.live_bytes.load(Relaxed);
            self.live_bytes
                .store(bytes + descriptor.mapping.data_size, Relaxed);
        }
        inserted
    }

    pub(super) fn remove_held(&self, block: usize) -> Option<Descriptor> {
        let removed = self.table.remove(block)?;
        let bytes = self.live_bytes.load(Relaxed);
        self.live_bytes
            .store(bytes - removed.mapping.data_size, Relaxed);
        Some(removed)
    }

    /// As [`Self::remove_held`], until [`Self::put_back_held`].
    pub(super) fn lend_held(&self, block: usize) -> Option<Descriptor> {
        let lent = self.table.lend(block)?;
        let bytes = self.live_bytes.load(Relaxed);
        self.live_bytes
            .store(bytes - lent.mapping.data_size, Relaxed);
        Some(lent)
    }

    /// The caller holds the lock.
    pub(super) fn put_back_held(&self, descriptor: &Descriptor) {
        self.table.put_back(descriptor);
        let bytes = self.live_bytes.load(Relaxed);
        self.live_bytes
            .store(bytes + descriptor.mapping.data_size, Relaxed);
    }

    /// Gives the oldest kept mappings back, outside the lock, which the caller does not hold.
    pub(super) fn keep_at_most(&self, bytes: usize) {
        loop {
            let oldest = {
                let _held = self.lock.hold();
                self.kept.surplus(bytes)
            };
            match oldest {
                Some(mapping) => mapping.unmap(),
                None => return,
            }
        }
    }

    /// How many bytes of freed blocks are worth keeping, one of `freed` bytes having been freed: in
    /// proportion to what was live of late, since many programs free all that they have at once and
    /// begin again; and those beside that which rest meanwhile. Of larger ones, at least what a program
    /// that has one at a time needs.
    pub(super) fn worth_keeping(&self, freed: usize) -> usize {
        /// Frees in which a peak loses two thirds of what it counts for.
        const MEMORY: usize = 512;
        let resting = freed.saturating_mul(kept::rest(freed));
        let peak = self.peak_bytes.get();
        let live = self.live_bytes.load(Relaxed);
        let peak = (live + freed).max(peak - peak / MEMORY);
        self.peak_bytes.set(peak);
        let bytes = if freed <= kept::SEVERAL_UP_TO {
            peak.saturating_add(resting)
        } else {
            let part = if freed >= KEPT_LESS_FROM { 2 } else { 1 };
            (peak / part).max(resting.saturating_add(freed))
        };
        bytes.min(fixed().options.large_kept())
    }

    pub(super) fn remember(&self, descriptor: &Descriptor, by: Trail) {
        let at = self.freed_count.get();
        self.freed_count.set(at.wrapping_add(1));
        self.freed[at % REMEMBERED].set(Freed {
            descriptor: *descriptor,
            by,
        });
    }

    pub(super) fn reuse(&self, data_size: usize) -> Option<Mapping> {
        let mapping = {
            let _held = self.lock.hold();
            self.kept.take(data_size)?
        };
        mapping.reopen(data_size)
    }

    /// The youngest freed block for which `matching` holds. The caller holds the lock.
    fn last_freed(&self, matching: impl Fn(&Descriptor) -> bool) -> Option<Freed> {
        let count = self.freed_count.get();
        (1..=count.min(REMEMBERED))
            .map(|back| self.freed[(count - back) % REMEMBERED].get())
            .find(|freed| matching(&freed.descriptor))
    }
}

/// The live block that starts at `address`.
pub(crate) fn find(address: usize) -> Option<Descriptor> {
    let large = &shared().large;
    let _held = large.lock.hold();
    large.table.find(address)
}

/// What lies at an address that is not the start of a live block.
pub(crate) enum Near {
    /// Inside a live block or its surroundings.
    Live(Descriptor),
    /// Where a block was.
    Freed(Freed),
}

/// The large block that an address belongs to, guards included. Slow: it looks at all of them.
pub(crate) fn near(address: usize) -> Option<Near> {
    let large = &shared().large;
    if large.lock.is_mine() {
        return None;
    }
    let _held = large.lock.hold();
    let within = |d: &Descriptor| address.wrapping_sub(d.mapping.span) < d.mapping.span_size;
    if let Some(live) = large.table.iter().find(within) {
        return Some(Near::Live(live));
    }
    large.last_freed(within).map(Near::Freed)
}

/// The freed block that started at `address`, if that is remembered.
pub(crate) fn freed_at(address: usize) -> Option<Freed> {
    let large = &shared().large;
    let _held = large.lock.hold();
    large.last_freed(|d| d.block == address)
}

/// Looks at every live block, until `look` returns `false`.
pub(crate) fn each(mut look: impl FnMut(&Descriptor) -> bool) {
    let large = &shared().large;
    let _held = large.lock.hold();
    for descriptor in large.table.iter() {
        if !look(&descriptor) {
            return;
        }
    }
}

/// Looks at every live sensitive block.
pub(crate) fn each_sensitive(mut look: impl FnMut(&Descriptor)) {
    // Most programs have none, and a forked child is not to read all books for that.
    if shared().large.any_sensitive.load(Relaxed) {
        each(|descriptor| {
            if descriptor.sensitive {
                look(descriptor);
            }
            true
        });
    }
}

/// The same for a message, which nothing must keep from being written.
pub(crate) fn each_known(mut look: impl FnMut(&Descriptor)) {
    if !shared().large.lock.is_mine() {
        each(|descriptor| {
            look(descriptor);
            true
        });
    }
}

/// Whether a block is out of the books for a moment, see [`LargeHeap::lend_held`]. The caller holds the lock.
pub(crate) fn is_any_lent() -> bool {
    shared().large.table.is_any_lent()
}

/// Bytes in live large blocks, their number, and bytes kept, for statistics.
pub(crate) fn totals() -> (usize, usize, usize) {
    let large = &shared().large;
    let _held = large.lock.hold();
    let (mut bytes, mut count) = (0, 0);
    for descriptor in large.table.iter() {
        bytes += descriptor.mapping.data_size;
        count += 1;
    }
    (bytes, count, large.kept.bytes())
}
