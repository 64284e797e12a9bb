// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slabs and slots: where they lie, and what is written down about them out of line.
//!
//! A class's slots follow each other without a gap from the start of its region, and so do its
//! slabs, which are a power of two of slots each: a slot is found by one multiplication, whichever
//! way. In the metadata pool each class has one point from which two arrays grow: up, the state of each
//! slot; down, a *record* for each slab (the bitmap of its free slots, its links in the store's
//! lists, and, where slots are large, the sizes of their blocks). What is in use lies close together
//! so, in few pages of page tables, which each `fork` copies.

use core::cell::Cell;
use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering};

use secmalloc_policy::size_class::{
    is_sensitive, is_zero, SizeClass, CANARY_SIZE, MAX_COMPACT, MAX_SLOTS,
};
use secmalloc_policy::slot_state::{SlotState, SlotWord, Tag};

use crate::canary;
use crate::evidence;
use crate::pool::{self, fixed, shared, Fixed};
use crate::state::StateCell;
use crate::sys;
use crate::vault;
use crate::wipe;

/// Where one class lies, in one cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct ClassMap {
    /// Address of slot 0.
    pub(crate) base: usize,
    /// Address of the state of slot 0. The record of slab 0 ends here.
    states: usize,
    reciprocal: u64,
    /// Bytes from one record to the next.
    record_size: usize,
    /// Bytes of a slot.
    slot: u32,
    /// Slots of a slab, less one: the bits of a slot's number that say where in its slab it is.
    place_mask: u32,
    /// Binary logarithm of the slots of a slab.
    slab_shift: u32,
    /// Number of slabs that there can be.
    pub(crate) slabs: u32,
}

/// What is written down about a slab. Everything but the states is under the store's lock.
#[repr(C, align(64))]
pub(crate) struct Record {
    /// A set bit is a slot that the store has to give.
    pub(crate) free: [Cell<u64>; MAX_SLOTS / 64],
    /// Links in one of the store's lists, as slab numbers plus one.
    pub(crate) next: Cell<u32>,
    pub(crate) previous: Cell<u32>,
    pub(crate) free_count: Cell<u32>,
    pub(crate) life: Cell<Life>,
    /// The heap that alone draws from this slab, its number plus one; 0 for none. Threads that drew
    /// from one slab would share cache lines, of blocks and of states.
    pub(crate) owner: Cell<u32>,
    /// The place from which on slots are drawn.
    pub(crate) start: Cell<u32>,
}

/// What a slab is. Zero is a slab that does not exist yet.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Life {
    #[allow(dead_code)] // read from zeroed memory, never written
    Absent = 0,
    /// Slots are out, or its memory is still warm.
    Warm = 1,
    /// Empty, its memory given back; it comes back when it is touched.
    Purged = 2,
    /// Never to be used: a guard between others.
    Guard = 3,
    /// Empty, and given back for good: it must be committed before it is used again.
    Returned = 4,
}

/// Bytes of a record, with its sizes where it has them.
const fn record_size(class: &SizeClass) -> usize {
    let sizes = if class.slot > MAX_COMPACT {
        class.slots * size_of::<AtomicU32>()
    } else {
        0
    };
    size_of::<Record>() + sizes.next_multiple_of(64)
}

/// Bytes of the two arrays for `slabs` slabs of a class: records, states. Each is a multiple of a
/// cache line.
pub(crate) const fn array_sizes(class: &SizeClass, slabs: usize) -> [usize; 2] {
    [
        slabs * record_size(class),
        (slabs * class.slots * size_of::<StateCell>()).next_multiple_of(64),
    ]
}

/// One slot, known to exist.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) class: usize,
    /// Its number within its class.
    pub(crate) index: u32,
    pub(crate) address: usize,
    state: &'static StateCell,
}

