// SPDX-License-Identifier: MIT OR Apache-2.0
//! The central store: one for each class. It owns the slabs, hands out free slots in batches
//! drawn at random, takes them back, and returns the memory of empty slabs to the kernel.
//!
//! A slab that the store knows is *owned* (one thread draws from it), or in one of three lists:
//! *partial* (some slots to give, some out), *warm* (all slots here, memory still there) or *purged*
//! (all slots here, memory gone and, where the kernel can, guarded). A full slab is in none, and
//! comes back when a slot does.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

use secmalloc_policy::fault::Operation;
use secmalloc_policy::layout::{self, Plan};
use secmalloc_policy::options::MAX_WINDOW;
use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::{MAX_BATCH, MIN_PLACES, ZERO};
use secmalloc_policy::slot_state::SlotState;

use crate::die;
use crate::explain;
use crate::lock::{Held, Lock};
use crate::pool::{fixed, Fixed};
use crate::protections;
use crate::slab::{ClassMap, Life, Record};
use crate::sys;
use crate::thread::{Bin, ThreadHeap};
use crate::wipe;

/// Memory of empty slabs that a class keeps warm, in bytes: making pages present again costs
/// more than anything else that an allocation does.
const WARM_BYTES: usize = 1 << 20;

/// Slabs that are purged at a time at most: those that lie side by side cost one system call.
const PURGED_AT_ONCE: usize = 64;

/// Memory is committed in steps that double up to this many bytes.
const MAX_STEP: usize = 2 << 20;
const MIN_STEP: usize = 64 << 10;

/// Slots that are looked at for one draw.
const LOOKED_AT: usize = MAX_BATCH + MAX_WINDOW as usize;

/// What a thread draws first of a class is a few slots of a slab that all threads share, and often all
/// that it ever wants: else ten thousand idle threads would hold a page for each class and thread.
/// Smaller slots share cache lines, and are never drawn from a shared slab.
const FIRST_BATCH: usize = 4;
const OWN_UP_TO: usize = 128;
/// The owner of the shared slab.
const COMMON: u32 = u32::MAX;

/// Guards that may cost a mapping each, over all classes, where the kernel has no other kind.
const COSTLY_GUARDS: u32 = 1000;
static COSTLY_GUARDS_USED: AtomicU32 = AtomicU32::new(0);

/// A list of slabs, through their records: the numbers of the first and the last slab, plus one.
#[repr(C)]
struct List {
    first: Cell<u32>,
    last: Cell<u32>,
}

/// The store of one class. All zero is an empty store.
#[repr(C, align(64))]
pub(crate) struct Store {
    pub(crate) lock: Lock,
    /// Slabs that lose a slot come to its end, and those that have been there longest, with more
    /// slots back by now, are drawn from first.
    partial: List,
    warm: List,
    purged: List,
    warm_count: Cell<u32>,
    /// Slabs before this one exist. Written under the lock, read without it by sweeps.
    next: AtomicU32,
    /// Bytes of the region that are committed, counted from slot 0.
    committed: Cell<usize>,
    /// The first slab that is not ours to commit.
    limit: Cell<u32>,
    /// The slab from which threads draw that draw for the first time, its number plus one.
    common: Cell<u32>,
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

    /// Draws up to `out.len()` slots at random; how many. `out` is at most a batch.
    pub(crate) fn draw(&self, class: usize, heap: &ThreadHeap, out: &[Cell<u32>]) -> usize {
        let fixed = fixed();
        let map = &fixed.classes[class];
        let bin = heap.bin(class);
        let random = heap.random();
        let is_new = !bin.has_drawn.replace(true) && map.slot_size() > OWN_UP_TO;
        let (own, owner, out) = if is_new {
            (&self.common, COMMON, &out[..out.len().min(FIRST_BATCH)])
        } else {
            (&bin.slab, heap.owner(), out)
        };
        let _held = self.lock.hold();
        let mut drawn = 0;
        while drawn < out.len() {
            // Of slabs with few slots, one slot each is drawn in turn: else the next block would
            // lie right beside the last.
            if (map.slots() as usize) < MIN_PLACES {
                let Some(slab) = self.slab_with_room(fixed, map, class, random) else {
                    break;
                };
                drawn += take_random(map, slab, random, &out[drawn..=drawn]);
                if map.record(slab).free_count.get() > 0 {
                    self.partial.push_back(map, slab);
                }
                continue;
            }
            let slab = match own.get().checked_sub(1) {
                Some(slab) => slab,
                None => {
                    let Some(slab) = self.slab_with_room(fixed, map, class, random) else {
                        break;
                    };
                    map.record(slab).owner.set(owner);
                    own.set(slab + 1);
                    slab
                }
            };
            drawn += take_random(map, slab, random, &out[drawn..]);
            let record = map.record(slab);
            if record.free_count.get() == 0 {
                record.owner.set(0);
                own.set(0);
            }
        }
        drawn
    }

    /// A thread draws from its slab no more.
    pub(crate) fn disown(&self, class: usize, bin: &Bin) {
        let Some(slab) = bin.slab.replace(0).checked_sub(1) else {
            return;
        };
        let map = &fixed().classes[class];
        let _held = self.lock.hold();
        let record = map.record(slab);
        record.owner.set(0);
        if record.free_count.get() == map.slots() {
            self.warm.push_front(map, slab);
            self.warm_count.set(self.warm_count.get() + 1);
        } else {
            self.partial.push_back(map, slab);
        }
    }

