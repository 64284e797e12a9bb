// SPDX-License-Identifier: MIT OR Apache-2.0
//! The front: allocate, release, resize, measure.
//!
//! Allocate and release have a short way, see [`crate::quick`]; what does not go that way begins
//! here. Each function asks what is likely first; a check that fails leads to the slow one, which
//! asks again, step by step, and names the fault.

use core::ptr::NonNull;

use secmalloc_policy::fault::{Fault, Operation};
use secmalloc_policy::request::Request;
use secmalloc_policy::size_class::{self, CANARY_SIZE, MAX_SMALL, ZERO};
use secmalloc_policy::slot_state::{Kind, SlotState, SlotWord};

use crate::canary;
use crate::die;
use crate::explain;
use crate::large::{self, Resized};
use crate::magazine;
use crate::pool::{self, fixed, shared};
use crate::protections;
use crate::quick;
use crate::slab::{self, Slot};
use crate::sys;
use crate::thread::{self, ThreadHeap};
use crate::wipe;

/// What a sized or aligned free claims about its block.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claim {
    /// The size it was requested with, in bytes.
    pub size: Option<usize>,
    /// An alignment that it was requested with.
    pub alignment: Option<usize>,
}

impl Claim {
    /// Nothing.
    pub const NONE: Claim = Claim {
        size: None,
        alignment: None,
    };

    /// Whether nothing is claimed.
    #[inline(always)]
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.size.is_none() && self.alignment.is_none()
    }

    #[inline(always)]
    pub(crate) fn holds(&self, address: usize, size: usize) -> bool {
        self.size.is_none_or(|claimed| claimed == size)
            && self.alignment.is_none_or(|claimed| {
                // Rounded as `aligned_alloc` rounds.
                claimed
                    .checked_next_power_of_two()
                    .is_some_and(|power| address & (power - 1) == 0)
            })
    }
}

/// Makes a block of `size` bytes at the usual alignment the short way; `None` if it takes the long
/// one, [`allocate`].
#[inline(always)]
#[must_use]
pub fn allocate_quickly(size: usize, kind: Kind, zeroed: bool) -> Option<NonNull<u8>> {
    quick::allocate::<quick::Bands>(size, kind, zeroed)
}

/// Makes a block. `None` when there is no memory for it.
pub fn allocate(request: Request, operation: Operation) -> Option<NonNull<u8>> {
    if request.size.wrapping_sub(1) < MAX_SMALL && request.is_usual() {
        let quickly = quick::allocate::<quick::All>(request.size, request.kind, request.zeroed);
        if quickly.is_some() {
            return quickly;
        }
        if let Some(heap) = thread::current() {
            let class = size_class::class_of(request.size);
            return allocate_small(heap, class, &request, operation);
        }
    }
    allocate_otherwise(request, operation)
}

#[cold]
#[inline(never)]
fn allocate_otherwise(request: Request, operation: Operation) -> Option<NonNull<u8>> {
    thread::with_heap(|heap| {
        let class = size_class::class_of_aligned(request.size, request.alignment);
        match class {
            Some(ZERO) => allocate_nothing(heap, &request),
            Some(class) if !fixed().options.guard_all() => {
                allocate_small(heap, class, &request, operation)
            }
            _ => large::allocate(heap, &request).and_then(non_null),
        }
    })?
}

fn non_null(address: usize) -> Option<NonNull<u8>> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(address))
}

fn allocate_small(
    heap: &ThreadHeap,
    class: usize,
    request: &Request,
    operation: Operation,
) -> Option<NonNull<u8>> {
    let slot = magazine::take(heap, class)?;
    let was = slot.state();
    slot.set_busy(was, heap.tag());
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
        return refuse_and_retry((class, slot.index), was, *request, operation);
    }
    if !protections::WIPE && request.zeroed {
        // SAFETY: the slot is ours.
        unsafe { wipe::zero_bytes(slot.address, request.size) };
    }
    // SAFETY: the slot is ours; `class` was chosen for this size.
    unsafe { canary::seal(&fixed().keys, slot.address, slot.size(), request.size) };
    slot.set_live(
        request.kind,
        heap.tag(),
        &fixed().classes[class],
        request.size,
    );
    non_null(slot.address)
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
    (class, index): (usize, u32),
    was: SlotWord,
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
fn allocate_nothing(heap: &ThreadHeap, request: &Request) -> Option<NonNull<u8>> {
    let slot = magazine::take(heap, ZERO)?;
    let map = &fixed().classes[ZERO];
    slot.set_live(request.kind, heap.tag(), map, slot.size() - CANARY_SIZE);
    non_null(slot.address)
}

/// Ends a block the short way; `false` if nothing was done, and it takes the long one, [`release`].
///
/// # Safety
/// - As [`release`].
#[inline(always)]
pub unsafe fn release_quickly(block: NonNull<u8>, claim: Claim) -> bool {
    // SAFETY: the caller's promise.
    unsafe { quick::release::<quick::Bands>(block.addr().get(), claim) }
}