/// What an address in the data pool is.
#[derive(Clone, Copy)]
pub(crate) struct Spot {
    pub(crate) slot: Slot,
    /// Bytes from the slot's start.
    pub(crate) offset: usize,
}

impl ClassMap {
    pub(crate) const EMPTY: ClassMap = ClassMap {
        base: 0,
        states: 0,
        reciprocal: 0,
        record_size: 0,
        slot: 0,
        place_mask: 0,
        slab_shift: 0,
        slabs: 0,
    };

    /// The map of a class whose slots lie in `span` bytes from `base`, and whose states and records
    /// begin at `point`.
    pub(crate) fn new(class: &SizeClass, base: usize, span: usize, point: usize) -> ClassMap {
        let slabs = ClassMap::slabs_in(class, span);
        let slab_shift = class.slots.trailing_zeros();
        // The last one stays unused: an index plus one must be a `u32`.
        let slabs = (slabs - 1).min((u32::MAX >> slab_shift) as usize);
        ClassMap {
            base,
            states: point,
            reciprocal: class.reciprocal,
            record_size: record_size(class),
            slot: class.slot as u32,
            place_mask: class.slots as u32 - 1,
            slab_shift,
            slabs: slabs as u32,
        }
    }

    /// The slabs of a class that fit into `span` bytes.
    pub(crate) const fn slabs_in(class: &SizeClass, span: usize) -> usize {
        span / class.slab()
    }

    /// Bytes of a slot.
    #[inline(always)]
    pub(crate) fn slot_size(&self) -> usize {
        self.slot as usize
    }

    /// Address of slot 0.
    pub(crate) fn base(&self) -> usize {
        self.base
    }

    /// Slots of a slab.
    #[inline]
    pub(crate) fn slots(&self) -> u32 {
        self.place_mask + 1
    }

    /// Bytes of a slab.
    #[inline]
    pub(crate) fn slab_size(&self) -> usize {
        self.slot_size() << self.slab_shift
    }

    /// Address of a slab.
    #[inline]
    pub(crate) fn slab(&self, slab: u32) -> usize {
        self.base + slab as usize * self.slab_size()
    }

    /// Where states begin, upwards, and records, downwards.
    pub(crate) fn point(&self) -> usize {
        self.states
    }

    /// Bytes of records and of states for so many slabs.
    pub(crate) fn array_bytes(&self, slabs: usize) -> [usize; 2] {
        [slabs * self.record_size, slabs * self.state_bytes()]
    }

    /// Bytes of the states of a slab.
    fn state_bytes(&self) -> usize {
        self.slots() as usize * size_of::<StateCell>()
    }

    /// For how many slabs so many bytes of records and of states are enough.
    pub(crate) fn slabs_known(&self, records: usize, states: usize) -> u32 {
        let slabs = (records / self.record_size).min(states / self.state_bytes());
        slabs.min(self.slabs as usize) as u32
    }

