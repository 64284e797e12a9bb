// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory of empty slabs goes back to the kernel. A call for each slab would be slow: those that lie
//! side by side go together, and nobody waits for the lock meanwhile.

use core::sync::atomic::Ordering::Relaxed;

use secmalloc_policy::fault::Operation;
use secmalloc_policy::size_class::{is_sensitive, is_zero};
use secmalloc_policy::slot_state::SlotState;

use super::grow::commit_piece;
use super::Store;
use crate::die;
use crate::explain;
use crate::lock::Held;
use crate::pool::{fixed, Fixed};
use crate::protections;
use crate::slab::{ClassMap, Life};
use crate::sys;
use crate::vault;
use crate::wipe;

/// Slabs that are purged at a time at most: those that lie side by side cost one system call.
const PURGED_AT_ONCE: usize = 64;

impl Store {
    /// Gives the memory of every empty slab back. Whether there was any.
    pub(crate) fn trim(&self, class: usize) -> bool {
        let fixed = fixed();
        let map = &fixed.classes[class];
        if is_zero(class) {
            return false;
        }
        let _window = vault::around_class(class);
        let mut held = self.lock.hold();
        let any = self.warm_count() > 0;
        while self.warm_count() > 0 {
            held = self.purge_some(fixed, map, class, held, 0);
        }
        drop(held);
        any
    }

    /// An empty slab whose memory was given back, with memory again.
    pub(super) fn bring_back(&self, fixed: &Fixed, map: &ClassMap, class: usize) -> Option<u32> {
        let slab = self.purged.first()?;
        let record = map.record(slab);
        let (start, end) = (map.slab(slab), map.slab(slab) + map.slab_size());
        let (from, to) = (
            start / fixed.page * fixed.page,
            end.next_multiple_of(fixed.page),
        );
        let unguard = || {
            is_zero(class)
                || !fixed.features.guard_pages
                // SAFETY: where there are guards, they are this slab's, or those of others that are
                // empty too and do not need them.
                || unsafe { sys::unguard_pages(from, to - from) }
        };
        let usable = match record.life.get() {
            // In a forked child it may only look so, and have its guards still.
            Life::Returned => commit_piece(fixed, class, from, to) && unguard(),
            _ => unguard(),
        };
        if !usable {
            return None;
        }
        self.purged.remove(map, slab);
        self.purged_count.fetch_sub(1, Relaxed);
        record.life.set(Life::Warm);
        Some(slab)
    }

    /// Gives back the right to the memory of purged slabs, and to what was committed for slabs to come;
    /// with the addresses, where they were not reserved: other classes and large blocks may want them.
    pub(crate) fn return_addresses(&self, class: usize) {
        let fixed = fixed();
        let map = &fixed.classes[class];
        if is_zero(class) {
            return;
        }
        let _held = self.lock.hold();
        let reserved = self.reservation.stands();
        let used = self.slabs() as usize * map.slab_size();
        let (used, committed) = (used.next_multiple_of(fixed.page), self.committed.get());
        let unused = (map.base + used, map.base + committed);
        // SAFETY: no slab is there yet.
        if used < committed && unsafe { fixed.decommit(reserved, unused.0, unused.1) } {
            self.committed.set(used);
        }
        // Slabs that share pages stay.
        if map.slab_size() % fixed.page != 0 {
            return;
        }
        let mut next = self.purged.first();
        while let Some(slab) = next {
            let record = map.record(slab);
            next = record.next.get().checked_sub(1);
            let at = map.slab(slab);
            if record.life.get() == Life::Purged
                // SAFETY: whole pages of an empty slab, which is committed again before it is used.
                && unsafe { fixed.decommit(reserved, at, at + map.slab_size()) }
            {
                record.life.set(Life::Returned);
            }
        }
    }

    /// Puts a slab whose memory is gone into its list.
    pub(super) fn add_purged(&self, map: &ClassMap, slab: u32) {
        self.purged.push_front(map, slab);
        self.purged_count.fetch_add(1, Relaxed);
    }

