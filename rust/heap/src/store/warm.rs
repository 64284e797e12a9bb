// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long empty slabs keep their memory.
//!
//! Making pages present costs more than anything else that an allocation does, and a program that frees
//! much often wants as much again soon. So an empty slab stays *warm*, until one of two things happens:
//!
//! - The heap grows past the most that it ever held. Then what is warm in other classes goes first: kept
//!   memory never adds to the peak.
//! - Time passes in which it was not wanted: for every [`TURN_MS`], a quarter of the slabs that have been warm
//!   all the while goes.
//!
//! No thread does so in the background: calls that come to a store anyway do, and of the others one in some hundred.
//! A process that does nothing keeps what it has until `malloc_trim`, or until it wakes up.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use secmalloc_policy::size_class::{is_zero, COUNT, ZERO};

use super::Store;
use crate::pool::{fixed, shared};
use crate::slab::ClassMap;
use crate::sys;
use crate::vault;

/// Milliseconds between two turns.
const TURN_MS: u64 = 250;
/// So many turns that nobody took say that hardly anything was done meanwhile: what is warm was not wanted.
const QUIET: u64 = 4;
/// A store's calls between two looks at the clock.
const CALLS: u32 = 32;
/// A class has grown by so many bytes before the sum over all is looked at.
const STEP: usize = 128 << 10;
/// So much may be warm in any case.
const SMALL_CHANGE: usize = 1 << 20;
/// What goes at a time, at least, where the heap grows.
const ROOM: usize = 512 << 10;

/// The most that the heap ever held, in bytes.
static MOST: AtomicUsize = AtomicUsize::new(0);
/// When the last turn was, in milliseconds of a clock that never goes back.
static TURNED: AtomicU64 = AtomicU64::new(0);

/// What a call of a store leaves to be done without its lock.
#[derive(Default)]
pub(super) struct Due {
    pub(super) turn: bool,
    pub(super) growth: bool,
}

impl Due {
    /// Does it. The caller holds no store's lock.
    #[inline]
    pub(super) fn settle(self) {
        if self.growth {
            make_room_if_grown();
        }
        if self.turn {
            turn_if_due();
        }
    }
}

impl Store {
    /// Counts a call; whether the clock is to be looked at. Under the lock, as all here.
    #[inline]
    pub(super) fn is_turn(&self) -> bool {
        self.calls.set(self.calls.get().wrapping_add(1));
        self.calls.get() % CALLS == 0
    }

    /// Counts what a class has grown by; whether the sum is to be looked at.
    pub(super) fn has_grown(&self, map: &ClassMap) -> bool {
        let grown = self.grown.get() + map.slab_size();
        self.grown.set(grown % STEP);
        grown >= STEP
    }

    pub(super) fn add_warm(&self, map: &ClassMap, slab: u32) {
        self.warm.push_front(map, slab);
        // Relaxed, here and below: others only want an estimate.
        self.warm_count.store(self.warm_count() + 1, Relaxed);
    }

    /// Takes the slab that became empty last.
    pub(super) fn take_warm(&self, map: &ClassMap) -> Option<u32> {
        let slab = self.warm.first()?;
        self.remove_warm(map, slab);
        self.idle.set(self.idle.get().min(self.warm_count()));
        Some(slab)
    }

    /// Takes the slab that has been empty longest.
    pub(super) fn take_coldest(&self, map: &ClassMap) -> Option<u32> {
        let slab = self.warm.last()?;
        self.remove_warm(map, slab);
        Some(slab)
    }

    fn remove_warm(&self, map: &ClassMap, slab: u32) {
        self.warm.remove(map, slab);
        self.warm_count.store(self.warm_count() - 1, Relaxed);
    }

    pub(super) fn warm_count(&self) -> u32 {
        self.warm_count.load(Relaxed)
    }