    /// The record of a slab, which must be one that the store knows.
    #[inline]
    pub(crate) fn record(&self, slab: u32) -> &'static Record {
        debug_assert!(slab < self.slabs);
        // SAFETY: the store sees to memory for the record before it makes the slab known; it is zero
        // at first, which is valid.
        unsafe { sys::pointer::<Record>(self.record_at(slab)).as_ref() }
    }

    #[inline(always)]
    fn record_at(&self, slab: u32) -> usize {
        self.states - (slab as usize + 1) * self.record_size
    }

    /// The number of a slot, from its slab's and its place in the slab.
    #[inline]
    pub(crate) fn index(&self, slab: u32, place: u32) -> u32 {
        slab << self.slab_shift | place
    }

    /// The slab of a slot, and its place there.
    #[inline]
    pub(crate) fn place(&self, index: u32) -> (u32, u32) {
        (index >> self.slab_shift, index & self.place_mask)
    }

    /// The slot with this number.
    #[inline(always)]
    pub(crate) fn slot(&self, class: usize, index: u32) -> Slot {
        debug_assert!(index >> self.slab_shift < self.slabs);
        let number = index as usize;
        // SAFETY: slots that the store handed out, and those within reach (see `spot`), have a state,
        // zero at first, which is valid.
        let state = unsafe {
            sys::pointer::<StateCell>(self.states + number * size_of::<StateCell>()).as_ref()
        };
        Slot {
            class,
            index,
            address: self.base + number * self.slot_size(),
            state,
        }
    }

    /// The place of a block's size, in classes whose states have no room for it.
    #[inline(always)]
    fn size_place(&self, index: u32) -> &'static AtomicU32 {
        debug_assert!(self.slot_size() > MAX_COMPACT);
        let (slab, place) = self.place(index);
        let sizes = self.record_at(slab) + size_of::<Record>();
        let at = sizes + place as usize * size_of::<AtomicU32>();
        // SAFETY: where slots are that large, their sizes follow the record.
        unsafe { sys::pointer::<AtomicU32>(at).as_ref() }
    }

    /// The number of the slot that starts at this distance from slot 0.
    ///
    /// `distance * ceil(2^64 / slot)` is the quotient in its upper half; its lower half is below the
    /// factor just where the remainder is 0 (Lemire, Kaser, Kurz, "Faster Remainder by Direct
    /// Computation", 2019; distances below 2^36 and slots to 2^16 are well within its bounds).
    #[inline(always)]
    pub(crate) fn number_at(&self, distance: usize) -> Option<u32> {
        let product = distance as u128 * u128::from(self.reciprocal);
        ((product as u64) < self.reciprocal).then_some((product >> 64) as u32)
    }

    /// For the short ways: the slot that starts at `address`, if there can be one, and whether there is a slot right before
    /// it in its slab.
    #[inline(always)]
    pub(crate) fn starting_at(&self, class: usize, address: usize) -> Option<(Slot, bool)> {
        let distance = address.wrapping_sub(self.base);
        if distance >= pool::reach_quickly(class) {
            return None;
        }
        let index = self.number_at(distance)?;
        let mut slot = self.slot(class, index);
        debug_assert_eq!(slot.address, address);
        // The same, without waiting for the multiplication.
        slot.address = address;
        Some((slot, index & self.place_mask > 0))
    }

    /// The slot at or around `address`, if there can be one: nothing is looked up for an address
    /// beyond the slots that have a state.
    #[inline(always)]
    pub(crate) fn spot(&self, class: usize, address: usize) -> Option<Spot> {
        let distance = address.wrapping_sub(self.base);
        if distance >= pool::reach(class) {
            return None;
        }
        let index = ((distance as u128 * u128::from(self.reciprocal)) >> 64) as u32;
        let slot = self.slot(class, index);
        Some(Spot {
            slot,
            offset: address - slot.address,
        })
    }
}

/// The slot at or around an address; `None` for addresses outside the data pool and for those
/// that belong to no slot.
#[inline(always)]
pub(crate) fn spot(fixed: &'static Fixed, address: usize) -> Option<Spot> {
    let distance = address.wrapping_sub(fixed.data);
    if distance >= fixed.data_size {
        return None;
    }
    let class = fixed.class_of_region(distance >> fixed.region_shift);
    // `NO_CLASS` is no index of the array either.
    fixed
        .classes
        .get(usize::from(class))?
        .spot(usize::from(class), address)
}

/// Whether an address lies in the data pool: in what is in use of it, where the rest may be anybody's.
pub(crate) fn in_data_pool(address: usize) -> bool {
    address.wrapping_sub(fixed().data) < fixed().data_size
        && (!pool::is_relinquished() || spot(fixed(), address).is_some())
}

