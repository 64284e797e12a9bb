// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions about the heap that change nothing: what is this pointer, what does an option say,
//! how much is in use.

use core::fmt;

use secmalloc_policy::fault::Operation;
use secmalloc_policy::size_class::{self, CANARY_SIZE};
use secmalloc_policy::slot_state::{Kind, SlotState};

use crate::explain;
use crate::large::{self, Near};
use crate::pool::{fixed, shared};
use crate::slab::{self, Life, Slot, Spot};
use crate::sweep::{self, Budget, Counts};
use crate::thread;
use crate::vault;

/// Where a block lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// In a slot of the data pool.
    Small,
    /// In a mapping of its own.
    Large,
    /// Nowhere: it has size 0.
    Zero,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No block has been there.
    NeverUsed,
    /// In use.
    Live,
    /// Freed.
    Freed,
    /// A guard.
    Guard,
}

/// What is known about an address of the heap.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Start of the block or slot.
    pub address: usize,
    /// Distance of the address asked about from there, in bytes.
    pub offset: usize,
    /// Bytes requested; 0 where there is no live block, or its canary is damaged.
    pub requested: usize,
    /// Bytes of the slot or mapping.
    pub slot: usize,
    /// Where.
    pub pool: Pool,
    /// What.
    pub state: State,
    /// Family, of a live block.
    pub kind: Option<Kind>,
    /// The thread that allocated or freed it; 0 if unknown.
    pub thread: u32,
}

/// What is known about an address; `None` if it is not the heap's.
#[must_use]
pub fn describe(address: usize) -> Option<Description> {
    thread::with_heap(|_| {
        let _window = vault::around_block(address);
        if slab::in_data_pool(address) {
            describe_small(address)
        } else {
            describe_large(address)
        }
    })?
}

fn describe_small(address: usize) -> Option<Description> {
    let Spot { slot, offset, .. } = slab::spot(fixed(), address)?;
    let block = explain::block(&slot);
    let map = &fixed().classes[slot.class];
    let guard = map.record(map.place(slot.index).0).life.get() == Life::Guard;
    let state = match slot.state().state() {
        _ if guard => State::Guard,
        SlotState::NeverUsed => State::NeverUsed,
        SlotState::LiveMalloc | SlotState::LiveNew | SlotState::LiveNewArray => State::Live,
        _ => State::Freed,
    };
    Some(Description {
        address: slot.address,
        offset,
        requested: block.requested.unwrap_or(0),
        slot: if slot.has_memory() { slot.size() } else { 0 },
        pool: if slot.has_memory() {
            Pool::Small
        } else {
            Pool::Zero
        },
        state,
        kind: block.kind,
        thread: block.allocated_by.thread.max(block.freed_by.thread),
    })
}

fn describe_large(address: usize) -> Option<Description> {
    let (block, live) = match large::near(address)? {
        Near::Live(descriptor) => (descriptor.describe(), true),
        Near::Freed(freed) => (freed.describe(), false),
    };
    let size = block.requested.unwrap_or(0);
    let inside = address >= block.address && address - block.address < size.max(1);
    Some(Description {
        address: block.address,
        offset: address.wrapping_sub(block.address),
        requested: if live { size } else { 0 },
        slot: block.slot,
        pool: Pool::Large,
        state: match (inside, live) {
            (false, _) => State::Guard,
            (true, true) => State::Live,
            (true, false) => State::Freed,
        },
        kind: block.kind,
        thread: if live {
            block.allocated_by.thread
        } else {
            block.freed_by.thread
        },
    })
}

/// Verifies the whole heap now. Faults are reported as policy says.
#[must_use]
pub fn check() -> Counts {
    thread::with_heap(|_| ()).map_or(Counts::default(), |()| {
        sweep::sweep(Operation::Check, &Budget::unlimited())
    })
}

/// Writes the value of an option; `None` if there is none of this name.
pub fn option(name: &[u8], to: &mut dyn fmt::Write) -> Option<fmt::Result> {
    thread::with_heap(|_| ())?;
    fixed().options.write_value(name, to)
}

