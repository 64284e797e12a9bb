// SPDX-License-Identifier: MIT OR Apache-2.0
//! The central store: one for each class. It owns the slabs, hands out free slots in batches
//! drawn at random, takes them back, and returns the memory of empty slabs to the kernel.
//!
//! A slab that the store knows is *owned* (one heap draws from it), or in one of four lists: *fresh* (never touched),
//! *partial* (some slots to give, some out), *warm* (all slots here, memory still there) or *purged*
//! (all slots here, memory gone and, where the kernel can, guarded). A full slab is in none, and
//! comes back when a slot does.

mod choose;
mod forked;
mod grow;
mod list;
mod purge;
mod relinquish;
pub(crate) mod warm;

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::MIN_PLACES;

use crate::lock::Lock;
use crate::pool::{fixed, Fixed, Growing, Reservation};
use crate::slab::ClassMap;
use crate::thread::{Bin, ThreadHeap};
use choose::{begin_anywhere, take_random};
use list::List;
use warm::Due;

/// The store of one class. All zero is an empty store.
#[repr(C, align(64))]
pub(crate) struct Store {
    pub(crate) lock: Lock,
    /// Slabs that lose a slot come to its end, and those that have been there longest, with more
    /// slots back by now, are drawn from first.
    partial: List,
    warm: List,
    purged: List,
    /// Slabs that were made together with another and never touched, where slabs have few slots.
    fresh: List,
    /// The slab with few slots from which a slot was drawn last, its number plus one.
    last: Cell<u32>,
    /// Slabs in these two lists. Written under the lock, read without it too.
    warm_count: AtomicU32,
    purged_count: AtomicU32,
    /// The fewest that were warm since the last turn (`warm.rs`).
    idle: Cell<u32>,
    /// Calls, for a look at the clock now and then, and bytes grown since the last look at the sum.
    calls: Cell<u32>,
    grown: Cell<usize>,
    /// Slabs before this one exist. Written under the lock, read without it by sweeps.
    next: AtomicU32,
    /// Bytes of the region that are committed, counted from slot 0; whole pages.
    committed: Cell<usize>,
    /// The generation of processes (`Registry::generation`) in which slabs of a parent's threads were
    /// last looked for.
    sought_in: Cell<u32>,
    /// Memory for records and states, and for how many slabs it is enough.
    records: Growing,
    states: Growing,
    /// How all that is held.
    reservation: Reservation,
    known: Cell<u32>,
    /// Slabs left in this window of guards, and the place of its guard, counted the same way.
    window: Cell<u32>,
    guard_at: Cell<u32>,
}

// SAFETY: every cell is only touched under `lock`; the rest is atomic.
unsafe impl Sync for Store {}

/// Slots that came back although the store already had them: freed twice, by two threads at the
/// very same time.
pub(crate) struct Duplicate(pub(crate) u32);

impl Store {
    /// Slabs `0..slabs()` have a record worth reading.
    pub(crate) fn slabs(&self) -> u32 {
        self.next.load(Ordering::Acquire)
    }

    /// Bytes of the region that are committed, counted from slot 0; under the lock, or in a process of one thread.
    pub(crate) fn committed_bytes(&self) -> usize {
        self.committed.get()
    }

    /// Draws up to `out.len()` slots at random, in reverse order: a magazine is a stack, and slabs
    /// are used from one end to the other. How many; `out` is at most a batch.
    pub(crate) fn draw(&self, class: usize, heap: &ThreadHeap, out: &[Cell<u32>]) -> usize {
        let fixed = fixed();
        let map = &fixed.classes[class];
        let bin = heap.bin(class);
        heap.seed();
        let random = heap.random();
        let held = self.lock.hold();
        let mut due = Due {
            turn: self.is_turn(),
            growth: false,
        };
        let mut drawn = 0;
        while drawn < out.len() {
            // Of slabs with few slots, one slot each is drawn in turn: else the next block would
            // lie right beside the last.
            if (map.slots() as usize) < MIN_PLACES {
                let Some(slab) = self
                    .untouched_instead()
                    .inspect(|&slab| self.fresh.remove(map, slab))
                    .or_else(|| self.slab_with_room(fixed, map, class, random, &mut due))
                else {
                    break;
                };
                self.last.set(slab + 1);
                drawn += take_random(
                    map,
                    slab,
                    random,
                    &out[out.len() - drawn - 1..out.len() - drawn],
                );
                if map.record(slab).free_count.get() > 0 {
                    self.partial.push_back(map, slab);
                }
                continue;
            }
            let slab = match bin.slab.get().checked_sub(1) {
                Some(slab) => slab,
                None => {
                    let Some(slab) = self.slab_with_room(fixed, map, class, random, &mut due)
                    else {
                        break;
                    };
                    map.record(slab).owner.set(heap.owner());
                    bin.slab.set(slab + 1);
                    slab
                }
            };
            drawn += take_random(map, slab, random, &out[..out.len() - drawn]);
            let record = map.record(slab);
            if record.free_count.get() == 0 {
                record.owner.set(0);
                bin.slab.set(0);
            }
        }
        drop(held);
        due.settle();
        if drawn < out.len() {
            // There was no memory for more.
            for (to, from) in out.iter().zip(&out[out.len() - drawn..]) {
                to.set(from.get());
            }
        }
        drawn
    }

