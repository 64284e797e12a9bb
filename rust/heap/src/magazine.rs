// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread's own slots: taken and put back without a lock; filled and emptied in batches.
//!
//! A magazine is a stack. What makes its order hard to foretell is done where slots come in: the
//! store draws at random, and the quarantine lets slots go at random.

use core::cell::Cell;

use secmalloc_policy::quarantine;
use secmalloc_policy::size_class::CLASSES;

use crate::pool::{fixed, shared};
use crate::protections;
use crate::slab::{ClassMap, Slot};
use crate::store::Duplicate;
use crate::thread::{self, Bin, ThreadHeap};

/// The slot that is to be handed out next, if one is ready; [`taken`] takes it.
#[inline(always)]
pub(crate) fn next(heap: &ThreadHeap, bin: &Bin, class: usize, map: &ClassMap) -> Option<Slot> {
    let last = bin.ready.get().checked_sub(1)?;
    let index = heap.magazine(bin).get(last as usize)?.get();
    Some(map.slot(class, index))
}

/// The next slot is not ready any more.
#[inline(always)]
pub(crate) fn taken(bin: &Bin) {
    bin.ready.set(bin.ready.get().wrapping_sub(1));
}

/// The place for one more slot, if the magazine is not full; [`put`] fills it.
#[inline(always)]
pub(crate) fn room<'a>(heap: &'a ThreadHeap, bin: &Bin) -> Option<&'a Cell<u32>> {
    heap.magazine(bin).get(bin.ready.get() as usize)
}

/// Makes a slot ready.
#[inline(always)]
pub(crate) fn put(bin: &Bin, place: &Cell<u32>, index: u32) {
    place.set(index);
    bin.ready.set(bin.ready.get().wrapping_add(1));
}

/// Takes a slot, from the store if none is ready. `None` when there is no more memory.
pub(crate) fn take(heap: &ThreadHeap, class: usize) -> Option<Slot> {
    if heap.owns(class) {
        take_own(heap, class)
    } else {
        thread::with_shared(heap, class, |shared| take_own(shared, class))
    }
}

fn take_own(heap: &ThreadHeap, class: usize) -> Option<Slot> {
    let (bin, map) = (heap.bin(class), &fixed().classes[class]);
    if bin.ready.get() == 0 {
        fill(heap, class);
    }
    let slot = next(heap, bin, class, map)?;
    taken(bin);
    Some(slot)
}

#[cold]
#[inline(never)]
fn fill(heap: &ThreadHeap, class: usize) {
    let bin = heap.bin(class);
    let slots = &heap.magazine(bin)[..CLASSES[class].batch];
    let drawn = shared().stores[class].draw(class, heap, slots);
    bin.ready.set(drawn as u32);
}

/// Lets a wiped slot rest, and makes the one whose rest is over ready.
pub(crate) fn rest(heap: &ThreadHeap, class: usize, index: u32) -> Result<(), Duplicate> {
    if heap.owns(class) {
        return rest_own(heap, class, index);
    }
    thread::with_shared(heap, class, |shared| rest_own(shared, class, index))
}

/// Does so in a bin that is the heap's own.
pub(crate) fn rest_own(heap: &ThreadHeap, class: usize, index: u32) -> Result<(), Duplicate> {
    let bin = heap.bin(class);
    let (stages, mask) = heap.quarantine(bin);
    let random = if protections::RANDOM {
        heap.random().byte()
    } else {
        0
    };
    match quarantine::rest(stages, mask, &bin.turn, random, index) {
        Some(rested) => make_ready(heap, class, rested),
        None => Ok(()),
    }
}

/// Makes a slot ready, for which there may be no room yet.
pub(crate) fn make_ready(heap: &ThreadHeap, class: usize, index: u32) -> Result<(), Duplicate> {
    let bin = heap.bin(class);
    let result = match room(heap, bin) {
        Some(_) => Ok(()),
        None => empty(heap, class),
    };
    if let Some(place) = room(heap, bin) {
        put(bin, place, index);
    }
    result
}

/// Gives the lower half of a full magazine back: what has been ready longest.
#[cold]
#[inline(never)]
fn empty(heap: &ThreadHeap, class: usize) -> Result<(), Duplicate> {
    let bin = heap.bin(class);
    let slots = heap.magazine(bin);
    let (old, young) = slots.split_at(slots.len() / 2);
    let result = shared().stores[class].give_back(class, old.iter().map(Cell::get));
    for (to, from) in old.iter().zip(young) {
        to.set(from.get());
    }
    bin.ready.set(young.len() as u32);
    result
}
