// SPDX-License-Identifier: MIT OR Apache-2.0
//! Normal exit: what is still in sensitive memory is wiped.
//!
//! The kernel gives no page to another process before it is cleared, but says nothing of when. Whoever still uses
//! sensitive memory after this, in a destructor of another module or in a thread that has not ended, finds
//! zeros; option `sensitive_exit` is for such programs.

use secmalloc_policy::size_class::{is_sensitive, is_zero};

use super::around;
use super::fork::note_wiped;
use crate::large;
use crate::pool::{fixed, shared};
use crate::slab::Life;
use crate::wipe;

/// Wipes all live blocks of the vault, with what is around them.
pub(crate) fn end() {
    if !fixed().options.sensitive().wiped_at_exit {
        return;
    }
    note_wiped();
    let _window = around();
    for (class, store) in shared().stores.iter().enumerate() {
        if is_sensitive(class) && !is_zero(class) {
            wipe_class(class, store.slabs());
        }
    }
    large::each_sensitive(|descriptor| {
        let mapping = &descriptor.mapping;
        // SAFETY: a live block's pages; the lock is held.
        unsafe { wipe::zero_bytes(mapping.data, mapping.data_size) };
    });
}

fn wipe_class(class: usize, slabs: u32) {
    let (map, store) = (&fixed().classes[class], &shared().stores[class]);
    for slab in 0..slabs {
        // So that no slab is purged meanwhile.
        let _held = store.lock.hold();
        if map.record(slab).life.get() != Life::Warm {
            continue;
        }
        for place in 0..map.slots() {
            let slot = map.slot(class, map.index(slab, place));
            if slot.state().is_live() {
                // SAFETY: a warm slab is committed.
                unsafe { wipe::zero_bytes(slot.address, slot.size()) };
            }
        }
    }
}
