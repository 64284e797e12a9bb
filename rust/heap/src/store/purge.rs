// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of empty slabs goes back to the kernel. A call for each slab would be slow: those that lie
//! side by side go together, and nobody waits for the lock meanwhile.

use secmalloc_policy::size_class::ZERO;
use secmalloc_policy::slot_state::SlotState;

use super::Store;
use crate::lock::Held;
use crate::pool::{fixed, Fixed};
use crate::slab::{ClassMap, Life};
use crate::sys;

/// Slabs that are purged at a time at most: those that lie side by side cost one system call.
const PURGED_AT_ONCE: usize = 64;

impl Store {
    /// Gives the memory of every empty slab back. Whether there was any.
    pub(crate) fn trim(&self, class: usize) -> bool {
        let fixed = fixed();
        let map = &fixed.classes[class];
        if class == ZERO {
            return false;
        }
        let mut held = self.lock.hold();
        let any = self.warm_count.get() > 0;
        while self.warm_count.get() > 0 {
            held = self.purge_some(fixed, map, class, held, 0);
        }
        drop(held);
        any
    }

    /// Gives the memory of empty slabs back, until `keep` are warm or enough is done for once.
    pub(super) fn purge_some<'a>(
        &'a self,
        fixed: &Fixed,
        map: &ClassMap,
        class: usize,
        held: Held<'a>,
        keep: usize,
    ) -> Held<'a> {
        let mut slabs = [0; PURGED_AT_ONCE];
        let mut count = 0;
        while count < PURGED_AT_ONCE && self.warm_count.get() as usize > keep {
            let Some(slab) = self.take_warm(map) else {
                break;
            };
            map.record(slab).life.set(Life::Purged);
            slabs[count] = slab;
            count += 1;
        }
        // Nobody finds a slab that is in no list: its pages can go without the lock.
        drop(held);
        let slabs = &mut slabs[..count];
        slabs.sort_unstable();
        for run in slabs.chunk_by(|a, b| a + 1 == *b) {
            purge(fixed, map, class, run);
        }
        let held = self.lock.hold();
        for slab in slabs {
            self.purged.push_front(map, *slab);
        }
        held
    }
}

/// Gives the memory of neighbouring slabs back. Their slots are all free; they read as zero from
/// now on, and a free of one of them is still a double free.
fn purge(fixed: &Fixed, map: &ClassMap, class: usize, run: &[u32]) {
    let Some(&start) = run.first() else { return };
    for &slab in run {
        for place in 0..map.slots() {
            let slot = map.slot(class, map.index(slab, place));
            let state = slot.state();
            if state.state() == SlotState::Resting {
                slot.move_to(SlotState::Purged, state.tag());
            }
        }
    }
    let (at, size) = (map.slab(start), map.slab_size() * run.len());
    // SAFETY: no block lives in an empty slab.
    unsafe {
        if !(fixed.features.guard_pages && sys::guard_pages(at, size)) {
            sys::drop_pages(at, size);
        }
    }
}
