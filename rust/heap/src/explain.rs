// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a check that failed to the fault that explains it. All of this is off the fast path: the
//! checks themselves only say "no".

use secmalloc_policy::fault::{Actor, Block, Contact, Evidence, Fault, Operation, Stray, EVIDENCE};
use secmalloc_policy::size_class::{self, CANARY_SIZE};
use secmalloc_policy::slot_state::SlotState;

use crate::canary;
use crate::evidence::{self, Trail};
use crate::large::{self, Descriptor, Near};
use crate::pool::{fixed, shared};
use crate::slab::{self, Life, Slot, Spot};
use crate::sys;
use crate::thread;
use crate::vault;
use crate::wipe;

/// What messages say of a slot.
pub(crate) fn block(slot: &Slot) -> Block {
    let state = slot.state();
    let size = slot.size();
    let live = state.is_live();
    let requested = match state.state() {
        SlotState::NeverUsed => None,
        _ if !slot.has_memory() => Some(0),
        _ if live => slot.size_of_block().or_else(|| size_in_word(slot)),
        _ => slot.size_of_block(),
    };
    let by = thread::actor(state.tag());
    let (allocated_by, freed_by) = if live {
        (by, Actor::default())
    } else {
        (Actor::default(), by)
    };
    let (allocated_by, freed_by) = match evidence::of(slot) {
        Some((made, _)) if live => (made.actor(), freed_by),
        Some((made, freed)) if freed != Trail::default() => (made.actor(), freed.actor()),
        _ => (allocated_by, freed_by),
    };
    Block {
        address: slot.address,
        requested,
        slot: size,
        kind: state.kind(),
        allocated_by,
        freed_by,
    }
}

/// The size of a live block that leaves more of its slot unused than a state can say, as an aligned
/// one may: its canary's word says it. Whoever asks may not own the block, which may be freed, and
/// its slab purged, meanwhile: the store's lock prevents that.
fn size_in_word(slot: &Slot) -> Option<usize> {
    let lock = &shared().stores[slot.class].lock;
    // A sweep holds it already.
    let _held = (!lock.is_mine()).then(|| lock.hold());
    let map = &fixed().classes[slot.class];
    let (slab, _) = map.place(slot.index);
    if map.record(slab).life.get() != Life::Warm {
        return None;
    }
    // SAFETY: a warm slab is committed.
    unsafe { canary::size_if_word_intact(&fixed().keys, slot.address, slot.size()) }
}

/// Whether what is in a slot is nobody's business.
fn is_hidden(slot: &Slot) -> bool {
    size_class::is_sensitive(slot.class)
}

/// The bytes at `from..end`, and how they differ from what `expected` gives for each.
/// Of sensitive memory, only how many differ.
fn evidence(
    from: usize,
    end: usize,
    hidden: bool,
    expected: impl Fn(usize) -> (u8, bool),
) -> Evidence {
    let shown = if hidden { 0 } else { EVIDENCE };
    let mut evidence = Evidence {
        address: from,
        length: (end - from).min(shown),
        hidden,
        ..Evidence::default()
    };
    for at in 0..end - from {
        // SAFETY: the caller's range is committed memory.
        let byte = unsafe { sys::pointer::<u8>(from + at).read_volatile() };
        let (right, is_canary) = expected(from + at);
        if at >= shown {
            evidence.more += usize::from(byte != right);
            continue;
        }
        evidence.found[at] = byte;
        evidence.wrong |= u64::from(byte != right) << at;
        evidence.canary |= u64::from(is_canary) << at;
    }
    evidence
}

/// Something behind a live small block was changed.
pub(crate) fn overflow(slot: &Slot) -> Fault {
    let size = slot.size();
    let keys = &fixed().keys;
    let block = block(slot);
    let requested = block.requested.unwrap_or(size - CANARY_SIZE);
    let right =
        |at: usize| canary::expected(keys, slot.address, size, requested, at - slot.address);
    let first = (slot.address + requested..slot.address + size)
        .find(|&at| {
            // SAFETY: within the slot.
            unsafe { sys::pointer::<u8>(at).read_volatile() != right(at).0 }
        })
        .unwrap_or(slot.address + requested);
    let seen = evidence(first, slot.address + size, is_hidden(slot), right);
    Fault::HeapBufferOverflow {
        block,
        offset: first - slot.address,
        contact: Contact::Written(seen),
    }
}

