// SPDX-License-Identifier: MIT OR Apache-2.0
//! A block ends: everything around it is checked first, then it is wiped and rests.

use core::ptr::NonNull;

use secmalloc_policy::fault::{Fault, Operation, Residue};
use secmalloc_policy::slot_state::{Kind, SlotState, SlotWord};

use super::owner::{check_claim, check_small, owner, verify, Owner, Refused};
use super::{mismatch, Claim};
use crate::die;
use crate::evidence;
use crate::explain;
use crate::large;
use crate::magazine;
use crate::pool::{self, fixed};
use crate::protections;
use crate::quick;
use crate::residue::{self, Place};
use crate::slab::{self, Slot};
use crate::store::{warm, Duplicate};
use crate::thread::{self, Door, Own, Plain, ThreadHeap};
use crate::trace::{self, Passed};
use crate::vault;
use crate::wipe;

/// Ends a block of the family `kind` the short way; `false` if nothing was done, and it takes the
/// long one, [`release`].
///
/// # Safety
/// - As [`release`].
#[inline(always)]
pub unsafe fn release_quickly(block: NonNull<u8>, kind: Kind, claim: Claim) -> bool {
    // SAFETY: the caller's promise.
    unsafe { quick::release::<quick::Bands, Plain>(block.addr().get(), kind, claim, |_| {}) }
}

/// The same for every small block, whose slot may be too large to be wiped without a call.
///
/// # Safety
/// - As [`release`].
#[inline(always)]
pub unsafe fn release_small(block: NonNull<u8>, kind: Kind, claim: Claim) -> bool {
    // SAFETY: the caller's promise.
    unsafe { quick::release::<quick::All, Plain>(block.addr().get(), kind, claim, |_| {}) }
}

/// The same for a small sensitive block.
///
/// # Safety
/// - As [`release`].
#[inline(always)]
pub unsafe fn release_sensitive_quickly(block: NonNull<u8>, kind: Kind, claim: Claim) -> bool {
    // SAFETY: the caller's promise.
    unsafe { quick::release::<quick::Sensitive, Plain>(block.addr().get(), kind, claim, |_| {}) }
}

/// Ends a block. `caller` is the return address of the call that ends it, 0 where that is not known.
///
/// # Safety
/// - If `block` is a live block, nothing uses it any more. Anything else is found out.
pub unsafe fn release(block: NonNull<u8>, operation: Operation, claim: Claim, caller: usize) {
    let passed = Passed::to(operation)
        .pointer(block.addr().get())
        .size(claim.size.unwrap_or(0))
        .alignment(claim.alignment.unwrap_or(0));
    // What makes another block at the same time has a record of its own.
    // SAFETY: the caller's promise.
    if !operation.changes() && unsafe { trace::end_block(&passed, claim) } {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        release_of(
            operation.family(),
            block,
            operation,
            claim,
            caller,
            Residue::Freed,
        )
    }
}

/// Ends a block that is to be of the family `kind`; `place` is what it is where it holds a secret.
///
/// # Safety
/// - As [`release`].
pub(super) unsafe fn release_of(
    kind: Kind,
    block: NonNull<u8>,
    operation: Operation,
    claim: Claim,
    caller: usize,
    place: Place,
) {
    let address = block.addr().get();
    let _window = pool::started().then(|| vault::around_block(address));
    if thread::current().is_some() && !residue::is_watching() {
        if let Some(spot) = slab::spot(fixed(), address) {
            let slot = spot.slot;
            let was = slot.state();
            if spot.offset == 0 && was.is_live_of(kind) && slot.has_memory() {
                // SAFETY: a live slot with memory is committed.
                if let Some(size) = unsafe { verify(&slot) } {
                    if claim.holds(address, size) {
                        // SAFETY: the block is live and sound, and its user gave it up.
                        unsafe { retire(&slot, was, size) };
                        return;
                    }
                }
            }
        }
    }
    release_slowly(kind, address, operation, claim, caller, place);
}

/// Wipes a slot and lets it rest.
///
/// # Safety
/// - The slot holds a live, verified block of `size` bytes that nobody uses any more.
pub(super) unsafe fn retire(slot: &Slot, was: SlotWord, size: usize) {
    // SAFETY: the caller's promise.
    let done = thread::with_heap(|heap| unsafe { retire_small(heap, slot, was, size) });
    if let Some(Err(duplicate)) = done {
        report_duplicate(slot.class, duplicate.0);
    }
}

/// # Safety
/// - As [`retire`].
unsafe fn retire_small(
    heap: &ThreadHeap,
    slot: &Slot,
    was: SlotWord,
    size: usize,
) -> Result<(), Duplicate> {
    slot.set_busy(was.then(SlotState::Busy, heap.tag()));
    if protections::WIPE {
        // SAFETY: the slot is in our hands.
        unsafe { wipe::zero_used(slot.address, slot.size(), size) };
    }
    if was.slack().is_none() && slot.requested().is_none() {
        evidence::ended(heap, slot);
    }
    slot.set(was.then(SlotState::Resting, heap.tag()));
    magazine::rest(heap, slot.class, slot.index)
}

/// Lets a wiped slot rest, where that takes more than a few instructions: when random numbers are used up, one free in
/// some hundred. That is also when memory goes back that nobody wants: this thread may never come to a store.
#[cold]
#[inline(never)]
pub(crate) fn rest_slowly<D: Door>(heap: &'static ThreadHeap, class: usize, index: u32) {
    let own = D::close(heap);
    let rested = magazine::rest(&own, class, index);
    warm::turn_if_due();
    drop(own);
    if let Err(duplicate) = rested {
        report_duplicate(class, duplicate.0);
    }
}