/// The live block nearest to an address, in its slab and those before and after.
pub(crate) fn live_around(address: usize) -> Option<Slot> {
    let distance = address.wrapping_sub(fixed().data);
    let class = usize::from(fixed().class_of_region(distance >> fixed().region_shift));
    let map = fixed().classes.get(class)?;
    // Before the first slab there is no other, and whoever runs out of its first slot ends there.
    let slab = match map.base.checked_sub(address) {
        Some(below) if below > map.slab_size() => return None,
        Some(_) => 0,
        None => (address - map.base) / map.slab_size(),
    };
    let end = shared().stores[class].slabs() as usize;
    let around = slab.saturating_sub(1).min(end)..slab.saturating_add(2).min(end);
    around
        .map(|slab| slab as u32)
        .flat_map(|slab| (0..map.slots()).map(move |place| map.slot(class, map.index(slab, place))))
        .filter(|slot| slot.state().is_live())
        .min_by_key(|slot| address.abs_diff(slot.address))
}

impl Slot {
    /// Bytes of the slot.
    #[inline(always)]
    pub(crate) fn size(&self) -> usize {
        fixed().classes[self.class].slot_size()
    }

    /// The size of the block that is, or was last, in the slot; `None` where that is not known.
    pub(crate) fn requested(&self) -> Option<usize> {
        self.requested_as(&fixed().classes[self.class], self.size(), self.state())
    }

    /// The same, also where the state does not say it and it was kept elsewhere.
    pub(crate) fn size_of_block(&self) -> Option<usize> {
        self.requested().or_else(|| evidence::size(self))
    }

    /// The same, where the slot's size and state are at hand.
    #[inline(always)]
    pub(crate) fn requested_as(
        &self,
        map: &ClassMap,
        whole: usize,
        state: SlotWord,
    ) -> Option<usize> {
        let end = whole - CANARY_SIZE;
        let size = if end < MAX_COMPACT {
            end.wrapping_sub(state.slack()?)
        } else {
            map.size_place(self.index).load(Ordering::Relaxed) as usize
        };
        // Never more, but for metadata that was damaged.
        (size <= end).then_some(size)
    }

    /// The size of the block in a live slot; `None` if anything behind the block was changed.
    ///
    /// # Safety
    /// - The slot is committed.
    pub(crate) unsafe fn open(&self) -> Option<usize> {
        let (keys, size) = (&fixed().keys, self.size());
        let sealed = match self.requested() {
            Some(requested) => {
                // SAFETY: the caller's promise; `requested` leaves room for the word.
                unsafe { canary::is_sealed(keys, self.address, size, requested) }
                    .then_some(requested)
            }
            // SAFETY: the caller's promise.
            None => unsafe { canary::open(keys, self.address, size) },
        };
        // SAFETY: the caller's promise.
        sealed.or_else(|| unsafe { self.size_if_wiped() })
    }

    /// The size of the block in a live slot of the vault that was wiped with all around it, as in a forked child.
    ///
    /// # Safety
    /// - As [`Slot::open`].
    #[cold]
    #[inline(never)]
    unsafe fn size_if_wiped(&self) -> Option<usize> {
        if !is_sensitive(self.class) || !vault::may_be_wiped() {
            return None;
        }
        let requested = self.size_of_block()?;
        let behind = self.size() - requested;
        // SAFETY: the caller's promise.
        unsafe { wipe::is_zero_bytes(self.address + requested, behind) }.then_some(requested)
    }

    /// Makes the slot, of `whole` bytes, a live block of `size` bytes.
    #[inline(always)]
    pub(crate) fn set_live(&self, map: &ClassMap, live: SlotWord, whole: usize, size: usize) {
        if whole > MAX_COMPACT {
            map.size_place(self.index)
                .store(size as u32, Ordering::Relaxed);
        }
        self.set(live.with_slack(whole - CANARY_SIZE - size));
    }

    /// Has the state say nothing of the block's size: the short ways of `malloc` and `free` leave such a block
    /// to the long ones, which know it from elsewhere.
    pub(crate) fn leave_size_unsaid(&self) {
        let map = &fixed().classes[self.class];
        if map.slot_size() > MAX_COMPACT {
            map.size_place(self.index)
                .store(u32::MAX, Ordering::Relaxed);
        }
        self.set(self.state().with_slack(usize::MAX));
    }