    /// A slab that has a slot to give, taken out of its list.
    fn slab_with_room(
        &self,
        fixed: &Fixed,
        map: &ClassMap,
        class: usize,
        random: &mut Random,
    ) -> Option<u32> {
        if let Some(slab) = self.partial.first() {
            self.partial.remove(map, slab);
            return Some(slab);
        }
        // The shared slab, before memory is taken for a new one: it always has room.
        if let Some(slab) = self.common.replace(0).checked_sub(1) {
            return Some(slab);
        }
        let slab = if let Some(slab) = self.take_warm(map) {
            slab
        } else if let Some(slab) = self.purged.first() {
            self.purged.remove(map, slab);
            if fixed.features.guard_pages && class != ZERO {
                // SAFETY: this slab was guarded when it was purged.
                unsafe { sys::unguard_pages(map.slab(slab), map.slab_size()) };
            }
            map.record(slab).life.set(Life::Warm);
            slab
        } else {
            return self.grow(fixed, map, class, random);
        };
        begin_anywhere(map, slab, random);
        Some(slab)
    }

    /// Takes a slab out of the warm list.
    fn take_warm(&self, map: &ClassMap) -> Option<u32> {
        let slab = self.warm.first()?;
        self.warm.remove(map, slab);
        self.warm_count.set(self.warm_count.get() - 1);
        Some(slab)
    }

    /// A slab that was never used. Where slabs have few slots, several are made at a time, and one
    /// of them is chosen.
    fn grow(
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
            self.partial.push_back(map, *slab);
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
            if record.owner.get() != 0 {
                continue;
            }
            if free == map.slots() {
                if free > 1 {
                    self.partial.remove(map, slab);
                }
                self.warm.push_front(map, slab);
                self.warm_count.set(self.warm_count.get() + 1);
                if self.warm_count.get() as usize * map.slab_size() > 2 * WARM_BYTES
                    && class != ZERO
                {
                    held = self.purge_some(fixed, map, class, held, WARM_BYTES / map.slab_size());
                }
            } else if free == 1 {
                self.partial.push_back(map, slab);
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
            self.purged.push_front(map, *slab);
        }
        held
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
    let (at, size) = (map.slab(start), map.slab_size() * run.len());
    // SAFETY: no block lives in an empty slab.
    unsafe {
        if !(fixed.features.guard_pages && sys::guard_pages(at, size)) {
            sys::drop_pages(at, size);
        }
    }
}

/// Chooses where in a slab drawing begins.
fn begin_anywhere(map: &ClassMap, slab: u32, random: &mut Random) {
    let start = if protections::RANDOM {
        (u32::from(random.byte()) * map.slots()) >> 8
    } else {
        0
    };
    map.record(slab).start.set(start);
}

/// Takes up to `out.len()` free slots out of a slab: how many. Each is a random one of the next few
/// free slots on the way round the slab (option `window`), so that drawing moves through it slowly
/// and what is allocated together lies together; see "entropy" in ARCHITECTURE.md.
fn take_random(map: &ClassMap, slab: u32, random: &mut Random, out: &[Cell<u32>]) -> usize {
    let record = map.record(slab);
    let mut places = [0u8; LOOKED_AT];
    let (wanted, window) = (out.len().min(MAX_BATCH), fixed().window);
    let free = free_places(record, &mut places[..wanted + window - 1]);
    let taken = free.min(wanted);
    let (mut width, mut next) = (free.min(window), window);
    let mut left = [0, 1, 2, 3].map(|word: usize| record.free[word].get());
    for to in out.iter().take(taken) {
        let chosen = (usize::from(random.byte()) * width) >> 8;
        let place = places[chosen];
        places[chosen] = if next < free {
            next += 1;
            places[next - 1]
        } else {
            width -= 1;
            places[width]
        };
        left[usize::from(place) / 64] &= !(1 << (place % 64));
        to.set(map.index(slab, u32::from(place)));
    }
    for (word, left) in record.free.iter().zip(left) {
        word.set(left);
    }
    record
        .free_count
        .set(record.free_count.get() - taken as u32);
    taken
}

/// Lists free places of a slab, from where drawing began and once round: how many.
fn free_places(record: &Record, places: &mut [u8]) -> usize {
    let start = record.start.get();
    let from_start = u64::MAX << (start % 64);
    let mut found = 0;
    for turn in 0..=record.free.len() {
        let word = (start as usize / 64 + turn) % record.free.len();
        let mut bits = record.free[word].get();
        if turn == 0 {
            bits &= from_start;
        } else if turn == record.free.len() {
            bits &= !from_start;
        }
        while bits != 0 {
            let Some(place) = places.get_mut(found) else {
                return found;
            };
            *place = (word * 64) as u8 + bits.trailing_zeros() as u8;
            bits &= bits - 1;
            found += 1;
        }
    }
    found
}

impl List {
    fn first(&self) -> Option<u32> {
        self.first.get().checked_sub(1)
    }

    fn push_front(&self, map: &ClassMap, slab: u32) {
        let record = map.record(slab);
        record.previous.set(0);
        record.next.set(self.first.get());
        match self.first() {
            Some(second) => map.record(second).previous.set(slab + 1),
            None => self.last.set(slab + 1),
        }
        self.first.set(slab + 1);
    }

    fn push_back(&self, map: &ClassMap, slab: u32) {
        let record = map.record(slab);
        record.next.set(0);
        record.previous.set(self.last.get());
        match self.last.get().checked_sub(1) {
            Some(before) => map.record(before).next.set(slab + 1),
            None => self.first.set(slab + 1),
        }
        self.last.set(slab + 1);
    }

    fn remove(&self, map: &ClassMap, slab: u32) {
        let record = map.record(slab);
        match record.previous.get().checked_sub(1) {
            Some(before) => map.record(before).next.set(record.next.get()),
            None => self.first.set(record.next.get()),
        }
        match record.next.get().checked_sub(1) {
            Some(after) => map.record(after).previous.set(record.previous.get()),
            None => self.last.set(record.previous.get()),
        }
    }
}
