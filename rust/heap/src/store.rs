// SPDX-License-Identifier: MIT OR Apache-2.0
//! The central store: one for each class. It owns the slabs, hands out free slots in batches
//! drawn at random, takes them back, and returns the memory of empty slabs to the kernel.
//!
//! A slab that the store knows is in one of three lists: *partial* (some slots to give, some
//! out), *warm* (all slots here, memory still there) or *purged* (all slots here, memory gone and,
//! where the kernel can, guarded). A full slab is in none, and comes back when a slot does.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

use secmalloc_policy::layout::{self, Plan};
use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::{MAX_SLAB, ZERO};
use secmalloc_policy::slot_state::SlotState;

use crate::lock::{Held, Lock};
use crate::pool::{fixed, Fixed};
use crate::slab::{ClassMap, Life};
use crate::sys;

/// Memory of empty slabs that a class keeps warm, in bytes: making pages present again costs
/// more than anything else that an allocation does.
const WARM_BYTES: usize = 1 << 20;

/// Slabs that are purged at a time at most: those that lie side by side cost one system call.
const PURGED_AT_ONCE: usize = 64;

/// Memory is committed in steps that double up to this many bytes.
const MAX_STEP: usize = 2 << 20;
const MIN_STEP: usize = 64 << 10;

/// Guards that may cost a mapping each, over all classes, where the kernel has no other kind.
const COSTLY_GUARDS: u32 = 1000;
static COSTLY_GUARDS_USED: AtomicU32 = AtomicU32::new(0);

/// A list of slabs, through their records: the first slab's number plus one.
type List = Cell<u32>;

/// The store of one class. All zero is an empty store.
#[repr(C, align(64))]
pub(crate) struct Store {
    pub(crate) lock: Lock,
    partial: List,
    warm: List,
    purged: List,
    warm_count: Cell<u32>,
    /// Slabs before this one exist. Written under the lock, read without it by sweeps.
    next: AtomicU32,
    /// The first slab that is not committed, and the first that is not ours to commit.
    committed: Cell<u32>,
    limit: Cell<u32>,
    /// Slabs left in this window of guards, and the place of its guard, counted the same way.
    window: Cell<u32>,
    guard_at: Cell<u32>,
}

// SAFETY: every cell is only touched under `lock`; `next` is atomic.
unsafe impl Sync for Store {}

/// Slots that came back although the store already had them: freed twice, by two threads at the
/// very same time.
pub(crate) struct Duplicate(pub(crate) u32);

impl Store {
    /// Slabs `0..slabs()` have a record worth reading.
    pub(crate) fn slabs(&self) -> u32 {
        self.next.load(Ordering::Acquire)
    }

    /// Draws up to `out.len()` slots at random; how many.
    pub(crate) fn draw(&self, class: usize, random: &mut Random, out: &[Cell<u32>]) -> usize {
        let fixed = fixed();
        let map = &fixed.classes[class];
        let _held = self.lock.hold();
        let mut drawn = 0;
        while drawn < out.len() {
            let Some(slab) = self.slab_with_room(fixed, map, class, random) else {
                break;
            };
            let taken = take_random(map, slab, random, &out[drawn..]);
            drawn += taken;
            if map.record(slab).free_count.get() == 0 {
                unlink(map, &self.partial, slab);
            }
        }
        drawn
    }

    /// A slab in the partial list that has a slot to give.
    fn slab_with_room(
        &self,
        fixed: &Fixed,
        map: &ClassMap,
        class: usize,
        random: &mut Random,
    ) -> Option<u32> {
        if let Some(slab) = first(&self.partial) {
            return Some(slab);
        }
        let slab = if let Some(slab) = self.take_warm(map) {
            slab
        } else if let Some(slab) = first(&self.purged) {
            unlink(map, &self.purged, slab);
            if fixed.features.guard_pages && class != ZERO {
                // SAFETY: this slab was guarded when it was purged.
                unsafe { sys::unguard_pages(map.slab(slab), map.slab_size()) };
            }
            map.record(slab).life.set(Life::Warm);
            slab
        } else {
            self.grow(fixed, map, class, random)?
        };
        link(map, &self.partial, slab);
        Some(slab)
    }

    /// Takes a slab out of the warm list.
    fn take_warm(&self, map: &ClassMap) -> Option<u32> {
        let slab = first(&self.warm)?;
        unlink(map, &self.warm, slab);
        self.warm_count.set(self.warm_count.get() - 1);
        Some(slab)
    }

