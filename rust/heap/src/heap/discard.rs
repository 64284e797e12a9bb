// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blocks whose bytes must be gone when the call returns. Freed small blocks are wiped at once
//! anyway; large ones only before they are used again, and until then their pages, though out of
//! reach, are in a core dump.

use core::ptr::NonNull;

use secmalloc_policy::fault::{Fault, Operation};
use secmalloc_policy::request::Request;

use super::allocate::allocate;
use super::owner::{check_small, owner, Owner, Refused};
use super::release::release;
use super::resize::is_sensitive;
use super::Claim;
use crate::die;
use crate::explain;
use crate::large;
use crate::pool;
use crate::slab::Slot;
use crate::thread;
use crate::vault;
use crate::wipe;

/// What became of a block that was to be changed.
#[derive(Debug)]
pub enum Recreated {
    /// It is this one now.
    Block(NonNull<u8>),
    /// There is no memory: the block stays.
    NoMemory,
    /// The block is not what was said of it, and policy is to go on: it stays.
    Refused,
}

/// The size of the block at `address`, if it is one, and sound; with its slot, for a small one.
fn measure(address: usize, operation: Operation) -> Result<(usize, Option<Slot>), Refused> {
    match owner(address, operation)? {
        Owner::Small(slot) => Ok((check_small(&slot)?, Some(slot))),
        Owner::Condemned(slot) => Ok((slot.size_of_block().unwrap_or(0), None)),
        Owner::Large(descriptor) => match explain::large(&descriptor) {
            Some(fault) => Err((fault, None)),
            None => Ok((descriptor.size, None)),
        },
    }
}

/// Wipes the first `size` bytes of a block and ends it. More than it has is a fault.
///
/// # Safety
/// - If `block` is a live block, nothing uses it any more. Anything else is found out.
pub unsafe fn discard(block: NonNull<u8>, size: usize, operation: Operation) {
    let address = block.addr().get();
    let _window = pool::started().then(|| vault::around_block(address));
    let mut claim = Claim {
        size: Some(size),
        alignment: None,
    };
    if let Some(Ok((whole, _))) = thread::with_heap(|_| measure(address, operation)) {
        if size <= whole {
            // SAFETY: so many bytes belong to the block, which its user gave up.
            unsafe { wipe::zero_bytes(address, size) };
            claim = Claim::NONE;
        }
    }
    // Whatever is wrong with the block, or with the size, is found and named here.
    // SAFETY: the caller's promise.
    unsafe { release(block, operation, claim, 0) };
}

/// Makes a new block of what `request` says from one of `old` bytes, which is wiped and ended.
///
/// # Safety
/// - If `block` is a live block, nothing uses it after a success.
pub unsafe fn recreate(
    block: NonNull<u8>,
    old: usize,
    request: Request,
    operation: Operation,
) -> Recreated {
    let address = block.addr().get();
    let _window = pool::started().then(|| vault::around_block(address));
    let (fault, slot) = match thread::with_heap(|_| measure(address, operation)) {
        None => return Recreated::NoMemory,
        Some(Err(refused)) => refused,
        Some(Ok((whole, slot))) if whole != old => {
            let descriptor = large::find(address).map(|descriptor| descriptor.describe());
            let block = slot.map_or(descriptor, |slot| Some(explain::block(&slot)));
            let block = block.unwrap_or_default();
            (Fault::SizeMismatch { block, given: old }, None)
        }
        Some(Ok(_)) => {
            let sensitive = is_sensitive(block);
            let Some(new) = allocate(request.with_secrets(sensitive), operation) else {
                return Recreated::NoMemory;
            };
            // SAFETY: both blocks hold that many bytes, and they are not the same; the old one was
            // given up.
            unsafe {
                new.copy_from_nonoverlapping(block, old.min(request.size));
                discard(block, old, operation);
            }
            if sensitive {
                vault::forget_registers();
            }
            return Recreated::Block(new);
        }
    };
    die::found(&fault, operation);
    if let Some(slot) = slot {
        slot.set_aside();
    }
    Recreated::Refused
}