/// The word before `slot`, the last of `previous`, is neither a canary nor zero.
pub(crate) fn neighbour(slot: &Slot, previous: &Slot) -> Fault {
    let keys = &fixed().keys;
    let size = previous.size();
    let word_at = slot.address - 8;
    let state = previous.state();
    let hash = keys.hash(previous.address).to_le_bytes();
    // SAFETY: within the previous slot.
    let first_two = unsafe { sys::pointer::<[u8; 2]>(word_at).read_volatile() };
    // An overflow of the block before comes from below: it destroys what lies between that block
    // and the word first. Where nothing lies between, it destroys the word's lower bytes first.
    let overflown = match block(previous).requested.filter(|_| state.is_live()) {
        None => false,
        Some(requested) if requested == size - CANARY_SIZE => first_two != [hash[0], hash[1]],
        Some(requested) => (requested..size - CANARY_SIZE).any(|at| {
            // SAFETY: within the previous slot.
            let byte = unsafe { sys::pointer::<u8>(previous.address + at).read_volatile() };
            byte != canary::expected(keys, previous.address, size, requested, at).0
        }),
    };
    if overflown {
        return overflow(previous);
    }
    let rest_is_zero =
        // SAFETY: within the previous slot, which has memory since its neighbour does.
        unsafe { wipe::is_zero_bytes(previous.address, size - 8) };
    if state.state() == SlotState::Resting && !rest_is_zero {
        return written_after_free(previous);
    }
    let block = block(slot);
    let right = |at: usize| {
        if state.is_live() {
            (hash[(at - word_at) & 7], true)
        } else {
            (0, false)
        }
    };
    let distance = (1..=8)
        .find(|back| {
            // SAFETY: within the word.
            let byte = unsafe { sys::pointer::<u8>(slot.address - back).read_volatile() };
            byte != right(slot.address - back).0
        })
        .unwrap_or(8);
    let mut seen = evidence(word_at, slot.address, is_hidden(slot), right);
    if state.is_live() {
        // The slack's length is mixed into two of the bytes: they tell nothing here.
        seen.wrong &= !0b1100;
    }
    Fault::HeapBufferUnderflow {
        block,
        distance,
        contact: Contact::Written(seen),
    }
}

/// A resting slot is not zero.
pub(crate) fn written_after_free(slot: &Slot) -> Fault {
    let size = slot.size();
    let end = slot.address + size;
    let first = (slot.address..end)
        .find(|&at| {
            // SAFETY: within the slot.
            unsafe { sys::pointer::<u8>(at).read_volatile() != 0 }
        })
        .unwrap_or(slot.address);
    Fault::UseAfterFreeWrite {
        block: block(slot),
        offset: first - slot.address,
        evidence: evidence(first, end, is_hidden(slot), |_| (0, false)),
    }
}

/// A slot that was never used is not zero: something was written where no block was. The block
/// before it is the likely cause.
pub(crate) fn dirt(slot: &Slot) -> Fault {
    let end = slot.address + slot.size();
    let first = (slot.address..end)
        .find(|&at| {
            // SAFETY: within the slot.
            unsafe { sys::pointer::<u8>(at).read_volatile() != 0 }
        })
        .unwrap_or(slot.address);
    let seen = evidence(first, end, is_hidden(slot), |_| (0, false));
    let (owner, past_its_end) = writer(slot).unwrap_or((*slot, false));
    let (block, offset) = (block(&owner), first - owner.address);
    if past_its_end {
        let contact = Contact::Written(seen);
        Fault::HeapBufferOverflow {
            block,
            offset,
            contact,
        }
    } else {
        Fault::UseAfterFreeWrite {
            block,
            offset,
            evidence: seen,
        }
    }
}

/// The block that was likely written past, into `slot`, and whether it was still in use then.
fn writer(slot: &Slot) -> Option<(Slot, bool)> {
    let is_dirty = |slot: &Slot| {
        // SAFETY: in the slab of the caller's slot, which is committed.
        unsafe { !wipe::is_zero(slot.address, slot.size()) }
    };
    let mut set_aside = None;
    for previous in core::iter::successors(slot.previous(), Slot::previous) {
        match previous.state().state() {
            SlotState::NeverUsed if is_dirty(&previous) => {}
            SlotState::NeverUsed => break,
            // A fault was found in it already, and the program goes on: what follows without a gap is one write,
            // and the lowest of such slots is the block's.
            SlotState::Retired => set_aside = Some((previous, true)),
            state => {
                let freed = matches!(state, SlotState::Resting | SlotState::Purged);
                return set_aside.or(Some((previous, !freed)));
            }
        }
    }
    set_aside
}

