// SPDX-License-Identifier: MIT OR Apache-2.0
//! New slabs: which is next in the region, memory for it, and guards left out between them.

use core::sync::atomic::{AtomicU32, Ordering};

use secmalloc_policy::layout;
use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::{is_sensitive, is_zero, MIN_PLACES};

use super::choose::begin_anywhere;
use super::Store;
use crate::pool::{self, shared, Fixed, Growing};
use crate::slab::{ClassMap, Life};
use crate::sys;
use crate::vault;

/// Memory is committed in steps that double up to this many bytes.
const MAX_STEP: usize = 2 << 20;
const MIN_STEP: usize = 64 << 10;

/// States and records get memory for so many slabs at first, then for twice as many, and in the end
/// for this many more each time.
const FIRST_SLABS: usize = 64;
const MOST_SLABS: usize = 4096;

/// Guards that may cost a mapping each, over all classes, where the kernel has no other kind, or cannot have it in
/// locked memory.
const COSTLY_GUARDS: u32 = 1000;
/// The first guards do in any case: gdb's `gcore` gives a mapping up at the first page that it cannot read, with all that
/// lies behind. It reads pages without access, and no guard pages.
const READABLE_GUARDS: u32 = 256;
static COSTLY_GUARDS_USED: AtomicU32 = AtomicU32::new(0);

/// Makes part of a class's region usable, and protects it where it is for secrets.
pub(super) fn commit_piece(fixed: &Fixed, class: usize, from: usize, to: usize) -> bool {
    let reserved = shared().stores[class].reservation.stands();
    if !fixed.commit(reserved, from, to) {
        return false;
    }
    // SAFETY: just committed; nobody has a block there yet.
    if !is_sensitive(class) || unsafe { vault::protect_or_refuse(from, to - from) } {
        return true;
    }
    // SAFETY: as above.
    unsafe { fixed.decommit(reserved, from, to) };
    false
}

impl Store {
    /// A slab that was never used. Where slabs have few slots, several are made at a time, and one
    /// of them is chosen.
    pub(super) fn grow(
        &self,
        fixed: &Fixed,
        map: &ClassMap,
        class: usize,
        random: &mut Random,
    ) -> Option<u32> {
        let mut new = [0; MIN_PLACES];
        let mut count = 0;
        while count < MIN_PLACES.div_ceil(map.slots() as usize) {
            let Some(slab) = self.grow_by_one(fixed, map, class, random) else {
                break;
            };
            new[count] = slab;
            count += 1;
        }
        let new = &mut new[..count];
        for last in (1..count).rev() {
            new.swap(last, random.below(last as u32 + 1) as usize);
        }
        let (chosen, rest) = new.split_first()?;
        for slab in rest {
            self.fresh.push_back(map, *slab);
        }
        Some(*chosen)
    }

    /// The next slab, with a guard left out before it when its turn has come.
    fn grow_by_one(
        &self,
        fixed: &Fixed,
        map: &ClassMap,
        class: usize,
        random: &mut Random,
    ) -> Option<u32> {
        if self.guard_is_due(fixed, random) {
            if let Some(slab) = self.next_slab(fixed, map, class) {
                self.make_guard(fixed, map, class, slab);
            }
        }
        let slab = self.next_slab(fixed, map, class)?;
        let record = map.record(slab);
        for (word, bits) in record.free.iter().enumerate() {
            let here = (map.slots() as usize).saturating_sub(word * 64).min(64);
            bits.set(if here == 64 {
                u64::MAX
            } else {
                (1 << here) - 1
            });
        }
        record.free_count.set(map.slots());
        record.life.set(Life::Warm);
        begin_anywhere(map, slab, random);
        Some(slab)
    }

    /// The next slab in order, committed.
    fn next_slab(&self, fixed: &Fixed, map: &ClassMap, class: usize) -> Option<u32> {
        let slab = self.next.load(Ordering::Relaxed);
        if slab >= map.slabs {
            return None;
        }
        if slab >= self.known.get() {
            self.know(map, class, slab)?;
        }
        let end = (slab as usize + 1) * map.slab_size();
        if !is_zero(class) && end > self.committed.get() {
            self.commit(fixed, map, class, end)?;
        }
        self.next.store(slab + 1, Ordering::Release);
        if pool::is_relinquished() {
            self.narrow_reach(map, class);
        }
        Some(slab)
    }

    /// Sees to memory for the record of `slab` and the states of its slots.
    fn know(&self, map: &ClassMap, class: usize, slab: u32) -> Option<()> {
        let (known, wanted) = (self.known.get() as usize, slab as usize + 1);
        let ahead = known + known.clamp(FIRST_SLABS, MOST_SLABS);
        // Where a step is too much, one slab may still be had.
        let enough = [ahead.min(map.slabs as usize), wanted].iter().any(|&to| {
            Growing::both(
                self.reservation.stands(),
                (&self.records, &self.states),
                map.point(),
                map.array_bytes(to),
            )
        });
        let known = map.slabs_known(self.records.bytes(), self.states.bytes());
        self.known.set(known);
        pool::set_reach(class, known as usize * map.slab_size());
        enough.then_some(())
    }

    /// Commits memory up to `end` at least, counted from slot 0.
    fn commit(&self, fixed: &Fixed, map: &ClassMap, class: usize, end: usize) -> Option<()> {
        let so_far = self.committed.get();
        let most = map.slabs as usize * map.slab_size();
        let step = so_far.clamp(MIN_STEP, MAX_STEP);
        let ahead = (so_far + step).min(most).max(end);
        // Where a step is too much, one slab may still be had.
        for to in [ahead, end] {
            let to = to.next_multiple_of(fixed.page);
            if commit_piece(fixed, class, map.base + so_far, map.base + to) {
                self.committed.set(to);
                return Some(());
            }
        }
        None
    }

    fn guard_is_due(&self, fixed: &Fixed, random: &mut Random) -> bool {
        let every = fixed.options.guard_every();
        if every == 0 {
            return false;
        }
        if self.window.get() == 0 {
            self.window.set(every);
            self.guard_at
                .set(1 + layout::guard_in_window(every, random));
        }
        let due = self.window.get() == self.guard_at.get();
        self.window.set(self.window.get() - 1);
        due
    }

    /// Makes a guard of `slab`, and of those behind it where pages are larger than slabs: whole pages
    /// of it are out of reach then.
    fn make_guard(&self, fixed: &Fixed, map: &ClassMap, class: usize, slab: u32) {
        map.record(slab).life.set(Life::Guard);
        if is_zero(class) {
            return;
        }
        let start = map.slab(slab);
        let from = start.next_multiple_of(fixed.page);
        let to = ((start + map.slab_size()) / fixed.page * fixed.page).max(from + fixed.page);
        let mut last = slab;
        while map.slab(last) + map.slab_size() < to {
            let Some(next) = self.next_slab(fixed, map, class) else {
                return;
            };
            map.record(next).life.set(Life::Guard);
            last = next;
        }
        let size = to - from;
        let used = COSTLY_GUARDS_USED.load(Ordering::Relaxed);
        let may_be_unreadable = used >= READABLE_GUARDS && fixed.features.guard_pages;
        // SAFETY: nobody has ever used these slabs, and nobody will.
        if may_be_unreadable && unsafe { sys::guard_pages(from, size) } {
            return;
        }
        if used < COSTLY_GUARDS {
            COSTLY_GUARDS_USED.fetch_add(1, Ordering::Relaxed);
            // SAFETY: as above.
            unsafe { sys::protect(from, size, sys::Access::Nothing) };
        }
    }
}
