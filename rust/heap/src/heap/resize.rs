// SPDX-License-Identifier: MIT OR Apache-2.0
//! A block gets another size, where it is if it can; and how large a block is.

use core::ptr::NonNull;

use secmalloc_policy::fault::{Operation, Residue};
use secmalloc_policy::request::Request;
use secmalloc_policy::size_class::{self, CANARY_SIZE, MAX_SMALL};
use secmalloc_policy::slot_state::{Kind, SlotState, SlotWord};

use super::allocate::allocate;
use super::non_null;
use super::owner::{check_small, owner, verify, Owner};
use super::release::{release_of, retire};
use super::{mismatch, Claim};
use crate::canary;
use crate::die;
use crate::evidence;
use crate::explain;
use crate::large::{self, Resized};
use crate::pool::{self, fixed};
use crate::quick;
use crate::residue;
use crate::slab::{self, Slot};
use crate::sys;
use crate::thread::{self, Plain};
use crate::vault;

/// Changes the size of a small block the short way; `None` if nothing was done, and it takes the long
/// one, [`resize`].
///
/// # Safety
/// - As [`resize`].
#[must_use]
pub unsafe fn resize_quickly(block: NonNull<u8>, size: usize) -> Option<NonNull<u8>> {
    // SAFETY: the caller's promise.
    unsafe { quick::resize::<quick::All, Plain>(block.addr().get(), size, |_| true) }
}

/// The same for a small sensitive block.
///
/// # Safety
/// - As [`resize`].
#[must_use]
pub unsafe fn resize_sensitive_quickly(block: NonNull<u8>, size: usize) -> Option<NonNull<u8>> {
    // SAFETY: the caller's promise.
    let resized =
        unsafe { quick::resize::<quick::Sensitive, Plain>(block.addr().get(), size, |_| true) };
    vault::forget_registers();
    resized
}

/// Whether a live block starts at `block`, and is sensitive.
#[must_use]
pub fn is_sensitive(block: NonNull<u8>) -> bool {
    let address = block.addr().get();
    pool::started()
        && match slab::spot(fixed(), address) {
            Some(spot) => size_class::is_sensitive(spot.slot.class) && spot.slot.state().is_live(),
            None => large::find(address).is_some_and(|descriptor| descriptor.sensitive),
        }
}

/// Changes the size of a block, in place where its slot or mapping allows. `None` when there is no
/// memory, or when the block was unsound and policy is to go on: then the old block stays as it
/// is. What C++ made is not for `realloc`; where policy is to go on, it becomes a block of `malloc`'s.
///
/// # Safety
/// - If `block` is a live block, nothing uses its old address after a success.
pub unsafe fn resize(block: NonNull<u8>, size: usize, operation: Operation) -> Option<NonNull<u8>> {
    let address = block.addr().get();
    fixed_if_started()?;
    let _window = vault::around_block(address);
    if let (Some(_), Some(spot)) = (thread::current(), slab::spot(fixed(), address)) {
        let slot = spot.slot;
        if spot.offset == 0 && slot.state().is_live_of(Kind::Malloc) && slot.has_memory() {
            // SAFETY: a live slot with memory is committed.
            if let Some(old) = unsafe { verify(&slot) } {
                // SAFETY: live and verified.
                return unsafe { resize_small(&slot, old, size, operation) };
            }
        }
    }
    resize_slowly(address, size, operation)
}

fn fixed_if_started() -> Option<&'static pool::Fixed> {
    pool::start().then(fixed)
}

/// # Safety
/// - The slot holds a live, verified block of `old` bytes, which the caller gives up on success.
unsafe fn resize_small(
    slot: &Slot,
    old: usize,
    size: usize,
    operation: Operation,
) -> Option<NonNull<u8>> {
    let whole = slot.size();
    let state = slot.state();
    let stays = size.wrapping_sub(1) < MAX_SMALL && quick::stays(slot.class, whole, old, size);
    if stays {
        look_for_secrets(slot, (slot.address, old, size), false, operation);
        slot.set_busy(state.then(SlotState::Busy, state.tag()));
        // SAFETY: the slot is in our hands; the new size fits it.
        unsafe { canary::reseal(&fixed().keys, slot.address, whole, old, size) };
        let live = SlotWord::live(Kind::Malloc, state.tag());
        // Of a block of which evidence was kept, none is any more: its size is said now, if it can be.
        slot.set_live(&fixed().classes[slot.class], live, whole, size);
        if live
            .with_slack(whole - CANARY_SIZE - size)
            .slack()
            .is_none()
        {
            evidence::forget(slot);
        }
        return non_null(slot.address);
    }
    let sensitive = size_class::is_sensitive(slot.class);
    let request = Request::bytes(size).ok()?.with_secrets(sensitive);
    let new = allocate(request, operation)?;
    // SAFETY: both blocks hold that many bytes, and they are not the same.
    unsafe {
        let from = sys::pointer::<u8>(slot.address);
        new.copy_from_nonoverlapping(from, old.min(size));
        look_for_secrets(slot, (slot.address, old, size), true, operation);
        retire(slot, state, old);
    }
    if sensitive {
        vault::forget_registers();
    }
    Some(new)
}