    /// Gives back a part of what has not been wanted since the last turn, which is so many times [`TURN_MS`] ago.
    fn cool(&self, class: usize, turns: u64) {
        let (fixed, map) = (fixed(), &fixed().classes[class]);
        let _window = vault::around_class(class);
        let mut held = self.lock.hold();
        if turns >= QUIET {
            self.idle.set(self.warm_count());
        }
        let idle = self.idle.get().min(self.warm_count());
        let keep = self.warm_count() - idle + left_after(turns, idle);
        while self.warm_count() > keep {
            held = self.purge_some(fixed, map, class, held, keep as usize);
        }
        self.idle.set(self.warm_count());
        drop(held);
    }

    /// Gives back so many bytes, if there are as many, of what has been warm longest.
    fn make_room(&self, class: usize, bytes: usize) {
        let (fixed, map) = (fixed(), &fixed().classes[class]);
        let _window = vault::around_class(class);
        let mut held = self.lock.hold();
        let keep = (self.warm_count() as usize).saturating_sub(bytes.div_ceil(map.slab_size()));
        while self.warm_count() as usize > keep {
            held = self.purge_some(fixed, map, class, held, keep);
        }
        drop(held);
    }
}

/// Every store of slots that have memory, with its class and the size of its slabs.
fn stores() -> impl Iterator<Item = (usize, &'static Store, usize)> {
    let sizes = fixed().classes.iter().map(ClassMap::slab_size);
    (0..)
        .zip(&shared().stores)
        .zip(sizes)
        .map(|((class, store), size)| (class, store, size))
        .filter(|&(class, ..)| !is_zero(class))
}

/// Where the heap would hold more than ever, what is warm makes room first. Only what is then still above
/// the most is a new most: else every step would add to it.
#[cold]
#[inline(never)]
pub(crate) fn make_room_if_grown() {
    let mut sums = Sums::now();
    // Not for ever, where other threads are faster.
    for _ in 0..COUNT {
        let most = MOST.load(Relaxed);
        if sums.held <= most {
            return;
        }
        if sums.warm <= SMALL_CHANGE {
            break;
        }
        let bytes = ROOM.max(sums.held - most);
        shared().stores[sums.warmest].make_room(sums.warmest, bytes);
        sums = Sums::now();
    }
    MOST.fetch_max(sums.held, Relaxed);
}

/// What the heap holds, in bytes. Estimates: other threads are at work.
struct Sums {
    held: usize,
    /// Of these, in empty slabs.
    warm: usize,
    /// The class with most of them.
    warmest: usize,
}

impl Sums {
    fn now() -> Sums {
        let mut sums = Sums {
            held: shared().large.held_bytes(),
            warm: 0,
            warmest: ZERO,
        };
        let mut most = 0;
        for (class, store, size) in stores() {
            let present = store
                .slabs()
                .saturating_sub(store.purged_count.load(Relaxed));
            let warm = store.warm_count() as usize * size;
            sums.held += present as usize * size;
            sums.warm += warm;
            if warm > most {
                (most, sums.warmest) = (warm, class);
            }
        }
        sums
    }
}

/// What is left of so many slabs when at each of so many turns a quarter goes.
fn left_after(turns: u64, slabs: u32) -> u32 {
    (0..turns.min(u64::from(u32::BITS))).fold(slabs, |left, _| left - left.div_ceil(4))
}

/// When it is time, gives back what was not wanted. The caller holds no store's lock.
#[cold]
#[inline(never)]
pub(crate) fn turn_if_due() {
    let (now, last) = (sys::coarse_ms(), TURNED.load(Relaxed));
    let passed = now.wrapping_sub(last);
    if passed < TURN_MS
        || TURNED
            .compare_exchange(last, now, Relaxed, Relaxed)
            .is_err()
    {
        return;
    }
    // The first has none before it.
    let turns = if last == 0 { 0 } else { passed / TURN_MS };
    for (class, store, _) in stores() {
        if store.warm_count() > 0 {
            store.cool(class, turns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::left_after;

    #[test]
    fn a_quarter_goes_at_each_turn_until_nothing_is_left() {
        assert_eq!(left_after(0, 100), 100);
        assert_eq!(left_after(1, 100), 75);
        assert_eq!(left_after(2, 100), 56);
        assert_eq!(left_after(1, 1), 0);
        assert_eq!(left_after(u64::MAX, 1_000), 0);
    }
}
