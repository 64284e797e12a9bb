// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two neighbours of a block, for its message.

use secmalloc_policy::fault::Block;
use secmalloc_policy::message::{Neighbour, Standing};
use secmalloc_policy::slot_state::SlotState;

use crate::explain;
use crate::large;
use crate::pool::fixed;
use crate::slab::{self, Slot};

/// What lies right before a block, and right behind it. Large blocks have guards there: theirs are the nearest
/// other large blocks.
pub(crate) fn neighbours(block: &Block) -> [Option<Neighbour>; 2] {
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