/// Looks for secrets in what a block that changes its size leaves behind.
fn look_for_secrets(slot: &Slot, sizes: (usize, usize, usize), moves: bool, operation: Operation) {
    if residue::is_watching() && !residue::is_sensitive(slot) {
        // SAFETY: the caller's block, which is sound.
        unsafe { residue::look_at_resize(sizes, moves, operation, || explain::block(slot)) };
    }
}

#[cold]
#[inline(never)]
fn resize_slowly(address: usize, size: usize, operation: Operation) -> Option<NonNull<u8>> {
    let owner = match thread::with_heap(|_| owner(address, operation))? {
        Ok(owner) => owner,
        Err((fault, _)) => {
            die::found(&fault, operation);
            return None;
        }
    };
    let (old, kind, made, sensitive) = match owner {
        Owner::Condemned(slot) => (
            slot.size_of_block()?,
            Kind::Malloc,
            explain::block(&slot),
            size_class::is_sensitive(slot.class),
        ),
        Owner::Small(slot) => match check_small(&slot) {
            Ok(old) => (
                old,
                slot.state().kind()?,
                explain::block(&slot),
                size_class::is_sensitive(slot.class),
            ),
            Err((fault, _)) => {
                die::found(&fault, operation);
                slot.set_aside();
                return None;
            }
        },
        Owner::Large(descriptor) => {
            if let Some(fault) = explain::large(&descriptor) {
                die::found(&fault, operation);
                large::condemn(&descriptor);
                return None;
            }
            // With `guard_all`, every block ends at a guard, and what was its place is out of reach: it moves.
            if size > MAX_SMALL
                && !fixed().options.guard_all()
                && !descriptor.condemned
                && descriptor.kind() == Some(Kind::Malloc)
            {
                if residue::is_watching() && !descriptor.sensitive {
                    let sizes = (address, descriptor.size, size);
                    // SAFETY: the caller's block, which is sound.
                    unsafe {
                        residue::look_at_resize(sizes, false, operation, || descriptor.describe());
                    }
                }
                let resized = thread::with_heap(|heap| large::resize(heap, &descriptor, size))?;
                if let Resized::Here(moved) = resized? {
                    return non_null(moved);
                }
            }
            (
                descriptor.size,
                descriptor.kind()?,
                descriptor.describe(),
                descriptor.sensitive,
            )
        }
    };
    let family = Some(operation.family());
    if let Err(fault) = mismatch::check(family, Some(kind), Claim::NONE, old, || made) {
        mismatch::found(&fault, operation, 0);
    }
    let request = Request::bytes(size).ok()?.with_secrets(sensitive);
    let new = allocate(request, operation)?;
    let block = non_null(address)?;
    // SAFETY: both blocks hold that many bytes, and they are not the same.
    unsafe { new.copy_from_nonoverlapping(block, old.min(size)) };
    if sensitive {
        vault::forget_registers();
    }
    // SAFETY: the caller gives the old block up.
    unsafe { release_of(kind, block, operation, Claim::NONE, 0, Residue::Moved) };
    Some(new)
}

/// The size of a small block the short way; `None` if it takes the long one, [`usable_size`].
#[must_use]
pub fn usable_size_quickly(block: NonNull<u8>) -> Option<usize> {
    quick::size_of::<quick::All, Plain>(block.addr().get())
        .filter(|_| !fixed().options.usable_size_is_slot())
}

/// The size of a block, as requested; with the option `usable_size=slot`, all that its slot holds,
/// and the block then has that size. 0 for what is no block, where policy is to go on.
pub fn usable_size(block: NonNull<u8>, operation: Operation) -> usize {
    let address = block.addr().get();
    let _window = pool::start().then(|| vault::around_block(address));
    let Some(found) = thread::with_heap(|_| {
        Ok(match owner(address, operation)? {
            Owner::Small(slot) => (check_small(&slot)?, Some(slot)),
            Owner::Condemned(slot) => (slot.size_of_block().unwrap_or(0), None),
            Owner::Large(descriptor) => (descriptor.size, None),
        })
    }) else {
        return 0;
    };
    let (size, slot) = match found {
        Ok(found) => found,
        Err((fault, _)) => {
            die::found(&fault, operation);
            return 0;
        }
    };
    match slot {
        Some(slot) if slot.has_memory() && fixed().options.usable_size_is_slot() => {
            let (whole, state) = (slot.size(), slot.state());
            let most = whole - CANARY_SIZE;
            if let Some(kind) = state.kind() {
                slot.set_busy(state.then(SlotState::Busy, state.tag()));
                // SAFETY: a live block, whose slot holds that much.
                unsafe { canary::reseal(&fixed().keys, address, whole, size, most) };
                let map = &fixed().classes[slot.class];
                slot.set_live(map, SlotWord::live(kind, state.tag()), whole, most);
            }
            most
        }
        _ => size,
    }
}