    /// Gives the memory of empty slabs back, those first that have been empty longest, until `keep` are warm or enough is done for once.
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
        while count < PURGED_AT_ONCE && self.warm_count() as usize > keep {
            let Some(slab) = self.take_coldest(map) else {
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
        let mut sound = [0; PURGED_AT_ONCE];
        let mut count = 0;
        for &mut slab in slabs {
            if self.verify_or_set_aside(map, class, slab) {
                sound[count] = slab;
                count += 1;
            }
        }
        let sound = &sound[..count];
        for run in sound.chunk_by(|a, b| a + 1 == *b) {
            purge(fixed, map, class, run);
        }
        let held = self.lock.hold();
        for slab in sound {
            self.add_purged(map, *slab);
        }
        if map.slab_size() % fixed.page != 0 {
            for &slab in sound {
                self.purge_pages_of(fixed, map, slab);
            }
        }
        held
    }

    /// Gives the pages back that a purged slab shares with others, where these are purged too. The
    /// caller holds the lock, so that none of them is taken into use meanwhile.
    fn purge_pages_of(&self, fixed: &Fixed, map: &ClassMap, slab: u32) {
        let (start, page) = (map.slab(slab), fixed.page);
        let end = start + map.slab_size();
        for at in (start / page * page..end).step_by(page) {
            let first = at.saturating_sub(map.base) / map.slab_size();
            let last = (at + page - 1 - map.base) / map.slab_size();
            let is_empty = |slab: usize| {
                let life = map.record(slab as u32).life.get();
                matches!(life, Life::Purged | Life::Guard)
            };
            let all_empty = last < self.slabs() as usize && (first..=last).all(is_empty);
            if all_empty {
                // No guard: another thread may be looking at what it is about to purge.
                // SAFETY: no block lives in an empty slab.
                unsafe { sys::drop_pages(at, page) };
            }
        }
    }

    /// What was written to a freed block would be lost with its page: an empty slab is looked at
    /// before it is purged. Where a fault was survived, its slot stays out of use, and the slab goes
    /// back to the others; then the answer is `false`.
    fn verify_or_set_aside(&self, map: &ClassMap, class: usize, slab: u32) -> bool {
        let mut sound = true;
        for place in 0..map.slots() {
            let slot = map.slot(class, map.index(slab, place));
            if !protections::VERIFY || slot.state().state() != SlotState::Resting {
                continue;
            }
            // SAFETY: an empty slab that was in use is committed.
            if unsafe { wipe::is_zero(slot.address, map.slot_size()) } {
                continue;
            }
            die::found(&explain::written_after_free(&slot), Operation::Free);
            slot.set_aside();
            let record = map.record(slab);
            let _held = self.lock.hold();
            let bits = &record.free[place as usize / 64];
            bits.set(bits.get() & !(1 << (place % 64)));
            record.free_count.set(record.free_count.get() - 1);
            sound = false;
        }
        if !sound {
            let _held = self.lock.hold();
            let record = map.record(slab);
            record.life.set(Life::Warm);
            if record.free_count.get() > 0 {
                self.partial.push_back(map, slab);
            }
        }
        sound
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
    // Whole pages: what shares one with another slab keeps its memory, which is zero.
    let start = map.slab(start);
    let from = start.next_multiple_of(fixed.page);
    let to = (start + map.slab_size() * run.len()) / fixed.page * fixed.page;
    if from >= to {
        return;
    }
    // SAFETY: no block lives in an empty slab.
    unsafe {
        if is_sensitive(class) {
            // Locked pages cannot be guarded. What cannot be dropped is zero.
            sys::sensitive::drop_locked_pages(from, to - from);
        } else if !(fixed.features.guard_pages && sys::guard_pages(from, to - from)) {
            sys::drop_pages(from, to - from);
        }
    }
}
