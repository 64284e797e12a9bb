// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the address of a large block to its descriptor: an open hash table over an array.
//!
//! Descriptors stay where they are; buckets hold their numbers. The buckets double when they are
//! half full; each size of the bucket array has its own place in the metadata pool, so that
//! growing needs no memory but address space, which is there already.

use core::cell::Cell;
use core::mem::size_of;
use core::ops::Range;
use core::sync::atomic::{fence, Ordering};

use secmalloc_policy::layout::START_STEP;

use super::Descriptor;
use crate::pool::{fixed, Growing, Reservation};
use crate::sys;

const FIRST_BUCKETS: usize = 1024;

/// Where the arrays lie.
#[derive(Clone, Copy)]
pub(crate) struct Tables {
    descriptors: usize,
    buckets: usize,
    capacity: u32,
}

#[derive(Clone, Copy)]
struct Entry {
    descriptor: Descriptor,
    /// The next free entry, its number plus one.
    next_free: u32,
}

/// The state of the table; all zero is an empty one.
#[repr(C)]
pub(crate) struct Table {
    /// Entries `0..used` have been written.
    used: Cell<u32>,
    free: Cell<u32>,
    live: Cell<u32>,
    /// Blocks that are out for a moment and come back for certain: room is kept for them.
    lent: Cell<u32>,
    /// There are `FIRST_BUCKETS << level` buckets.
    level: Cell<u32>,
    /// Memory for entries and for buckets.
    entries: Growing,
    buckets: Growing,
    /// How it is held.
    reservation: Reservation,
}

impl Tables {
    /// Bytes for `capacity` blocks, each array on pages of its own. The last array of buckets has at most four for each, rounded up
    /// to a power of two; all arrays before it together have fewer.
    pub(crate) fn size(capacity: usize) -> usize {
        let buckets = 8 * capacity.next_power_of_two() + 2 * FIRST_BUCKETS;
        capacity * size_of::<Entry>() + START_STEP + buckets * size_of::<u32>()
    }

    /// The tables at this address, in [`Tables::size`] bytes.
    pub(crate) fn at(address: usize, capacity: usize) -> Tables {
        let buckets = (address + capacity * size_of::<Entry>()).next_multiple_of(START_STEP);
        Tables {
            descriptors: address,
            buckets,
            capacity: capacity as u32,
        }
    }

    /// Where they begin.
    pub(crate) fn start(&self) -> usize {
        self.descriptors
    }

    fn entry(&self, number: u32) -> &'static Cell<Entry> {
        debug_assert!(number < self.capacity);
        // SAFETY: entries have memory before they are used first; zero is a valid entry, and all
        // access is under the lock of the large heap.
        unsafe {
            sys::pointer::<Cell<Entry>>(self.descriptors + number as usize * size_of::<Entry>())
                .as_ref()
        }
    }

    /// Bucket `at` of the array of this level: 0 for an empty one, or an entry's number plus one.
    fn bucket(&self, level: u32, at: usize) -> &'static Cell<u32> {
        // The arrays before this one have FIRST << level - FIRST buckets together.
        let start = (FIRST_BUCKETS << level) - FIRST_BUCKETS;
        // SAFETY: `size` made room for all levels that `insert` reaches, and `has_memory` saw to
        // memory for this one.
        unsafe {
            sys::pointer::<Cell<u32>>(self.buckets + (start + at) * size_of::<u32>()).as_ref()
        }
    }
}

impl Table {
    fn mask(&self) -> usize {
        (FIRST_BUCKETS << self.level.get()) - 1
    }

    fn home(&self, block: usize) -> usize {
        (fixed().keys.hash(block) >> 20) as usize & self.mask()
    }

    /// Sees to memory for so many entries, and for the buckets of a level.
    fn has_memory(&self, entries: u32, level: u32) -> bool {
        /// Entries that get memory at a time, where there is enough.
        const STEP: usize = 512;
        let tables = &fixed().large_tables;
        let (size, buckets) = (size_of::<Entry>(), size_of::<u32>());
        let wanted = entries as usize;
        let enough = wanted * size <= self.entries.bytes()
            || [wanted + STEP, wanted].iter().any(|&to| {
                let to = to.min(tables.capacity as usize);
                self.entries
                    .up(self.reservation.stands(), tables.descriptors, to * size)
            });
        let end = (FIRST_BUCKETS << (level + 1)) - FIRST_BUCKETS;
        enough
            && self
                .buckets
                .up(self.reservation.stands(), tables.buckets, end * buckets)
    }

    /// Ends the reservation. Addresses of entries and of buckets that have no memory, if it stood.
    pub(super) fn relinquish(&self) -> Option<[Range<usize>; 2]> {
        let (fixed, tables) = (fixed(), &fixed().large_tables);
        let end = tables.descriptors + Tables::size(tables.capacity as usize);
        self.reservation.end().then(|| {
            [
                tables.descriptors + self.entries.bytes()..tables.buckets,
                tables.buckets + self.buckets.bytes()..end / fixed.page * fixed.page,
            ]
        })
    }