    /// A slab that was never used, with a guard left out before it when its turn has come.
    fn grow(
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
            let here = (map.slots as usize).saturating_sub(word * 64).min(64);
            bits.set(if here == 64 {
                u64::MAX
            } else {
                (1 << here) - 1
            });
        }
        record.free_count.set(map.slots);
        record.life.set(Life::Warm);
        Some(slab)
    }

    /// The next slab in order, committed.
    fn next_slab(&self, fixed: &Fixed, map: &ClassMap, class: usize) -> Option<u32> {
        let mut slab = self.next.load(Ordering::Relaxed);
        if slab == self.limit.get() {
            slab = self.extend(fixed, map, class)?;
        }
        if class != ZERO && slab >= self.committed.get() {
            self.commit(fixed, map, slab)?;
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
                let each = (MAX_SLAB / map.slab_size()) as u32;
                let from = fixed.next_region(class)? as u32 * each;
                (from, (from + each).min(map.slabs))
            }
        };
        if from == to {
            return None;
        }
        self.limit.set(to);
        self.committed.set(from);
        // Slabs that are passed over do not exist. If nothing can be committed now, the next try
        // goes on here, not where the last region ended.
        self.next.store(from, Ordering::Release);
        Some(from)
    }

    fn commit(&self, fixed: &Fixed, map: &ClassMap, slab: u32) -> Option<()> {
        let so_far = slab as usize * map.slab_size();
        let step = so_far.clamp(MIN_STEP, MAX_STEP).max(map.slab_size());
        let count = ((step / map.slab_size()) as u32).min(self.limit.get() - slab);
        // Where a step is too much, one slab may still be had.
        for count in [count, 1] {
            if fixed.commit(map.slab(slab), count as usize * map.slab_size()) {
                self.committed.set(slab + count);
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

    /// Takes slots back. `Err` names one that was here already; the others are taken all the same.
    pub(crate) fn give_back(
        &self,
        class: usize,
        slots: impl Iterator<Item = u32>,
    ) -> Result<(), Duplicate> {
        let fixed = fixed();
        let map = &fixed.classes[class];
        let mut result = Ok(());
        let mut held = self.lock.hold();
        for index in slots {
            let (slab, place) = map.place(index);
            let record = map.record(slab);
            let Some(bits) = record.free.get(place as usize / 64) else {
                continue;
            };
            let bit = 1 << (place % 64);
            if bits.get() & bit != 0 {
                result = Err(Duplicate(index));
                continue;
            }
            bits.set(bits.get() | bit);
            let free = record.free_count.get() + 1;
            record.free_count.set(free);
            if free == map.slots {
                if free > 1 {
                    unlink(map, &self.partial, slab);
                }
                link(map, &self.warm, slab);
                self.warm_count.set(self.warm_count.get() + 1);
                if self.warm_count.get() as usize * map.slab_size() > 2 * WARM_BYTES
                    && class != ZERO
                {
                    held = self.purge_some(fixed, map, class, held, WARM_BYTES / map.slab_size());
                }
            } else if free == 1 {
                link(map, &self.partial, slab);
            }
        }
        drop(held);
        result
    }

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
    fn purge_some<'a>(
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
            link(map, &self.purged, *slab);
        }
        held
    }
}

/// Gives the memory of neighbouring slabs back. Their slots are all free; they read as zero from
/// now on, and a free of one of them is still a double free.
fn purge(fixed: &Fixed, map: &ClassMap, class: usize, run: &[u32]) {
    let Some(&start) = run.first() else { return };
    for &slab in run {
        for place in 0..map.slots {
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

/// Takes up to `out.len()` free slots out of one random quarter of a slab that has some: how
/// many. Within the quarter each is drawn at random. Staying in a quarter keeps what is allocated
/// together in few pages; see "entropy" in ARCHITECTURE.md for what that leaves.
fn take_random(map: &ClassMap, slab: u32, random: &mut Random, out: &[Cell<u32>]) -> usize {
    let record = map.record(slab);
    // Each slot is as likely as any other to name the quarter.
    let mut word = (u32::from(random.byte()) * map.slots) as usize >> 14;
    while record.free[word].get() == 0 {
        word = (word + 1) & 3;
    }
    // The free places of the quarter, listed once; then each draw swaps the last one in.
    let mut bits = record.free[word].get();
    let mut places = [0u8; 64];
    let mut free = 0;
    while bits != 0 {
        places[free & 63] = bits.trailing_zeros() as u8;
        bits &= bits - 1;
        free += 1;
    }
    let taken = free.min(out.len());
    let mut left = record.free[word].get();
    for to in out.iter().take(taken) {
        let chosen = (random.byte() as usize * free) >> 8;
        let place = places[chosen & 63];
        free -= 1;
        places[chosen & 63] = places[free & 63];
        left &= !(1 << place);
        to.set(map.index(slab, word as u32 * 64 + u32::from(place)));
    }
    record.free[word].set(left);
    record
        .free_count
        .set(record.free_count.get() - taken as u32);
    taken
}

fn first(list: &List) -> Option<u32> {
    list.get().checked_sub(1)
}

fn link(map: &ClassMap, list: &List, slab: u32) {
    let record = map.record(slab);
    record.next.set(list.get());
    record.previous.set(0);
    if let Some(second) = first(list) {
        map.record(second).previous.set(slab + 1);
    }
    list.set(slab + 1);
}

fn unlink(map: &ClassMap, list: &List, slab: u32) {
    let record = map.record(slab);
    match record.previous.get().checked_sub(1) {
        Some(before) => map.record(before).next.set(record.next.get()),
        None => list.set(record.next.get()),
    }
    if let Some(after) = record.next.get().checked_sub(1) {
        map.record(after).previous.set(record.previous.get());
    }
}
