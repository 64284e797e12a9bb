// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is kept of sampled small blocks: a table of fixed size, by address.
//!
//! An entry belongs to whoever has the slot in its hands, so that its fields need no lock; only taking an entry
//! for another address is a race, and its address is exchanged for that. Entries of live blocks stay. A new block
//! takes an empty entry, else the one whose block was freed longest ago; where all its places hold
//! live blocks, it is not kept.

use core::mem::size_of;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::*};

use super::Trail;
use crate::sys;

/// Places that an address may have.
const WAYS: usize = 8;
/// The address of an entry that is being written.
const TAKEN: usize = 1;

/// Fields of a [`Trail`].
#[derive(Default)]
struct Kept {
    thread: AtomicU32,
    stack: AtomicU32,
    name: AtomicU32,
}

impl Kept {
    fn set(&self, trail: Trail) {
        self.thread.store(trail.thread, Relaxed);
        self.stack.store(trail.stack, Relaxed);
        self.name.store(trail.name, Relaxed);
    }

    fn get(&self) -> Trail {
        Trail {
            thread: self.thread.load(Relaxed),
            stack: self.stack.load(Relaxed),
            name: self.name.load(Relaxed),
        }
    }
}

/// All zero is an empty one.
#[repr(C)]
#[derive(Default)]
struct Entry {
    address: AtomicUsize,
    size: AtomicU32,
    /// When the block was freed, counted in frees of such blocks; 0 while it is live.
    ended: AtomicU32,
    made: Kept,
    freed: Kept,
}

/// The first word of the table counts frees.
const FIRST: usize = 64;

/// The table.
#[derive(Clone, Copy)]
pub(super) struct Blocks {
    turn: &'static AtomicU32,
    entries: &'static [Entry],
}

impl Blocks {
    /// Bytes of memory for a table of `count` entries, a power of two.
    pub(super) const fn bytes(count: usize) -> usize {
        FIRST + count * size_of::<Entry>()
    }

    /// The table at an address.
    ///
    /// # Safety
    /// - There are [`Blocks::bytes`] of memory, aligned to 64, that was zero at first, for good and for
    ///   nothing else.
    pub(super) unsafe fn at(at: usize, count: usize) -> Blocks {
        // SAFETY: the caller's promise; all that is in it is atomic, and valid if zero.
        unsafe {
            Blocks {
                turn: sys::pointer::<AtomicU32>(at).as_ref(),
                entries: core::slice::from_raw_parts(sys::pointer(at + FIRST).as_ptr(), count),
            }
        }
    }

    fn ways(&self, address: usize) -> &'static [Entry] {
        // Slots of one slab differ in their low bits, which the multiplication spreads upwards.
        let mixed = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let from = mixed as usize & self.entries.len().wrapping_sub(1) & !(WAYS - 1);
        self.entries.get(from..from + WAYS).unwrap_or(&[])
    }

    fn find(&self, address: usize) -> Option<&'static Entry> {
        // Acquire: the fields were written before.
        self.ways(address)
            .iter()
            .find(|entry| entry.address.load(Acquire) == address)
    }

    /// Keeps a new block; `false` if there is no place for it. Its slot is in the caller's hands. `is_stale` says
    /// whether a block that was never seen to end is of no interest any more.
    pub(super) fn keep(
        &self,
        address: usize,
        size: usize,
        made: Trail,
        is_stale: impl Fn(usize) -> bool,
    ) -> bool {
        let entry = self
            .find(address)
            .map(|entry| (entry, address))
            .or_else(|| self.free(address, is_stale));
        let Some((entry, was)) = entry else {
            return false;
        };
        // Acquire: what the last one wrote comes before.
        let ours = was != TAKEN
            && entry
                .address
                .compare_exchange(was, TAKEN, Acquire, Relaxed)
                .is_ok();
        if !ours {
            return false;
        }
        entry.size.store(size as u32, Relaxed);
        entry.made.set(made);
        entry.freed.set(Trail::default());
        entry.ended.store(0, Relaxed);
        // Release: whoever finds the address sees the rest.
        entry.address.store(address, Release);
        true
    }

    /// A place that another address may be given, and the address that it has: an empty one, or one that is
    /// stale, or the one whose block ended longest ago.
    fn free(
        &self,
        address: usize,
        is_stale: impl Fn(usize) -> bool,
    ) -> Option<(&'static Entry, usize)> {
        let now = self.turn.load(Relaxed);
        let age = |entry: &Entry, was: usize| match (was, entry.ended.load(Relaxed)) {
            (0, _) => Some(u32::MAX),
            (TAKEN, _) => None,
            (was, 0) => is_stale(was).then_some(u32::MAX - 1),
            (_, ended) => Some(now.wrapping_sub(ended)),
        };
        self.ways(address)
            .iter()
            .filter_map(|entry| {
                let was = entry.address.load(Relaxed);
                Some((age(entry, was)?, entry, was))
            })
            .max_by_key(|&(age, ..)| age)
            .map(|(_, entry, was)| (entry, was))
    }

    /// The block at an address ends. Its slot is in the caller's hands.
    pub(super) fn end(&self, address: usize, freed: Trail) {
        if let Some(entry) = self.find(address) {
            entry.freed.set(freed);
            let turn = self.turn.fetch_add(1, Relaxed).wrapping_add(1);
            entry.ended.store(turn.max(1), Release);
        }
    }

    /// Nothing is known of the block at an address. Its slot is in the caller's hands.
    pub(super) fn forget(&self, address: usize) {
        if let Some(entry) = self.find(address) {
            entry.ended.store(0, Relaxed);
            entry.address.store(0, Release);
        }
    }

    /// The size of the block that is, or was, at an address.
    pub(super) fn size(&self, address: usize) -> Option<usize> {
        let entry = self.find(address)?;
        let size = entry.size.load(Relaxed) as usize;
        (entry.address.load(Acquire) == address).then_some(size)
    }

    /// Who made it, who freed it, and its size.
    pub(super) fn of(&self, address: usize) -> Option<(Trail, Trail, usize)> {
        let entry = self.find(address)?;
        let found = (
            entry.made.get(),
            entry.freed.get(),
            entry.size.load(Relaxed) as usize,
        );
        // Taken for another meanwhile?
        (entry.address.load(Acquire) == address).then_some(found)
    }
}
