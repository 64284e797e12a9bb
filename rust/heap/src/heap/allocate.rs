// SPDX-License-Identifier: MIT OR Apache-2.0
//! A request becomes a block: a slot that is proved untouched and sealed, or a large block.

use core::ptr::NonNull;

use secmalloc_policy::fault::{Fault, Operation};
use secmalloc_policy::request::Request;
use secmalloc_policy::size_class::{self, CANARY_SIZE, MAX_SMALL};
use secmalloc_policy::slot_state::{Kind, SlotState, SlotWord};

use super::{non_null, relieve};
use crate::canary;
use crate::die;
use crate::evidence;
use crate::explain;
use crate::large;
use crate::magazine;
use crate::pool::{self, fixed};
use crate::protections;
use crate::quick;
use crate::slab::Slot;
use crate::thread::{self, Plain, ThreadHeap};
use crate::vault;
use crate::wipe;

/// Makes a block of `size` bytes at the usual alignment the short way; `None` if it takes the long
/// one, [`allocate`].
#[inline(always)]
#[must_use]
pub fn allocate_quickly(size: usize, kind: Kind, zeroed: bool) -> Option<NonNull<u8>> {
    quick::allocate::<quick::Bands, Plain>(size, kind, zeroed)
}

/// The same for every small size, whose slot may be too large to be looked at without a call.
#[inline(always)]
#[must_use]
pub fn allocate_small_quickly(size: usize, kind: Kind, zeroed: bool) -> Option<NonNull<u8>> {
    quick::allocate::<quick::All, Plain>(size, kind, zeroed)
}

/// Makes a small block at a multiple of `alignment`, whatever that is, the short way; `None` if it takes the
/// long one, [`allocate`].
#[inline(always)]
#[must_use]
pub fn allocate_aligned_quickly(alignment: usize, size: usize, kind: Kind) -> Option<NonNull<u8>> {
    quick::allocate_aligned::<Plain>(alignment, size, kind)
}

/// Makes a sensitive block of `size` bytes the short way; `None` if it takes the long one, [`allocate`].
#[inline(always)]
#[must_use]
pub fn allocate_sensitive_quickly(size: usize, zeroed: bool) -> Option<NonNull<u8>> {
    quick::allocate::<quick::Sensitive, Plain>(size, Kind::Malloc, zeroed)
}

/// Makes a block. `None` when there is no memory for it.
pub fn allocate(request: Request, operation: Operation) -> Option<NonNull<u8>> {
    let _window = (request.sensitive && pool::start()).then(vault::around);
    if request.size.wrapping_sub(1) < MAX_SMALL && request.is_usual() {
        if let Some(heap) = thread::enter() {
            let class = request.class(size_class::class_of(request.size));
            let made = allocate_small(&heap, class, &request);
            drop(heap);
            return made.unwrap_or_else(|unfit| refuse_and_retry(&unfit, request, operation));
        }
    }
    allocate_otherwise(request, operation)
}

/// A slot that was drawn and is not fit to be handed out, and what it was.
struct Unfit {
    class: usize,
    index: u32,
    was: SlotWord,
}

/// A block, or no memory for it.
type Made = Result<Option<NonNull<u8>>, Unfit>;

#[cold]
#[inline(never)]
fn allocate_otherwise(request: Request, operation: Operation) -> Option<NonNull<u8>> {
    let made = thread::with_heap(|heap| {
        let class = size_class::class_of_aligned(request.size, request.alignment)
            .map(|class| request.class(class));
        match class {
            Some(class) if size_class::is_zero(class) => allocate_nothing(heap, class, &request),
            Some(class) if !fixed().options.guard_all() => allocate_small(heap, class, &request),
            _ => Ok(large::allocate(heap, &request).and_then(non_null)),
        }
    })?;
    made.unwrap_or_else(|unfit| refuse_and_retry(&unfit, request, operation))
}