/// Ends a block.
///
/// # Safety
/// - If `block` is a live block, nothing uses it any more. Anything else is found out.
pub unsafe fn release(block: NonNull<u8>, operation: Operation, claim: Claim) {
    let address = block.addr().get();
    // SAFETY: the caller's promise.
    if unsafe { quick::release::<quick::All>(address, claim) } {
        return;
    }
    if let Some(heap) = thread::current() {
        if let Some(spot) = slab::spot(fixed(), address) {
            let slot = spot.slot;
            let was = slot.state();
            if spot.offset == 0 && was.is_live() && slot.has_memory() {
                // SAFETY: a live slot with memory is committed.
                if let Some(size) = unsafe { verify(&slot) } {
                    if claim.holds(address, size) {
                        // SAFETY: the block is live and sound, and its user gave it up.
                        unsafe { retire_small(heap, &slot, was, size) };
                        return;
                    }
                }
            }
        }
    }
    release_slowly(address, operation, claim);
}

/// The size of the block in a live slot, if everything around it is as it must be.
///
/// # Safety
/// - The slot is live and has memory.
unsafe fn verify(slot: &Slot) -> Option<usize> {
    // SAFETY: the caller's promise.
    let requested = unsafe { slot.open() }?;
    if fixed().neighbours && implausible_neighbour(slot).is_some() {
        return None;
    }
    Some(requested)
}

/// The slot before this one, if its last word is not what it can be.
fn implausible_neighbour(slot: &Slot) -> Option<Slot> {
    // SAFETY: both kinds of neighbour are committed: one in the same slab as the slot itself, one in
    // the slab before while the lock is held.
    let implausible =
        |before: &Slot| unsafe { !canary::plausible(&fixed().keys, before.address, before.size()) };
    if let Some(previous) = slot.previous() {
        return Some(previous).filter(implausible);
    }
    let _held = shared().stores[slot.class].lock.hold();
    slot.predecessor().filter(implausible)
}