    /// The bucket that holds a block's entry, and the entry's number.
    fn locate(&self, block: usize) -> Option<(usize, u32)> {
        if self.live.get() == 0 {
            // There may not even be a table.
            return None;
        }
        let tables = &fixed().large_tables;
        let mut at = self.home(block);
        loop {
            let number = tables.bucket(self.level.get(), at).get().checked_sub(1)?;
            if tables.entry(number).get().descriptor.block == block {
                return Some((at, number));
            }
            at = (at + 1) & self.mask();
        }
    }

    /// The descriptor of the block that starts there.
    pub(crate) fn find(&self, block: usize) -> Option<Descriptor> {
        let (_, number) = self.locate(block)?;
        fixed().large_tables.entry(number).get().descriptor.some()
    }

    /// Adds a block. `false` when the table is full, or there is no memory for it.
    pub(crate) fn insert(&self, descriptor: &Descriptor) -> bool {
        let tables = &fixed().large_tables;
        let blocks = self.live.get() + self.lent.get() + 1;
        let doubles = blocks as usize * 2 > self.mask();
        if blocks > tables.capacity
            || !self.has_memory(blocks, self.level.get() + u32::from(doubles))
        {
            return false;
        }
        let number = match self.free.get().checked_sub(1) {
            Some(number) => {
                self.free.set(tables.entry(number).get().next_free);
                number
            }
            // As many are used as are live: there is memory for one more.
            None => {
                self.used.set(self.used.get() + 1);
                self.used.get() - 1
            }
        };
        let entry = tables.entry(number);
        // Its address last: a process that is forked meanwhile may go by it, see `mend`.
        for block in [0, descriptor.block] {
            entry.set(Entry {
                descriptor: Descriptor {
                    block,
                    ..*descriptor
                },
                next_free: 0,
            });
            fence(Ordering::Release);
        }
        self.live.set(self.live.get() + 1);
        if doubles {
            self.double();
        } else {
            self.place(descriptor.block, number);
        }
        true
    }

    /// Takes a block out that [`Table::put_back`] is going to bring back.
    pub(super) fn lend(&self, block: usize) -> Option<Descriptor> {
        let lent = self.remove(block)?;
        self.lent.set(self.lent.get() + 1);
        Some(lent)
    }

    /// Whether any is out.
    pub(super) fn is_any_lent(&self) -> bool {
        self.lent.get() > 0
    }

    /// Brings a block back, with another size or at another place. There is room for it.
    pub(super) fn put_back(&self, descriptor: &Descriptor) {
        self.lent.set(self.lent.get() - 1);
        self.insert(descriptor);
    }

    fn place(&self, block: usize, number: u32) {
        let tables = &fixed().large_tables;
        let mut at = self.home(block);
        while tables.bucket(self.level.get(), at).get() != 0 {
            at = (at + 1) & self.mask();
        }
        tables.bucket(self.level.get(), at).set(number + 1);
    }

    /// Twice the buckets; the old ones' memory goes back.
    fn double(&self) {
        let tables = &fixed().large_tables;
        let old = self.level.get();
        self.level.set(old + 1);
        for number in 0..self.used.get() {
            if let Some(descriptor) = tables.entry(number).get().descriptor.some() {
                self.place(descriptor.block, number);
            }
        }
        let buckets = FIRST_BUCKETS << old;
        for at in 0..buckets {
            tables.bucket(old, at).set(0);
        }
    }

    /// Takes a block out.
    pub(crate) fn remove(&self, block: usize) -> Option<Descriptor> {
        let tables = &fixed().large_tables;
        let (mut hole, number) = self.locate(block)?;
        let level = self.level.get();
        // Close the hole: whatever could have been placed there, had it been empty, moves back.
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask();
            let Some(other) = tables.bucket(level, at).get().checked_sub(1) else {
                break;
            };
            let descriptor = tables.entry(other).get().descriptor;
            let home = self.home(descriptor.block);
            let from_home = at.wrapping_sub(home) & self.mask();
            let from_hole = at.wrapping_sub(hole) & self.mask();
            if from_home >= from_hole {
                tables.bucket(level, hole).set(other + 1);
                hole = at;
            }
        }
        tables.bucket(level, hole).set(0);
        let removed = tables.entry(number).get().descriptor;
        let gone = Descriptor {
            block: 0,
            ..removed
        };
        tables.entry(number).set(Entry {
            descriptor: gone,
            next_free: self.free.get(),
        });
        self.free.set(number + 1);
        self.live.set(self.live.get() - 1);
        removed.some()
    }

    /// Makes the buckets and the free list anew, from the descriptors: in a forked child, where
    /// another thread was changing them.
    pub(super) fn mend(&self) {
        let tables = &fixed().large_tables;
        self.free.set(0);
        self.live.set(0);
        if self.buckets.bytes() == 0 {
            // The other thread was making room for the first block of all: there may be no memory for buckets.
            return;
        }
        for at in 0..=self.mask() {
            tables.bucket(self.level.get(), at).set(0);
        }
        for number in 0..self.used.get() {
            let entry = tables.entry(number);
            let mut now = entry.get();
            if now.descriptor.block == 0 {
                now.next_free = self.free.replace(number + 1);
                entry.set(now);
            } else {
                self.live.set(self.live.get() + 1);
                self.place(now.descriptor.block, number);
            }
        }
    }

    /// All live blocks.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Descriptor> + '_ {
        (0..self.used.get())
            .filter_map(|number| fixed().large_tables.entry(number).get().descriptor.some())
    }
}
