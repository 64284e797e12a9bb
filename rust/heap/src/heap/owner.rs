// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose block an address is, and whether everything around it is as it must be; if not, the fault.

use secmalloc_policy::fault::{Fault, Operation};

use super::Claim;
use crate::canary;
use crate::explain;
use crate::large;
use crate::pool::{fixed, shared};
use crate::slab::{self, Slot};

/// The size of the block in a live slot, if everything around it is as it must be.
///
/// # Safety
/// - The slot is live and has memory.
pub(super) unsafe fn verify(slot: &Slot) -> Option<usize> {
    // SAFETY: the caller's promise.
    let requested = unsafe { slot.open() }?;
    if fixed().neighbours && implausible_neighbour(slot).is_some() {
        return None;
    }
    Some(requested)
}

/// Whether the slot before this one ends as it can. Takes numbers: with an address of something on the stack of the
/// short way, that could not jump to the long one.
#[cold]
#[inline(never)]
pub(crate) fn is_neighbour_sound(class: usize, index: u32) -> bool {
    implausible_neighbour(&fixed().classes[class].slot(class, index)).is_none()
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

/// A fault, and the slot to take out of use if the program survives it.
pub(super) type Refused = (Fault, Option<Slot>);

/// Whose block it is.
pub(super) enum Owner {
    Small(Slot),
    /// A block in which a fault was reported already.
    Condemned(Slot),
    Large(large::Descriptor),
}

/// The live block that starts at `address`.
pub(super) fn owner(address: usize, operation: Operation) -> Result<Owner, Refused> {
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
pub(super) fn check_small(slot: &Slot) -> Result<usize, Refused> {
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

pub(super) fn check_claim(
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