    /// Whether there is memory behind it.
    pub(crate) fn has_memory(&self) -> bool {
        !is_zero(self.class)
    }

    /// Asks the processor for what the next call will want of this slot.
    #[inline(always)]
    pub(crate) fn prefetch(&self) {
        wipe::prefetch(self.address);
        wipe::prefetch(core::ptr::from_ref(self.state).addr());
    }

    /// What the slot is now, see [`StateCell`].
    #[inline(always)]
    pub(crate) fn state(&self) -> SlotWord {
        self.state.load()
    }

    /// The state, seen before anything that is read from the slot afterwards.
    pub(crate) fn state_acquire(&self) -> SlotWord {
        self.state.load_acquire()
    }

    /// The state, read after everything that was read from the slot before.
    pub(crate) fn state_after_reads(&self) -> SlotWord {
        self.state.load_after_reads()
    }

    /// Marks the slot as being in our hands.
    #[inline(always)]
    pub(crate) fn set_busy(&self, busy: SlotWord) {
        self.state.set_busy(busy);
    }

    /// Moves the slot on; the size of its block stays known.
    #[inline(always)]
    pub(crate) fn move_to(&self, state: SlotState, tag: Tag) {
        self.set(self.state().then(state, tag));
    }

    /// Sets the state, after all that was done to the slot.
    #[inline(always)]
    pub(crate) fn set(&self, state: SlotWord) {
        self.state.set(state);
    }

    /// Takes the slot out of use for good, after a fault that the program survived: its memory is
    /// never reused. A block that is live there stays the program's, which may free it once, see
    /// [`Slot::give_up`]. The damage is mended as far as neighbours look at it, so that they do not
    /// report it once more.
    pub(crate) fn set_aside(&self) {
        let owned = self.state().is_live();
        self.move_to(
            SlotState::Retired,
            if owned { Tag::STILL_OWNED } else { Tag::NOBODY },
        );
        if !self.has_memory() {
            return;
        }
        let (keys, size) = (&fixed().keys, self.size());
        // SAFETY: this slot is committed, and so is one before it in its slab.
        unsafe {
            canary::mend(keys, self.address, size, None);
            if let Some(previous) = self.previous() {
                if !canary::plausible(keys, previous.address, size) {
                    let live = previous.state().is_live();
                    let requested = previous.requested().filter(|_| live);
                    canary::mend(keys, previous.address, size, requested);
                }
            }
        }
    }

    /// Whether the program still has the block of a slot that was set aside.
    pub(crate) fn is_condemned(&self) -> bool {
        let state = self.state();
        state.state() == SlotState::Retired && state.tag() == Tag::STILL_OWNED
    }

    /// The program has freed the block of a slot that was set aside.
    pub(crate) fn give_up(&self) {
        self.move_to(SlotState::Retired, Tag::NOBODY);
    }

    /// The slot whose last word stands right before this one's first byte. For the first slot of a
    /// slab that is the last of the slab before it, which must not be purged meanwhile: the caller
    /// holds the store's lock.
    pub(crate) fn predecessor(&self) -> Option<Slot> {
        let map = &fixed().classes[self.class];
        let (slab, place) = map.place(self.index);
        if place > 0 {
            return self.previous();
        }
        let before = slab.checked_sub(1)?;
        (map.record(before).life.get() == Life::Warm).then(|| map.slot(self.class, self.index - 1))
    }

    /// The slot before this one in its slab.
    #[inline(always)]
    pub(crate) fn previous(&self) -> Option<Slot> {
        let map = &fixed().classes[self.class];
        let (_, place) = map.place(self.index);
        (place > 0).then(|| map.slot(self.class, self.index - 1))
    }
}