fn allocate_small(heap: &ThreadHeap, class: usize, request: &Request) -> Made {
    let Some(slot) = take(heap, class) else {
        return Ok(None);
    };
    let was = slot.state();
    slot.set_busy(was.then(SlotState::Busy, heap.tag()));
    let sound = match was.state() {
        // A slot that rested must still be as it was wiped.
        SlotState::Resting => {
            // SAFETY: the slot is ours, and committed.
            !protections::VERIFY || unsafe { wipe::is_zero(slot.address, slot.size()) }
        }
        // One that was never used is not even read: that would make its page present.
        SlotState::NeverUsed if !request.zeroed && !fixed().verify_fresh => true,
        _ => is_fresh_and_sound(slot.class, slot.index, was.state(), *request),
    };
    if !sound {
        return Err(Unfit {
            class,
            index: slot.index,
            was,
        });
    }
    if !protections::WIPE && request.zeroed {
        // SAFETY: the slot is ours.
        unsafe { wipe::zero_bytes(slot.address, request.size) };
    }
    // SAFETY: the slot is ours; `class` was chosen for this size.
    unsafe { canary::seal(&fixed().keys, slot.address, slot.size(), request.size) };
    let live = SlotWord::live(request.kind, heap.tag());
    slot.set_live(&fixed().classes[class], live, slot.size(), request.size);
    evidence::made(heap, &slot, request.size, request.is_usual());
    Ok(non_null(slot.address))
}

/// A slot; where there is no memory for one, what is held for later makes some.
#[inline(always)]
fn take(heap: &ThreadHeap, class: usize) -> Option<Slot> {
    magazine::take(heap, class).or_else(|| {
        relieve(heap);
        magazine::take(heap, class)
    })
}

/// Readies a slot whose memory we have not touched; `false` if somebody else has, where the options
/// want that looked at, or if it is no such slot.
#[inline(never)]
fn is_fresh_and_sound(class: usize, index: u32, was: SlotState, request: Request) -> bool {
    let slot = fixed().classes[class].slot(class, index);
    if !matches!(was, SlotState::NeverUsed | SlotState::Purged) {
        return false;
    }
    // SAFETY: the slot is ours, and committed.
    unsafe {
        // A purged slot was within reach since its slab was taken into use again.
        let look = was == SlotState::Purged || fixed().verify_fresh;
        if was == SlotState::Purged {
            wipe::bring_in(slot.address + slot.size() - CANARY_SIZE);
        }
        if look && !wipe::is_zero(slot.address, slot.size()) {
            return false;
        }
        if request.zeroed {
            clear_fresh(&slot, request.size);
        }
    }
    true
}

/// Whatever an overflow may have left in a never-used slot must not come out of `calloc`. Small
/// slots are written over, which the caller is about to do anyway; large ones are only read, so
/// that untouched pages stay so.
///
/// # Safety
/// - The slot is in our hands, and committed.
unsafe fn clear_fresh(slot: &Slot, size: usize) {
    const READ_FROM: usize = 4096;
    // SAFETY: the slot is ours, and committed.
    unsafe {
        if size < READ_FROM || !wipe::is_zero_bytes(slot.address, size) {
            wipe::zero_bytes(slot.address, size);
        }
    }
}

/// A slot that was drawn is not fit to be handed out. Says why; where the program goes on, the slot
/// stays out of use, and another is tried.
#[cold]
#[inline(never)]
fn refuse_and_retry(
    &Unfit { class, index, was }: &Unfit,
    request: Request,
    operation: Operation,
) -> Option<NonNull<u8>> {
    let slot = fixed().classes[class].slot(class, index);
    // What is said of the slot is what it was before it was drawn.
    slot.move_to(was.state(), was.tag());
    let fault = match was.state() {
        SlotState::Resting | SlotState::Purged => explain::written_after_free(&slot),
        SlotState::NeverUsed => explain::dirt(&slot),
        // The slot was in two places at once: two threads freed it at the same moment. It is
        // somebody's block now, and stays that.
        SlotState::LiveMalloc | SlotState::LiveNew | SlotState::LiveNewArray => Fault::DoubleFree {
            block: explain::block(&slot),
        },
        SlotState::Busy | SlotState::Retired => Fault::MetadataCorruption {
            block: explain::block(&slot),
            state: was.state() as u8,
        },
    };
    die::found(&fault, operation);
    if !was.is_live() {
        slot.set_aside();
    }
    allocate(request, operation)
}

/// A block of size 0: an address without memory.
fn allocate_nothing(heap: &ThreadHeap, class: usize, request: &Request) -> Made {
    let Some(slot) = take(heap, class) else {
        return Ok(None);
    };
    let was = slot.state();
    if was.is_live() {
        return Err(Unfit {
            class,
            index: slot.index,
            was,
        });
    }
    let map = &fixed().classes[class];
    let whole = slot.size();
    let live = SlotWord::live(request.kind, heap.tag());
    slot.set_live(map, live, whole, whole - CANARY_SIZE);
    evidence::made(heap, &slot, 0, true);
    Ok(non_null(slot.address))
}