/// Gives memory that is not in use back to the kernel; whether there was any.
#[must_use]
pub fn trim() -> bool {
    thread::with_heap(|heap| {
        heap.give_back_ready();
        thread::drain_kept();
        thread::give_back_shared();
        let small = shared()
            .stores
            .iter()
            .enumerate()
            .fold(false, |any, (class, store)| store.trim(class) || any);
        large::trim() || small
    })
    .unwrap_or(false)
}

/// Sums over the heap, in bytes where not said otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// Committed for small blocks and not purged.
    pub small: usize,
    /// Of these, free in the central stores.
    pub small_free: usize,
    /// Free slots there, a number.
    pub free_slots: usize,
    /// In live large blocks.
    pub large: usize,
    /// Live large blocks, a number.
    pub large_blocks: usize,
    /// In kept mappings of freed large blocks.
    pub kept: usize,
}

/// Sums over one size class.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClassTotals {
    /// The largest block that it serves, in bytes.
    pub largest: usize,
    /// Committed and not purged, in bytes.
    pub committed: usize,
    /// Of these, free in the central store.
    pub free: usize,
    /// Free slots there, a number.
    pub free_slots: usize,
}

/// The number of size classes.
pub const CLASSES: usize = size_class::COUNT;

impl Totals {
    /// Adds what is in a size class.
    pub fn add(&mut self, class: &ClassTotals) {
        self.small += class.committed;
        self.small_free += class.free;
        self.free_slots += class.free_slots;
    }

    /// Puts in what is in large blocks.
    pub fn add_large(&mut self) {
        (self.large, self.large_blocks, self.kept) =
            thread::with_heap(|_| large::totals()).unwrap_or_default();
    }
}

/// Sums over a size class.
#[must_use]
pub fn class_totals(class: usize) -> ClassTotals {
    let mut totals = ClassTotals::default();
    if class >= CLASSES || thread::with_heap(|_| ()).is_none() {
        return totals;
    }
    let (store, map) = (&shared().stores[class], &fixed().classes[class]);
    if size_class::is_zero(class) {
        // No memory, and nothing to count.
        return totals;
    }
    totals.largest = map.slot_size() - CANARY_SIZE;
    for slab in 0..store.slabs() {
        let _held = store.lock.hold();
        let record = map.record(slab);
        if record.life.get() == Life::Warm {
            let free = record.free_count.get() as usize;
            totals.committed += map.slab_size();
            totals.free += free * map.slot_size();
            totals.free_slots += free;
        }
    }
    totals
}

/// Sums over the heap.
#[must_use]
pub fn totals() -> Totals {
    let mut totals = Totals::default();
    for class in 0..CLASSES {
        totals.add(&class_totals(class));
    }
    totals.add_large();
    totals
}

/// Every live slot of a class, each under the store's lock. Other threads may be at work: then it is what was true at
/// some moment; but the slot's slab is not purged meanwhile.
pub(crate) fn each_live_slot(class: usize, mut with: impl FnMut(&Slot)) {
    let (store, map) = (&shared().stores[class], &fixed().classes[class]);
    for slab in 0..store.slabs() {
        let _held = store.lock.hold();
        if map.record(slab).life.get() != Life::Warm {
            continue;
        }
        for place in 0..map.slots() {
            let slot = map.slot(class, map.index(slab, place));
            if slot.state().is_live() {
                with(&slot);
            }
        }
    }
}

/// Every live block: its class ([`size_class::COUNT`] for one with a mapping of its own) and its size.
/// Other threads may be at work: then it is what was true at some moment.
pub(crate) fn each_live(mut with: impl FnMut(usize, usize)) {
    for class in 0..CLASSES {
        each_live_slot(class, |slot| {
            let size = if slot.has_memory() {
                slot.size_of_block().unwrap_or(0)
            } else {
                0
            };
            with(class, size);
        });
    }
    large::each(|descriptor| {
        with(size_class::COUNT, descriptor.size);
        true
    });
}
