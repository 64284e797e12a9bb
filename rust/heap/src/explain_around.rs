// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two neighbours of a block, or of a pointer that is none, for its message.

use secmalloc_policy::fault::{Block, Fault, Stray};
use secmalloc_policy::message::{Neighbour, Standing};
use secmalloc_policy::slot_state::SlotState;

use crate::explain;
use crate::large::{self, Near};
use crate::pool::fixed;
use crate::slab::{self, Slot};

/// What lies right before the block that a fault is about, and right behind it; or around a pointer to
/// no block, which is likely meant for one of these: `delete[]` of one object, say, passes a pointer some
/// bytes before it.
pub(crate) fn neighbours(fault: &Fault) -> [Option<Neighbour>; 2] {
    match (fault.block(), *fault) {
        (Some(block), _) => of_block(&block),
        (
            None,
            Fault::InvalidFree {
                pointer,
                stray: Stray::NeverAllocated,
            },
        ) => of_pointer(pointer),
        _ => [None; 2],
    }
}

/// Those of the slot that a pointer is into; in a guard of a large block, that block.
fn of_pointer(pointer: usize) -> [Option<Neighbour>; 2] {
    if let Some(spot) = slab::spot(fixed(), pointer) {
        return of_block(&explain::block(&spot.slot));
    }
    let (block, standing) = match large::near(pointer) {
        Some(Near::Live(descriptor)) => (descriptor.describe(), Standing::Live),
        Some(Near::Freed(was)) => (was.describe(), Standing::Freed),
        None => return [None; 2],
    };
    let size = block.requested.unwrap_or(block.slot);
    let of = |gap| {
        Some(Neighbour {
            block,
            standing,
            gap,
        })
    };
    match block.address.checked_sub(pointer) {
        Some(gap) => [None, of(gap)],
        None => [of(pointer.saturating_sub(block.address + size)), None],
    }
}

/// Large blocks have guards around them: their neighbours are the nearest other large blocks.
fn of_block(block: &Block) -> [Option<Neighbour>; 2] {
    match slab::spot(fixed(), block.address) {
        Some(spot) if spot.offset == 0 => {
            let size = spot.slot.size();
            let before = spot.slot.address.checked_sub(size);
            let behind = spot.slot.address.checked_add(size);
            [before, behind].map(|at| small(&slab::spot(fixed(), at?)?.slot, spot.slot.class))
        }
        _ if block.address == 0 || slab::in_data_pool(block.address) => [None; 2],
        _ => of_large(block),
    }
}

fn small(slot: &Slot, class: usize) -> Option<Neighbour> {
    // Before the first slot of a class lies another class's region, or nothing.
    if slot.class != class || !slot.has_memory() {
        return None;
    }
    let standing = match slot.state().state() {
        SlotState::NeverUsed => Standing::NeverUsed,
        SlotState::Resting | SlotState::Purged => Standing::Freed,
        SlotState::LiveMalloc | SlotState::LiveNew | SlotState::LiveNewArray => Standing::Live,
        SlotState::Busy | SlotState::Retired => Standing::Other,
    };
    Some(Neighbour {
        block: explain::block(slot),
        standing,
        gap: 0,
    })
}

fn of_large(block: &Block) -> [Option<Neighbour>; 2] {
    /// Beyond so many bytes nobody looks for a cause.
    const FAR: usize = 1 << 24;
    let mut nearest: [Option<Neighbour>; 2] = [None; 2];
    let mut look = |other: Block, standing| {
        let (side, low, high) = if other.address < block.address {
            (0, &other, block)
        } else {
            (1, block, &other)
        };
        let end = low
            .address
            .saturating_add(low.requested.unwrap_or(low.slot));
        let Some(gap) = high.address.checked_sub(end) else {
            return;
        };
        let nearer = nearest[side].is_none_or(|so_far| gap < so_far.gap);
        if other.address != block.address && gap < FAR && nearer {
            nearest[side] = Some(Neighbour {
                block: other,
                standing,
                gap,
            });
        }
    };
    large::each_known(|descriptor| look(descriptor.describe(), Standing::Live));
    nearest
}