/// What is wrong around a live large block, if something is that was not reported before.
pub(crate) fn large(descriptor: &Descriptor) -> Option<Fault> {
    if descriptor.condemned {
        return None;
    }
    let block = descriptor.describe();
    let end = descriptor.block + descriptor.size;
    if let Some(offset) = descriptor.overflow() {
        let from = descriptor.block + offset;
        let fill = |at: usize| (large::expected_fill(descriptor.block, at - end), true);
        let seen = evidence(
            from,
            descriptor.mapping.data_end(),
            descriptor.sensitive,
            fill,
        );
        return Some(Fault::HeapBufferOverflow {
            block,
            offset,
            contact: Contact::Written(seen),
        });
    }
    let distance = descriptor.underflow()?;
    let from = descriptor.block - distance.min(descriptor.block - descriptor.mapping.data);
    let seen = evidence(from, descriptor.block, descriptor.sensitive, |_| (0, false));
    Some(Fault::HeapBufferUnderflow {
        block,
        distance,
        contact: Contact::Written(seen),
    })
}

/// What is wrong with a pointer that is not the start of a live block.
pub(crate) fn bad_pointer(address: usize, operation: Operation) -> Fault {
    let freed = |block: Block| match operation {
        Operation::Realloc | Operation::Reallocarray | Operation::Recallocarray => {
            Fault::ReallocAfterFree { block }
        }
        _ => Fault::DoubleFree { block },
    };
    let stray = |stray| Fault::InvalidFree {
        pointer: address,
        stray,
    };
    if slab::in_data_pool(address) {
        let Some(Spot { slot, offset, .. }) = slab::spot(fixed(), address) else {
            return stray(Stray::NeverAllocated);
        };
        let (state, block) = (slot.state(), block(&slot));
        return match state.state() {
            SlotState::LiveMalloc | SlotState::LiveNew | SlotState::LiveNewArray => {
                stray(Stray::InsideLive(block, offset))
            }
            SlotState::Resting | SlotState::Purged | SlotState::Retired if offset == 0 => {
                freed(block)
            }
            SlotState::Resting | SlotState::Purged | SlotState::Retired => {
                stray(Stray::InsideFreed(block, offset))
            }
            // Another thread is freeing it right now.
            SlotState::Busy if offset == 0 => freed(block),
            SlotState::Busy | SlotState::NeverUsed => stray(Stray::NeverAllocated),
        };
    }
    if let Some(was) = large::freed_at(address) {
        return freed(was.describe());
    }
    match large::near(address) {
        Some(Near::Live(d))
            if address > d.block && address < d.mapping.data_end().max(d.block + 1) =>
        {
            stray(Stray::InsideLive(d.describe(), address - d.block))
        }
        Some(Near::Freed(was)) if address > was.descriptor.block => stray(Stray::InsideFreed(
            was.describe(),
            address - was.descriptor.block,
        )),
        Some(_) => stray(Stray::NeverAllocated),
        None => stray(Stray::Foreign),
    }
}

/// Which block a load or store that was stopped by a guard was meant for, if it was one.
pub(crate) fn access(address: usize) -> Option<Fault> {
    let contact = Contact::Guarded;
    if let Some(fault) = vault::stack::touched(address) {
        return Some(fault);
    }
    if slab::in_data_pool(address) {
        let spot = slab::spot(fixed(), address);
        // Somebody touched a secret outside of a window: no fault of the heap's.
        if fixed().windows && spot.is_some_and(|spot| is_hidden(&spot.slot)) {
            return None;
        }
        return match spot.map(|spot| (spot.slot.state().state(), spot)) {
            // Only a slot without memory can be live and fault.
            Some((SlotState::LiveMalloc | SlotState::LiveNew | SlotState::LiveNewArray, spot)) => {
                Some(Fault::HeapBufferOverflow {
                    block: block(&spot.slot),
                    offset: spot.offset,
                    contact,
                })
            }
            Some((SlotState::Resting | SlotState::Purged, spot)) => {
                Some(Fault::UseAfterFreeAccess {
                    block: block(&spot.slot),
                    offset: spot.offset,
                })
            }
            // A guard, or memory that was never committed: somebody ran far past a block.
            _ => slab::live_around(address).map(|slot| match address.checked_sub(slot.address) {
                Some(offset) => Fault::HeapBufferOverflow {
                    block: block(&slot),
                    offset,
                    contact,
                },
                None => {
                    let distance = slot.address - address;
                    Fault::HeapBufferUnderflow {
                        block: block(&slot),
                        distance,
                        contact,
                    }
                }
            }),
        };
    }
    match large::near(address)? {
        Near::Live(d) => {
            let block = d.describe();
            Some(match address.checked_sub(d.block) {
                Some(offset) => Fault::HeapBufferOverflow {
                    block,
                    offset,
                    contact,
                },
                None => Fault::HeapBufferUnderflow {
                    block,
                    distance: d.block - address,
                    contact,
                },
            })
        }
        Near::Freed(was) => {
            let block = was.describe();
            let offset = address.wrapping_sub(was.descriptor.block);
            (address >= was.descriptor.block).then_some(Fault::UseAfterFreeAccess { block, offset })
        }
    }
}