    /// A thread draws from its slab no more.
    pub(crate) fn disown(&self, class: usize, heap: &ThreadHeap, bin: &Bin) {
        let _held = self.lock.hold();
        self.disown_held(&fixed().classes[class], heap, bin);
    }

    /// The same, under the lock, under which alone bins and records change in this.
    fn disown_held(&self, map: &ClassMap, heap: &ThreadHeap, bin: &Bin) {
        let Some(slab) = bin.slab.replace(0).checked_sub(1) else {
            return;
        };
        let record = map.record(slab);
        if record.owner.get() == heap.owner() {
            record.owner.set(0);
            self.list(map, slab);
        }
    }

    /// Puts a slab that nobody draws from into the list where it belongs.
    fn list(&self, map: &ClassMap, slab: u32) {
        let free = map.record(slab).free_count.get();
        if free == map.slots() {
            self.add_warm(map, slab);
        } else if free > 0 {
            self.partial.push_back(map, slab);
        }
    }

    /// A slab that was never touched, where the only other one with memory to give is that of the last
    /// slot.
    fn untouched_instead(&self) -> Option<u32> {
        let only_the_last = match self.partial.first() {
            Some(first) => first + 1 == self.last.get(),
            None => false,
        };
        only_the_last.then(|| self.fresh.first())?
    }

    /// A slab that has a slot to give, taken out of its list.
    fn slab_with_room(
        &self,
        fixed: &Fixed,
        map: &ClassMap,
        class: usize,
        random: &mut Random,
        due: &mut Due,
    ) -> Option<u32> {
        if self.partial.first().is_none() {
            self.take_lost(map, class);
        }
        if let Some(slab) = self.partial.first() {
            self.partial.remove(map, slab);
            return Some(slab);
        }
        let slab = if let Some(slab) = self.take_warm(map) {
            slab
        } else if let Some(slab) = self.fresh.first() {
            self.fresh.remove(map, slab);
            return Some(slab);
        } else if let Some(slab) = self.bring_back(fixed, map, class) {
            due.growth |= self.has_grown(map);
            slab
        } else {
            due.growth |= self.has_grown(map);
            return self.grow(fixed, map, class, random);
        };
        begin_anywhere(map, slab, random);
        Some(slab)
    }

    /// Takes slots back. `Err` names one that was here already; the others are taken all the same.
    pub(crate) fn give_back(
        &self,
        class: usize,
        slots: impl Iterator<Item = u32>,
    ) -> Result<(), Duplicate> {
        let map = &fixed().classes[class];
        let mut result = Ok(());
        let held = self.lock.hold();
        for index in slots {
            let (slab, place) = map.place(index);
            let record = map.record(slab);
            let Some(bits) = record.free.get(place as usize / 64) else {
                continue;
            };
            let bit = 1 << (place % 64);
            if bits.get() & bit != 0 {
                result = Err(Duplicate(index));
                continue;
            }
            bits.set(bits.get() | bit);
            let free = record.free_count.get() + 1;
            record.free_count.set(free);
            if record.owner.get() != 0 {
                continue;
            }
            if free == map.slots() {
                if free > 1 {
                    self.partial.remove(map, slab);
                }
                self.add_warm(map, slab);
            } else if free == 1 {
                self.partial.push_back(map, slab);
            }
        }
        let due = Due {
            turn: self.is_turn(),
            growth: false,
        };
        drop(held);
        due.settle();
        result
    }
}
