// SPDX-License-Identifier: MIT OR Apache-2.0
//! New slabs: which is next in the region, memory for it, and guards left out between them.

use core::sync::atomic::{AtomicU32, Ordering};

use secmalloc_policy::layout::{self, Plan};
use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::{MIN_PLACES, ZERO};

use super::choose::begin_anywhere;
use super::Store;
use crate::pool::Fixed;
use crate::slab::{ClassMap, Life};
use crate::sys;

/// Memory is committed in steps that double up to this many bytes.
const MAX_STEP: usize = 2 << 20;
const MIN_STEP: usize = 64 << 10;

/// Guards that may cost a mapping each, over all classes, where the kernel has no other kind.
const COSTLY_GUARDS: u32 = 1000;
static COSTLY_GUARDS_USED: AtomicU32 = AtomicU32::new(0);

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
        let mut slab = self.next.load(Ordering::Relaxed);
        if slab == self.limit.get() {
            slab = self.extend(fixed, map, class)?;
        }
        let end = (slab as usize + 1) * map.slab_size();
        if class != ZERO && end > self.committed.get() {
            self.commit(fixed, map, end)?;
        }
        self.next.store(slab + 1, Ordering::Release);
        Some(slab)
    }

    /// More slabs to go on with: the whole region at first; in a frugal pool, one region at a
    /// time.
    fn extend(&self, fixed: &Fixed, map: &ClassMap, class: usize) -> Option<u32> {
        let (from, to) = match fixed.plan {
            Plan::Spacious { .. } if self.limit.get() == 0 => (0, map.slabs),
            Plan::Spacious { .. } => return None,
            Plan::Frugal { .. } => {
                let start = fixed.next_region(class)? << fixed.region_shift;
                let end = start + (1 << fixed.region_shift);
                // Those that lie in it whole.
                let from = start.div_ceil(map.slab_size()) as u32;
                (from, ((end / map.slab_size()) as u32).min(map.slabs))
            }
        };
        if from >= to {
            return None;
        }
        self.limit.set(to);
        self.committed.set(from as usize * map.slab_size());
        // Slabs that are passed over do not exist. If nothing can be committed now, the next try
        // goes on here, not where the last region ended.
        self.next.store(from, Ordering::Release);
        Some(from)
    }

    /// Commits memory up to `end` at least, counted from slot 0.
    fn commit(&self, fixed: &Fixed, map: &ClassMap, end: usize) -> Option<()> {
        let so_far = self.committed.get();
        let limit = self.limit.get() as usize * map.slab_size();
        let step = so_far.clamp(MIN_STEP, MAX_STEP);
        let ahead = (so_far + step).min(limit).max(end);
        // Where a step is too much, one slab may still be had.
        for to in [ahead, end] {
            if fixed.commit(map.base + so_far, to - so_far) {
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

    fn make_guard(&self, fixed: &Fixed, map: &ClassMap, class: usize, slab: u32) {
        map.record(slab).life.set(Life::Guard);
        if class == ZERO {
            return;
        }
        let (at, size) = (map.slab(slab), map.slab_size());
        // SAFETY: nobody has ever used this slab, and nobody will.
        if fixed.features.guard_pages && unsafe { sys::guard_pages(at, size) } {
            return;
        }
        if COSTLY_GUARDS_USED.fetch_add(1, Ordering::Relaxed) < COSTLY_GUARDS {
            // SAFETY: as above.
            unsafe { sys::protect(at, size, sys::Access::Nothing) };
        }
    }
}
