// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mappings of freed blocks, kept out of reach for a while.
//!
//! Two ends are served: a use after free meets a closed page, and a program that allocates and
//! frees large buffers in turn does not pay for new pages each time, which cost more than all
//! else. Bounded in number and in bytes; the oldest go first. Neighbours merge, so that what was
//! freed in pieces can be used as a whole.

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::mapping::Mapping;
use crate::pool::fixed;

/// Each costs up to two entries in the process's memory map.
const MOST: usize = 256;

/// The kept mappings, oldest first. All zero is none.
#[repr(C)]
pub(crate) struct Kept {
    mappings: [Cell<Mapping>; MOST],
    count: Cell<usize>,
    /// Read without the lock too.
    bytes: AtomicUsize,
    /// The first so many have been emptied, where they were to be.
    emptied: Cell<usize>,
}

impl Kept {
    /// Bytes kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Leaves all where they are, out of reach.
    pub(super) fn forget(&self) {
        self.count.set(0);
        self.bytes.store(0, Relaxed);
        self.emptied.set(0);
    }

    /// Keeps a closed mapping; hands out one that must go instead, if any.
    pub(crate) fn add(&self, mapping: &Mapping) -> Option<Mapping> {
        let mut merged = *mapping;
        merged.warm = merged.warm.max(merged.data_size);
        let mut at = 0;
        while at < self.count.get() {
            let other = self.mappings[at].get();
            match merged.join(&other).or_else(|| other.join(&merged)) {
                Some(both) => {
                    self.remove(at);
                    merged = both;
                    // The joined one may have a neighbour that was passed already.
                    at = 0;
                }
                None => at += 1,
            }
        }
        let surplus = if self.count.get() == MOST {
            self.remove(0)
        } else {
            None
        };
        self.mappings[self.count.get()].set(merged);
        self.count.set(self.count.get() + 1);
        self.bytes
            .store(self.bytes.load(Relaxed) + merged.warm, Relaxed);
        surplus
    }

    /// One that must go because there are more than so many bytes. By an eighth more is not worth giving up an
    /// old one for, which may be most of them: small ones that come and go beside two large ones in turn.
    pub(crate) fn surplus(&self, most: usize) -> Option<Mapping> {
        (self.bytes.load(Relaxed) > most + most / 8).then(|| self.oldest())?
    }

    /// The oldest.
    pub(crate) fn oldest(&self) -> Option<Mapping> {
        (self.count.get() > 0).then(|| self.remove(0))?
    }

    /// The one that fits best.
    pub(crate) fn take(&self, data_size: usize) -> Option<Mapping> {
        // Where every block has its guard, being out of reach is all that a freed one is kept for.
        if fixed().options.guard_all() {
            return None;
        }
        let rested = self.count.get().saturating_sub(rest(data_size));
        let best = self.mappings[..rested]
            .iter()
            .enumerate()
            .filter_map(|(at, kept)| Some((at, kept.get().misfit(data_size)?)))
            .min_by_key(|&(_, misfit)| misfit);
        match best {
            Some((at, _)) => self.remove(at),
            None => {
                self.empty();
                None
            }
        }
    }

    /// Nothing fitted: a program whose blocks grow will never want the smaller ones again. They
    /// stay out of reach, but the memory in them goes back. The caller holds the lock, which keeps
    /// the mappings closed meanwhile.
    fn empty(&self) {
        for kept in &self.mappings[self.emptied.get()..self.count.get()] {
            let mut mapping = kept.get();
            mapping.empty_unless_reused();
            self.bytes.store(
                self.bytes.load(Relaxed) - (kept.get().warm - mapping.warm),
                Relaxed,
            );
            kept.set(mapping);
        }
        self.emptied.set(self.count.get());
    }

    /// Takes out the one at this place, which is one of `count`.
    fn remove(&self, at: usize) -> Option<Mapping> {
        let removed = self.mappings[at].get();
        let last = self.count.get() - 1;
        for place in at..last {
            self.mappings[place].set(self.mappings[place + 1].get());
        }
        self.count.set(last);
        if at < self.emptied.get() {
            self.emptied.set(self.emptied.get() - 1);
        }
        self.bytes
            .store(self.bytes.load(Relaxed) - removed.warm, Relaxed);
        Some(removed)
    }
}

/// Of blocks up to this size, several rest.
pub(super) const SEVERAL_UP_TO: usize = 1 << 20;

/// How many mappings must have been freed after one before it is used again: a second free of the
/// same block, or a write to it, soon after the first must not meet another block. Two of the
/// largest are as much as is worth keeping.
pub(crate) fn rest(data_size: usize) -> usize {
    if data_size <= SEVERAL_UP_TO {
        4
    } else {
        1
    }
}