/// Wipes a slot and lets it rest.
///
/// # Safety
/// - The slot holds a live, verified block of `size` bytes that nobody uses any more.
unsafe fn retire_small(heap: &ThreadHeap, slot: &Slot, was: SlotWord, size: usize) {
    slot.set_busy(was, heap.tag());
    if protections::WIPE {
        // SAFETY: the slot is in our hands.
        unsafe { wipe::zero_used(slot.address, slot.size(), size) };
    }
    slot.set(was.then(SlotState::Resting, heap.tag()));
    if let Err(duplicate) = magazine::rest(heap, slot.class, slot.index) {
        report_duplicate(slot.class, duplicate.0);
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
fn release_slowly(address: usize, operation: Operation, claim: Claim) {
    let done = thread::with_heap(|heap| release_checked(heap, address, operation, claim));
    // A block freed before the heap could start at all is not one of ours to judge.
    if let Some(Err((fault, slot))) = done {
        die::found(&fault, operation);
        // Survived by policy: the block is never used again.
        if let Some(slot) = slot {
            slot.set_aside();
            slot.give_up();
        }
    }
}

/// A fault, and the slot to take out of use if the program survives it.
type Refused = (Fault, Option<Slot>);

fn release_checked(
    heap: &ThreadHeap,
    address: usize,
    operation: Operation,
    claim: Claim,
) -> Result<(), Refused> {
    match owner(address, operation)? {
        Owner::Small(slot) => {
            let size = check_small(&slot)?;
            check_claim(claim, address, size, || explain::block(&slot))
                .map_err(|f| (f, Some(slot)))?;
            if slot.has_memory() {
                // SAFETY: live and verified; the caller of `release` gave it up.
                unsafe { retire_small(heap, &slot, slot.state(), size) };
            } else {
                slot.move_to(SlotState::Resting, heap.tag());
                if let Err(duplicate) = magazine::rest(heap, slot.class, slot.index) {
                    report_duplicate(slot.class, duplicate.0);
                }
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
            let checked = match explain::large(&descriptor) {
                Some(fault) => Err(fault),
                None => check_claim(claim, address, descriptor.size, || descriptor.describe()),
            };
            if let Err(fault) = checked {
                large::give_up(heap, &descriptor);
                return Err((fault, None));
            }
            if large::release(heap, &descriptor) {
                Ok(())
            } else {
                Err((explain::bad_pointer(address, operation), None))
            }
        }
    }
}

/// Whose block it is.
enum Owner {
    Small(Slot),
    /// A block in which a fault was reported already.
    Condemned(Slot),
    Large(large::Descriptor),
}

/// The live block that starts at `address`.
fn owner(address: usize, operation: Operation) -> Result<Owner, Refused> {
    if let Some(spot) = slab::spot(fixed(), address) {
        if spot.offset == 0 && spot.slot.state().is_live() {
            return Ok(Owner::Small(spot.slot));
        }
        if spot.offset == 0 && spot.slot.is_condemned() {
            return Ok(Owner::Condemned(spot.slot));
        }
    } else if let Some(descriptor) = large::find(address) {
        return Ok(Owner::Large(descriptor));
    }
    Err((explain::bad_pointer(address, operation), None))
}

/// The size of a live small block; a fault if anything around it was changed.
fn check_small(slot: &Slot) -> Result<usize, Refused> {
    if !slot.has_memory() {
        return Ok(0);
    }
    // SAFETY: live, with memory.
    if let Some(size) = unsafe { verify(slot) } {
        return Ok(size);
    }
    // SAFETY: as above.
    let own = unsafe { slot.open() };
    match (own, implausible_neighbour(slot)) {
        (Some(_), Some(previous)) => Err((explain::neighbour(slot, &previous), Some(*slot))),
        _ => Err((explain::overflow(slot), Some(*slot))),
    }
}

fn check_claim(
    claim: Claim,
    address: usize,
    size: usize,
    block: impl FnOnce() -> secmalloc_policy::fault::Block,
) -> Result<(), Fault> {
    if claim.holds(address, size) {
        return Ok(());
    }
    match (claim.size, claim.alignment) {
        (Some(given), _) if given != size => Err(Fault::SizeMismatch {
            block: block(),
            given,
        }),
        (_, given) => Err(Fault::AlignmentMismatch {
            block: block(),
            given: given.unwrap_or(0),
        }),
    }
}

/// Changes the size of a block, in place where its slot or mapping allows. `None` when there is no
/// memory, or when the block was unsound and policy is to go on: then the old block stays as it
/// is.
///
/// # Safety
/// - If `block` is a live block, nothing uses its old address after a success.
#[inline]
pub unsafe fn resize(block: NonNull<u8>, size: usize, operation: Operation) -> Option<NonNull<u8>> {
    let address = block.addr().get();
    if let (Some(heap), Some(spot)) = (thread::current(), slab::spot(fixed_if_started()?, address))
    {
        let slot = spot.slot;
        if spot.offset == 0 && slot.state().is_live() && slot.has_memory() {
            // SAFETY: a live slot with memory is committed.
            if let Some(old) = unsafe { verify(&slot) } {
                // SAFETY: live and verified.
                return unsafe { resize_small(heap, &slot, old, size, operation) };
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
    heap: &ThreadHeap,
    slot: &Slot,
    old: usize,
    size: usize,
    operation: Operation,
) -> Option<NonNull<u8>> {
    let whole = slot.size();
    let state = slot.state();
    let kind = state.kind()?;
    let stays = size.wrapping_sub(1) < MAX_SMALL && size_class::class_of(size) == slot.class;
    // An aligned block may lie in a larger class than its size needs; it need not move to shrink
    // there.
    if stays || (size > 0 && size <= old && old - size < whole / 4) {
        slot.set_busy(state, state.tag());
        // SAFETY: the slot is in our hands; the new size fits it.
        unsafe { canary::reseal(&fixed().keys, slot.address, whole, old, size) };
        slot.set_live(kind, state.tag(), &fixed().classes[slot.class], size);
        return non_null(slot.address);
    }
    let request = Request::bytes(size).ok()?.of_kind(kind);
    let new = allocate(request, operation)?;
    // SAFETY: both blocks hold that many bytes, and they are not the same.
    unsafe {
        let from = sys::pointer::<u8>(slot.address);
        new.copy_from_nonoverlapping(from, old.min(size));
        retire_small(heap, slot, state, old);
    }
    Some(new)
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
    let (old, kind) = match owner {
        Owner::Condemned(slot) => (slot.requested()?, Kind::Malloc),
        Owner::Small(slot) => match check_small(&slot) {
            Ok(old) => (old, slot.state().kind()?),
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
            if size > MAX_SMALL && !descriptor.condemned {
                let resized = thread::with_heap(|heap| large::resize(heap, &descriptor, size))?;
                if let Resized::Here(moved) = resized? {
                    return non_null(moved);
                }
            }
            (descriptor.size, descriptor.kind()?)
        }
    };
    let new = allocate(Request::bytes(size).ok()?.of_kind(kind), operation)?;
    let block = non_null(address)?;
    // SAFETY: both blocks hold that many bytes, and they are not the same.
    unsafe { new.copy_from_nonoverlapping(block, old.min(size)) };
    // SAFETY: the caller gives the old block up.
    unsafe { release(block, operation, Claim::NONE) };
    Some(new)
}

/// The size of a block, as requested; with the option `usable_size=slot`, all that its slot holds,
/// and the block then has that size. 0 for what is no block, where policy is to go on.
pub fn usable_size(block: NonNull<u8>, operation: Operation) -> usize {
    let address = block.addr().get();
    let Some(found) = thread::with_heap(|_| {
        Ok(match owner(address, operation)? {
            Owner::Small(slot) => (check_small(&slot)?, Some(slot)),
            Owner::Condemned(slot) => (slot.requested().unwrap_or(0), None),
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
                slot.set_busy(state, state.tag());
                // SAFETY: a live block, whose slot holds that much.
                unsafe { canary::reseal(&fixed().keys, address, whole, size, most) };
                slot.set_live(kind, state.tag(), &fixed().classes[slot.class], most);
            }
            most
        }
        _ => size,
    }
}
