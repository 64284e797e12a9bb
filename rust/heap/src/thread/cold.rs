// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which bins are a thread's own, and the heaps that threads share for all others.
//!
//! A bin of one's own costs no lock, and holds pages: a slab, slots that are ready, slots that rest.
//! A thousand threads that each need a class a few times would hold them a thousand times. So a class is
//! *cold* for a thread at first, and what it allocates and frees of it goes through one of a few
//! shared heaps, under that heap's lock, with magazine and quarantine as long as everywhere: what a
//! freed slot must rest is not shortened. A class that is used again and again becomes the thread's own,
//! as long as its bins stay within its share of what all threads together may hold.

#[cfg(test)]
#[path = "cold_tests.rs"]
mod tests;

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use secmalloc_policy::quarantine;
use secmalloc_policy::size_class::{CLASSES, PLACES};

use super::{heap, ThreadHeap};
use crate::lock::Lock;
use crate::magazine;
use crate::pool::{fixed, shared};

/// Shared heaps. They have the highest numbers, so that threads have the low ones, which tags can say;
/// and lie before all others, where there is memory from the start.
pub(crate) const SHARED: usize = 4;

/// Slots that are no longer than a cache line never come from a shared heap: two threads would
/// write to one line.
const OWN_UP_TO: usize = 64;
/// The heap of the first thread, often the only one, owns every class.
const FIRST: u32 = 1;
/// So many uses make a class a thread's own, where there are more threads than `FEW`.
const PROOF: u32 = 16;
const FEW: u32 = 8;
/// Bytes that may rest and be ready in the bins of all threads together.
const ALL: usize = 16 << 20;

/// The locks of the shared heaps, and what decides about cold classes. All zero at first.
#[repr(C)]
pub(crate) struct Cold {
    pub(super) locks: [Line; SHARED],
    /// Threads that have a heap.
    threads: AtomicU32,
    /// Shared heaps that were ever used, a bit for each.
    used: AtomicU32,
    /// Those that another thread used as this process was forked: they begin anew.
    lost: AtomicU32,
}

/// A lock in a cache line of its own.
#[repr(C, align(64))]
pub(super) struct Line(pub(super) Lock);

impl Cold {
    pub(super) fn joined(&self) {
        self.threads.fetch_add(1, Relaxed);
    }

    pub(super) fn left(&self) {
        self.threads.fetch_sub(1, Relaxed);
    }

    /// In a forked child, which has one thread.
    pub(super) fn alone(&self) {
        self.threads.store(1, Relaxed);
    }

    /// In a forked child, where another thread of the parent's used a shared heap.
    pub(super) fn forget(&self, place: u32) {
        self.lost.fetch_or(1 << place, Relaxed);
    }

    /// The numbers of the shared heaps that were ever used.
    pub(super) fn used_heaps(&self) -> impl Iterator<Item = u32> {
        let used = self.used.load(Relaxed);
        (0..SHARED as u32)
            .filter(move |place| used >> place & 1 == 1)
            .map(|place| first_shared() + place)
    }

    /// What the bins of one thread may hold.
    fn share(&self) -> usize {
        ALL / (self.threads.load(Relaxed) as usize).max(1)
    }
}

impl ThreadHeap {
    /// Whether a class is this heap's own by now. Each call counts as a use.
    #[inline]
    pub(crate) fn owns(&self, class: usize) -> bool {
        if self.bin(class).places.get().ready == 0 {
            return self.earns(class);
        }
        if self.own_bytes.get() > 0 && self.is_over(class) {
            self.give_up(class);
            return false;
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn earns(&self, class: usize) -> bool {
        let bin = self.bin(class);
        if !self.owns_always(class) {
            let cold = &shared().threads.cold;
            let uses = bin.uses.get().saturating_add(1);
            bin.uses.set(uses);
            let bytes = self.own_bytes.get() + weight(class);
            let proved = uses >= PROOF || cold.threads.load(Relaxed) <= FEW;
            if !proved || bytes > cold.share() {
                return false;
            }
            self.own_bytes.set(bytes);
        }
        bin.places.set(PLACES.0[class]);
        true
    }

    fn owns_always(&self, class: usize) -> bool {
        let number = self.number.get();
        CLASSES[class].slot <= OWN_UP_TO || number <= FIRST || number >= first_shared()
    }

    /// Whether a class must be given up, since there are more threads now than when it became this
    /// thread's own.
    fn is_over(&self, class: usize) -> bool {
        self.own_bytes.get() > shared().threads.cold.share() && !self.owns_always(class)
    }

    /// Gives a class up: what is ready goes back to the store, what rests goes on resting in the
    /// shared heap.
    #[cold]
    #[inline(never)]
    fn give_up(&self, class: usize) {
        let bin = self.bin(class);
        let ready = bin.ready.replace(0) as usize;
        super::give_back(class, &self.magazine(bin)[..ready]);
        let ((drawn, ring), _) = self.quarantine(bin);
        with_shared(self, class, |shared| {
            // The ring's are the older ones.
            for stage in [ring, drawn] {
                quarantine::drain(stage, |slot| {
                    // A slot that the store has already was freed twice at once; it stays there.
                    let _ = magazine::rest_own(shared, class, slot);
                });
            }
        });
        shared().stores[class].disown(class, self, bin);
        bin.places.set(super::NO_PLACES);
        bin.uses.set(0);
        self.own_bytes.set(self.own_bytes.get() - weight(class));
    }

    /// Every class is cold again. The bins are empty.
    pub(super) fn disown_classes(&self) {
        for bin in &self.bins {
            bin.places.set(super::NO_PLACES);
            bin.uses.set(0);
        }
        self.own_bytes.set(0);
    }
}

/// Bytes that may rest and be ready in the bin of a class.
fn weight(class: usize) -> usize {
    let shape = &CLASSES[class];
    shape.slot * (shape.batch + 2 * shape.quarantine)
}

/// The number of the first shared heap; all below are those of threads.
pub(super) fn first_shared() -> u32 {
    fixed().heap_count - SHARED as u32
}

/// Does something with the shared heap that serves a thread's cold classes, which owns every class.
pub(crate) fn with_shared<T>(
    own: &ThreadHeap,
    class: usize,
    work: impl FnOnce(&ThreadHeap) -> T,
) -> T {
    with_shared_at(own.number.get() as usize % SHARED, |common| {
        common.owns(class);
        work(common)
    })
}

fn with_shared_at<T>(place: usize, work: impl FnOnce(&ThreadHeap) -> T) -> T {
    let cold = &shared().threads.cold;
    // A signal handler that interrupted this very thread in here has been refused before.
    let _held = cold.locks[place].0.hold();
    let number = first_shared() + place as u32;
    let common = heap(number);
    let bit = 1 << place;
    if cold.lost.load(Relaxed) & bit != 0 {
        cold.lost.fetch_and(!bit, Relaxed);
        common.forget();
    }
    if common.owners.get() == 0 {
        cold.used.fetch_or(bit, Relaxed);
        common.begin(number);
    } else {
        // There may have been a fork since.
        common.seed();
    }
    work(common)
}

/// Gives what the shared heaps have ready back to the stores.
pub(crate) fn give_back_shared() {
    for place in 0..SHARED {
        // One that was never used is not even read: that would make its page present.
        if shared().threads.cold.used.load(Relaxed) >> place & 1 == 1 {
            with_shared_at(place, ThreadHeap::give_back_ready);
        }
    }
}