/// After a quarantine took a slot and gave none back: the class may not be the heap's own.
#[cold]
#[inline(never)]
pub(crate) fn rest_elsewhere(own: Own, class: usize) {
    let rested = match own.take_nobodys(own.bin(class)) {
        Some(index) => magazine::rest(&own, class, index),
        None => Ok(()),
    };
    drop(own);
    if let Err(duplicate) = rested {
        report_duplicate(class, duplicate.0);
    }
}

/// Makes a slot ready whose rest is over, where that takes more than a few instructions.
#[cold]
#[inline(never)]
pub(crate) fn ready_slowly<D: Door>(heap: &'static ThreadHeap, class: usize, index: u32) {
    let own = D::close(heap);
    let ready = magazine::make_ready(&own, class, index);
    drop(own);
    if let Err(duplicate) = ready {
        report_duplicate(class, duplicate.0);
    }
}

#[cold]
#[inline(never)]
fn report_duplicate(class: usize, index: u32) {
    let twin = fixed().classes[class].slot(class, index);
    die::found(
        &Fault::DoubleFree {
            block: explain::block(&twin),
        },
        Operation::Free,
    );
}

#[cold]
#[inline(never)]
fn release_slowly(
    kind: Kind,
    address: usize,
    operation: Operation,
    claim: Claim,
    caller: usize,
    place: Place,
) {
    let mut duplicate = Ok(());
    let (mut kind, mut claim, mut place) = (Some(kind), claim, Some(place));
    let done = loop {
        let done = thread::with_heap(|heap| {
            let place = place.filter(|_| residue::is_watching());
            let asked = (kind, claim, place);
            release_checked(heap, asked, address, operation, &mut duplicate)
        });
        match &done {
            // The block is sound, so it is freed as was asked.
            Some(Err((fault @ Fault::SecretResidue { .. }, _))) => {
                die::found(fault, operation);
                place = None;
            }
            Some(Err((fault, _))) if fault.is_harmless() => {
                mismatch::found(fault, operation, caller);
                // What was claimed of it was said of something else.
                (kind, claim) = (None, Claim::NONE);
            }
            _ => break done,
        }
    };
    // A block freed before the heap could start at all is not one of ours to judge; one that is freed
    // in a signal handler which interrupted this thread in a change stays as it is.
    if let Some(Err((fault, slot))) = done {
        die::found(&fault, operation);
        // Survived by policy: the block is never used again.
        if let Some(slot) = slot {
            slot.set_aside();
            slot.give_up();
        }
    }
    if let (Err(twin), Some(spot)) = (duplicate, slab::spot(fixed(), address)) {
        report_duplicate(spot.slot.class, twin.0);
    }
}

/// Asked are the family that the block must be of, what is claimed of it, and whether a secret is in it.
fn release_checked(
    heap: &ThreadHeap,
    (kind, claim, place): (Option<Kind>, Claim, Option<Place>),
    address: usize,
    operation: Operation,
    duplicate: &mut Result<(), Duplicate>,
) -> Result<(), Refused> {
    match owner(address, operation)? {
        Owner::Small(slot) => {
            let size = check_small(&slot)?;
            mismatch::check(kind, slot.state().kind(), claim, size, || {
                explain::block(&slot)
            })
            .map_err(|f| (f, Some(slot)))?;
            check_claim(claim, address, size, || explain::block(&slot))
                .map_err(|f| (f, Some(slot)))?;
            if slot.has_memory() {
                if let Some(place) = place.filter(|_| !residue::is_sensitive(&slot)) {
                    // SAFETY: the block's own bytes.
                    unsafe { residue::look((address, size), place, || explain::block(&slot)) }
                        .map_err(|fault| (fault, None))?;
                }
                // SAFETY: live and verified; the caller of `release` gave it up.
                *duplicate = unsafe { retire_small(heap, &slot, slot.state(), size) };
            } else {
                if slot.requested().is_none() {
                    evidence::ended(heap, &slot);
                }
                slot.move_to(SlotState::Resting, heap.tag());
                *duplicate = magazine::rest(heap, slot.class, slot.index);
            }
            Ok(())
        }
        Owner::Condemned(slot) => {
            slot.give_up();
            Ok(())
        }
        Owner::Large(descriptor) if descriptor.condemned => {
            large::give_up(heap, &descriptor);
            Ok(())
        }
        Owner::Large(descriptor) => {
            let describe = || descriptor.describe();
            let size = descriptor.size;
            let checked = explain::large(&descriptor)
                .map_or(Ok(()), Err)
                .and_then(|()| mismatch::check(kind, descriptor.kind(), claim, size, describe))
                .and_then(|()| check_claim(claim, address, size, describe));
            if let Err(fault) = checked {
                if fault.is_harmless() {
                    return Err((fault, None));
                }
                large::give_up(heap, &descriptor);
                return Err((fault, None));
            }
            if let Some(place) = place.filter(|_| !descriptor.sensitive) {
                // SAFETY: the block's own bytes.
                unsafe { residue::look((address, size), place, describe) }
                    .map_err(|fault| (fault, None))?;
            }
            if large::release(heap, &descriptor) {
                Ok(())
            } else {
                Err((explain::bad_pointer(address, operation), None))
            }
        }
    }
}
