// SPDX-License-Identifier: MIT OR Apache-2.0
//! A large block gets another size: its pages stay, or the kernel moves them; nothing is copied here.

use super::descriptor::Descriptor;
use super::mapping::{Mapping, Purpose, KEPT_LESS_FROM};
use super::touched;
use crate::pool::{fixed, shared};
use crate::store::warm;
use crate::thread::ThreadHeap;
use crate::wipe;

/// What became of a change of size.
pub(crate) enum Resized {
    /// The block is here now.
    Here(usize),
    /// It cannot stay large, or cannot be moved: allocate, copy, free.
    MustCopy,
}

/// Changes the size of a block that was found and checked. `None` if another thread ended it
/// meanwhile.
pub(crate) fn resize(heap: &ThreadHeap, old: &Descriptor, size: usize) -> Option<Resized> {
    let page = fixed().page;
    let front = old.block - old.mapping.data;
    let data_size = front.checked_add(size)?.checked_next_multiple_of(page)?;
    // Locked pages cannot become guards, and what a move leaves behind is not to be judged: a copy is wiped.
    if old.sensitive && data_size != old.mapping.data_size {
        return Some(Resized::MustCopy);
    }
    let large = &shared().large;
    let trail = old.made.of_end(heap);
    // Out of the table while its pages change: a sweep must not look for them.
    let most = {
        let _held = large.lock.hold();
        let most = large.worth_keeping(0);
        large.lend_held(old.block)?;
        most
    };
    // What grows by much finds no use for what is kept, and is to be all that is in memory.
    if data_size > old.mapping.data_size && data_size >= KEPT_LESS_FROM {
        large.keep_at_most(most);
    }
    let resized = if data_size <= old.mapping.data_size {
        Some(old.mapping.shrink(data_size))
    } else {
        old.mapping
            .grow_in_place(data_size)
            .or_else(|| move_to_larger(heap, old, data_size))
    };
    let Some(mapping) = resized else {
        let _held = large.lock.hold();
        large.put_back_held(old);
        return Some(Resized::MustCopy);
    };
    let new = Descriptor {
        block: mapping.data + front,
        size,
        mapping,
        made: trail,
        ..*old
    };
    unfill(old, &new);
    new.seal();
    let held = large.lock.hold();
    if new.block != old.block {
        large.remember(old, trail);
    }
    large.put_back_held(&new);
    drop(held);
    if data_size > old.mapping.data_size {
        warm::make_room_if_grown();
    }
    Some(Resized::Here(new.block))
}

/// Moves a block's pages, without a copy, to a mapping with room to grow. One that has been filled
/// so far is believed to be filled further, with huge pages.
fn move_to_larger(heap: &ThreadHeap, old: &Descriptor, data_size: usize) -> Option<Mapping> {
    let from = &old.mapping;
    let mut target = Mapping::make(data_size, fixed().page, Purpose::Growth, heap.random())?;
    let huge = data_size >= KEPT_LESS_FROM
        && (from.huge || touched::is_full(from.present(), from.data_size));
    if !from.move_to(&mut target) {
        return None;
    }
    if huge {
        target.advise_huge(true);
    }
    Some(target)
}

/// Zeroes what was fill and becomes part of the block.
fn unfill(old: &Descriptor, new: &Descriptor) {
    let gained = new.size.saturating_sub(old.size).min(old.fill().1);
    // SAFETY: behind the old end of the block, within its pages.
    unsafe { wipe::zero_bytes(new.block + old.size, gained) };
}
