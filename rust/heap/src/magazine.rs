// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread's own slots: taken and put back without a lock; filled and emptied in batches.

use secmalloc_policy::quarantine;
use secmalloc_policy::size_class::CLASSES;

use crate::pool::{fixed, shared};
use crate::slab::Slot;
use crate::store::Duplicate;
use crate::thread::ThreadHeap;

/// A random one of the slots that are ready. `None` when there is no more memory.
#[inline(always)]
pub(crate) fn take(heap: &ThreadHeap, class: usize) -> Option<Slot> {
    let (slots, ready) = heap.magazine(class);
    let mut count = ready.get() as usize;
    if count == 0 {
        count = fill(heap, class);
    }
    let last = slots.get(count.wrapping_sub(1))?;
    // At most 64 are ready: a byte is enough to choose one, evenly to within 1 in 4.
    let chosen = slots.get((usize::from(heap.random().byte()) * count) >> 8)?;
    let index = chosen.replace(last.get());
    ready.set(count as u32 - 1);
    Some(fixed().classes[class].slot(class, index))
}

#[cold]
#[inline(never)]
fn fill(heap: &ThreadHeap, class: usize) -> usize {
    let (slots, ready) = heap.magazine(class);
    let batch = CLASSES[class].batch;
    let drawn = shared().stores[class].draw(class, heap.random(), &slots[..batch]);
    ready.set(drawn as u32);
    drawn
}

/// Lets a wiped slot rest, and makes the one whose rest is over ready.
#[inline(always)]
pub(crate) fn rest(heap: &ThreadHeap, class: usize, index: u32) -> Result<(), Duplicate> {
    let (places, turn) = heap.quarantine(class);
    match quarantine::rest(places, turn, heap.random().byte(), index) {
        Some(rested) => put(heap, class, rested),
        None => Ok(()),
    }
}

#[inline(always)]
fn put(heap: &ThreadHeap, class: usize, index: u32) -> Result<(), Duplicate> {
    let (slots, ready) = heap.magazine(class);
    let mut count = ready.get() as usize;
    let mut result = Ok(());
    if count >= slots.len() {
        (count, result) = empty(heap, class);
    }
    if let Some(place) = slots.get(count) {
        place.set(index);
        ready.set(count as u32 + 1);
    }
    result
}

/// Gives the upper half of a full magazine back.
#[cold]
#[inline(never)]
fn empty(heap: &ThreadHeap, class: usize) -> (usize, Result<(), Duplicate>) {
    let (slots, ready) = heap.magazine(class);
    let keep = slots.len() / 2;
    let result =
        shared().stores[class].give_back(class, slots[keep..].iter().map(core::cell::Cell::get));
    ready.set(keep as u32);
    (keep, result)
}
