// SPDX-License-Identifier: MIT OR Apache-2.0
//! The short way of `malloc` and `free`: small blocks of a thread that has all it needs at hand.
//!
//! Both functions look before they change anything: if one thing is not as it nearly always is, they
//! answer "no", and the long way in [`crate::heap`] begins again from the start, step by step, and
//! finds out whether more slots are wanted or a fault is to be named. No check is left out: a block
//! that the long way would refuse is never handled here.
//!
//! Each is made twice. For [`Bands`], slots up to 256 bytes, nothing is called, so that all
//! that is at hand stays in registers; [`All`] serves every small size. And each is made for threads whose
//! calls are recorded, too ([`Door`]).

use core::ptr::NonNull;

use secmalloc_policy::quarantine;
use secmalloc_policy::size_class::{
    self, BANDED, CANARY_SIZE, CLASSES, CLASSES_BANDED, MAX_COMPACT, MAX_SMALL, ORDINARY,
};
use secmalloc_policy::slot_state::{Kind, SlotState, SlotWord, Tag};

use crate::canary::{self, Keys};
use crate::heap::{self, Claim};
use crate::magazine;
use crate::pool::fixed;
use crate::protections;
use crate::slab::{ClassMap, Slot};
use crate::sys;
use crate::thread::{Door, ThreadHeap};
use crate::wipe;

/// Which sizes a copy of the short way serves.
pub(crate) trait Reach {
    /// The largest block.
    const SIZE: usize;
    /// The first class, and how many there are.
    const FIRST: usize;
    const CLASSES: usize;
    /// Whether its slots may be out of reach.
    const MAY_BE_CLOSED: bool = false;
    /// The class of a block of 1 to `SIZE` bytes.
    fn class_of(size: usize) -> usize;
    /// As [`canary::is_sealed`].
    ///
    /// # Safety
    /// - As there.
    #[inline(always)]
    unsafe fn is_sealed(keys: &Keys, address: usize, slot: usize, size: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { canary::is_sealed(keys, address, slot, size) }
    }
    /// As [`Slot::set_live`].
    #[inline(always)]
    fn set_live(slot: &Slot, map: &ClassMap, live: SlotWord, whole: usize, size: usize) {
        slot.set_live(map, live, whole, size);
    }
    /// As [`Slot::requested_as`].
    #[inline(always)]
    fn requested(slot: &Slot, map: &ClassMap, whole: usize, state: SlotWord) -> Option<usize> {
        slot.requested_as(map, whole, state)
    }
    /// Whether what lies before a slab's first slot is as it can be; `false` also where the long way is to find out.
    #[inline(always)]
    fn is_first_sound(slot: &Slot) -> bool {
        heap::is_neighbour_sound(slot.class, slot.index)
    }
    /// As [`wipe::is_zero`].
    ///
    /// # Safety
    /// - As there.
    #[inline(always)]
    unsafe fn is_zero(address: usize, slot: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { wipe::is_zero(address, slot) }
    }
    /// Zeroes a never-used slot for `calloc`; `false` if the long way is to see what is there.
    ///
    /// # Safety
    /// - The slot is ours, and committed.
    #[inline(always)]
    unsafe fn clear(address: usize, slot: usize) -> bool {
        let _ = (address, slot);
        false
    }
    /// As [`wipe::zero_used`].
    ///
    /// # Safety
    /// - As there; the slot was sealed around `size` bytes, and is sound.
    #[inline(always)]
    unsafe fn wipe(address: usize, slot: usize, size: usize) {
        // SAFETY: the caller's promise.
        unsafe { wipe::zero_used(address, slot, size) }
    }
}

/// Slots up to 256 bytes, which a few vectors reach.
pub(crate) enum Bands {}

/// Every slot of ordinary blocks.
pub(crate) enum All {}

/// Every slot of sensitive blocks.
pub(crate) enum Sensitive {}

impl Reach for Bands {
    const SIZE: usize = BANDED;
    const FIRST: usize = 1;
    const CLASSES: usize = CLASSES_BANDED;

    #[inline(always)]
    fn class_of(size: usize) -> usize {
        size_class::class_of_banded(size)
    }

    #[inline(always)]
    fn set_live(slot: &Slot, _: &ClassMap, live: SlotWord, whole: usize, size: usize) {
        slot.set(live.with_short_slack(whole - CANARY_SIZE - size));
    }

    #[inline(always)]
    fn requested(_: &Slot, _: &ClassMap, whole: usize, state: SlotWord) -> Option<usize> {
        (whole - CANARY_SIZE).checked_sub(state.short_slack())
    }

    /// One slot in 256, and a call would cost all of them registers.
    #[inline(always)]
    fn is_first_sound(_: &Slot) -> bool {
        false
    }

    #[inline(always)]
    unsafe fn is_sealed(keys: &Keys, address: usize, slot: usize, size: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { canary::is_sealed_banded(keys, address, slot, size) }
    }

    #[inline(always)]
    unsafe fn is_zero(address: usize, slot: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { wipe::is_zero_banded(address, slot) }
    }

    #[inline(always)]
    unsafe fn clear(address: usize, slot: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { wipe::zero_banded(address, slot) };
        true
    }

    #[inline(always)]
    unsafe fn wipe(address: usize, slot: usize, _: usize) {
        // SAFETY: the caller's promise.
        unsafe { wipe::zero_banded(address, slot) }
    }
}

impl Reach for All {
    const SIZE: usize = MAX_SMALL;
    const FIRST: usize = 1;
    const CLASSES: usize = ORDINARY - 1;

    #[inline(always)]
    fn class_of(size: usize) -> usize {
        size_class::class_of(size)
    }
}

impl Reach for Sensitive {
    const SIZE: usize = MAX_SMALL;
    const FIRST: usize = ORDINARY + 1;
    const CLASSES: usize = ORDINARY - 1;
    const MAY_BE_CLOSED: bool = true;

    #[inline(always)]
    fn class_of(size: usize) -> usize {
        ORDINARY + size_class::class_of(size)
    }
}

/// Makes a small block of usual alignment, if a slot for it is ready and sound.
#[inline(always)]
pub(crate) fn allocate<R: Reach, D: Door>(
    requested: usize,
    kind: Kind,
    zeroed: bool,
) -> Option<NonNull<u8>> {
    // Size 0 wraps round to the largest number, and goes the long way.
    if requested.wrapping_sub(1) >= R::SIZE {
        return None;
    }
    allocate_of::<R, D>(R::class_of(requested), requested, kind, zeroed)
}

/// Makes a small block at a multiple of `alignment`, likewise.
#[inline(always)]
pub(crate) fn allocate_aligned<D: Door>(
    alignment: usize,
    requested: usize,
    kind: Kind,
) -> Option<NonNull<u8>> {
    if requested.wrapping_sub(1) >= All::SIZE || !alignment.is_power_of_two() {
        return None;
    }
    let class = size_class::class_of_aligned(requested, alignment)?;
    let whole = CLASSES[class].slot;
    // What the state cannot say of the size is kept elsewhere.
    if whole <= MAX_COMPACT && !SlotWord::can_say(whole - CANARY_SIZE - requested) {
        return None;
    }
    allocate_of::<All, D>(class, requested, kind, false)
}

/// Makes a block in a slot of this class, which is one of `R`'s that holds `requested` bytes.
#[inline(always)]
fn allocate_of<R: Reach, D: Door>(
    class: usize,
    requested: usize,
    kind: Kind,
    zeroed: bool,
) -> Option<NonNull<u8>> {
    // From the look at the magazine to the slot's being out of it, no handler gets the same slot.
    let heap = D::close(D::current()?);
    let fixed = fixed();
    if R::MAY_BE_CLOSED && fixed.windows {
        return None;
    }
    // SAFETY: the classes of small sizes are classes.
    let map = unsafe { fixed.classes.get_unchecked(class) };
    let bin = heap.bin(class);
    let slot = magazine::next(&heap, bin, class, map)?;
    let was = slot.state();
    let size = map.slot_size();
    if was.is(SlotState::NeverUsed) {
        // It is not even read: that would make its page present. Whatever an overflow may have left in it must
        // not come out of `calloc`.
        // SAFETY: a slot in our magazine is ours, and committed; so below.
        if fixed.verify_fresh || zeroed && !unsafe { R::clear(slot.address, size) } {
            return None;
        }
    } else {
        if !was.is(SlotState::Resting) {
            if !was.is(SlotState::Purged) {
                return None;
            }
            // SAFETY: as above.
            unsafe { wipe::bring_in(slot.address + size - CANARY_SIZE) };
        }
        // SAFETY: as above.
        if protections::VERIFY && !unsafe { R::is_zero(slot.address, size) } {
            return None;
        }
    }
    magazine::taken(bin);
    let tag = heap.tag();
    drop(heap);
    slot.set_busy(was.busy());
    if !protections::WIPE && zeroed {
        // SAFETY: the slot is ours.
        unsafe { wipe::zero_bytes(slot.address, requested) };
    }
    // SAFETY: the slot is ours; `class` was chosen for this size.
    unsafe { canary::seal(&fixed.keys, slot.address, size, requested) };
    R::set_live(&slot, map, SlotWord::live(kind, tag), size, requested);
    // SAFETY: slots lie in the data pool, and nothing of it at address 0.
    Some(unsafe { sys::pointer(slot.address) })
}

/// A live block that was found sound.
pub(crate) struct Sound {
    heap: &'static ThreadHeap,
    class: usize,
    slot: Slot,
    was: SlotWord,
    requested: usize,
}

/// The slot that starts at `address`, in a class that `R` reaches: its class, and whether it is not its slab's first.
#[inline(always)]
fn slot_at<R: Reach>(address: usize) -> Option<(usize, Slot, bool)> {
    let fixed = fixed();
    let distance = address.wrapping_sub(fixed.data);
    if distance >= fixed.data_size {
        return None;
    }
    let class = usize::from(fixed.class_of_region(distance >> fixed.region_shift));
    // Blocks of size 0 have the class before the first, regions without a class the last number.
    if class.wrapping_sub(R::FIRST) >= R::CLASSES {
        return None;
    }
    // SAFETY: just compared.
    let map = unsafe { fixed.classes.get_unchecked(class) };
    let (slot, has_previous) = map.starting_at(class, address)?;
    Some((class, slot, has_previous))
}

/// The small block at `address`, if it is one of this family and everything about it is as it must be.
#[inline(always)]
fn find<R: Reach, D: Door>(address: usize, kind: Kind) -> Option<Sound> {
    // The neighbour's canary is wanted last, and is the likeliest to be far from the processor.
    wipe::prefetch(address.wrapping_sub(8));
    let heap = D::current()?;
    let fixed = fixed();
    let (class, slot, has_previous) = slot_at::<R>(address)?;
    // SAFETY: the class of a slot.
    let map = unsafe { fixed.classes.get_unchecked(class) };
    let was = slot.state();
    // Live, and of the family that this function is of: one comparison with a constant.
    if !was.is_live_of(kind) {
        return None;
    }
    let (keys, size) = (&fixed.keys, map.slot_size());
    let requested = R::requested(&slot, map, size, was)?;
    // SAFETY: a live slot with memory is committed.
    if !unsafe { R::is_sealed(keys, address, size, requested) } {
        return None;
    }
    if fixed.neighbours {
        // The neighbour of a slab's first slot lies in another slab, which may be purged meanwhile.
        let sound = if has_previous {
            // SAFETY: a slot before a committed one in its slab is committed.
            unsafe { canary::plausible(keys, address - size, size) }
        } else {
            R::is_first_sound(&slot)
        };
        if !sound {
            return None;
        }
    }
    Some(Sound {
        heap,
        class,
        slot,
        was,
        requested,
    })
}

/// Ends a small block, if it is one of this family, what is claimed of it holds, and everything about
/// it is as it must be. `false` if nothing was done.
///
/// # Safety
/// - If a live block starts at `address`, nothing uses it any more.
#[inline(always)]
pub(crate) unsafe fn release<R: Reach, D: Door>(
    address: usize,
    kind: Kind,
    claim: Claim,
    before: impl FnOnce(&Sound),
) -> bool {
    let Some(found) = find::<R, D>(address, kind) else {
        return false;
    };
    if !claim.holds(address, found.requested) {
        return false;
    }
    before(&found);
    // SAFETY: just verified; its user gave it up.
    unsafe { found.retire::<R, D>(address) };
    true
}

/// The size of a small block, if one starts there. What lies around it is not looked at: programs that keep count
/// of their memory ask this with each block that they make and free.
#[inline(always)]
pub(crate) fn size_of<R: Reach, D: Door>(address: usize) -> Option<usize> {
    D::current()?;
    let (class, slot, _) = slot_at::<R>(address)?;
    let was = slot.state();
    let map = fixed().classes.get(class)?;
    R::requested(&slot, map, map.slot_size(), was).filter(|_| was.is_live())
}

/// Changes the size of a small block of `malloc`'s, in its slot or by moving it to another, if both sizes
/// are small ones and everything is as it must be. `None` if nothing was done.
///
/// # Safety
/// - If a live block starts at `address`, nothing uses its old address after a success.
#[inline(always)]
pub(crate) unsafe fn resize<R: Reach, D: Door>(
    address: usize,
    size: usize,
    wanted: impl FnOnce(&Sound) -> bool,
) -> Option<NonNull<u8>> {
    if size.wrapping_sub(1) >= R::SIZE {
        return None;
    }
    let found = find::<R, D>(address, Kind::Malloc)?;
    if !wanted(&found) {
        return None;
    }
    let (slot, old, was) = (&found.slot, found.requested, found.was);
    let map = &fixed().classes[found.class];
    let whole = map.slot_size();
    if R::class_of(size) == found.class || shrinks_a_little(whole, old, size) {
        slot.set_busy(was.then(SlotState::Busy, was.tag()));
        // SAFETY: the slot is in our hands, and sealed around `old` bytes; the new size fits it.
        unsafe { canary::reseal(&fixed().keys, address, whole, old, size) };
        R::set_live(
            slot,
            map,
            SlotWord::live(Kind::Malloc, was.tag()),
            whole,
            size,
        );
        // SAFETY: a block's address.
        return Some(unsafe { sys::pointer(address) });
    }
    let new = allocate::<R, D>(size, Kind::Malloc, false)?;
    // SAFETY: both blocks hold that many bytes, and they are not the same. The old one was verified, and its
    // user gives it up.
    unsafe {
        new.copy_from_nonoverlapping(sys::pointer(address), old.min(size));
        found.retire::<R, D>(address);
    }
    Some(new)
}

/// Whether a small block stays in its slot when its size changes.
pub(crate) fn stays(class: usize, slot: usize, old: usize, size: usize) -> bool {
    size_class::class_of(size) == size_class::ordinary(class) || shrinks_a_little(slot, old, size)
}

/// An aligned block may lie in a larger class than its size needs; it need not move to shrink there.
#[inline(always)]
fn shrinks_a_little(slot: usize, old: usize, size: usize) -> bool {
    size <= old && old - size < slot / 4
}

impl Sound {
    /// The calling thread's heap, if it is the one that made the block; more threads than there are tags know
    /// of no block that it is theirs.
    pub(crate) fn maker(&self) -> Option<&'static ThreadHeap> {
        let tag = self.heap.tag();
        (tag == self.was.tag() && tag != Tag::NOBODY).then_some(self.heap)
    }

    /// # Safety
    /// - It was found at `address`, with this `R`, and nobody uses the block any more.
    #[inline(always)]
    unsafe fn retire<R: Reach, D: Door>(&self, address: usize) {
        let index = self.slot.index as usize;
        // SAFETY: the caller's promise.
        unsafe {
            retire::<R, D>(
                self.heap,
                self.class,
                index,
                address,
                self.was,
                self.requested,
            )
        };
    }
}

/// Wipes a slot and lets it rest. A function of its own, jumped to from the checks: neither has to keep
/// so much at hand then that it needs the stack.
///
/// # Safety
/// - The slot with this number, at `address`, holds a live, verified block of `requested` bytes, which
///   nobody uses any more; `was` is its state, and `class` one that `R` reaches.
#[inline(never)]
unsafe fn retire<R: Reach, D: Door>(
    heap: &'static ThreadHeap,
    class: usize,
    index: usize,
    address: usize,
    was: SlotWord,
    requested: usize,
) {
    // SAFETY: the caller's promise.
    let map = unsafe { fixed().classes.get_unchecked(class) };
    let slot = map.slot(class, index as u32);
    let resting = was.then(SlotState::Resting, heap.tag());
    slot.set_busy(resting.busy());
    if protections::WIPE {
        // SAFETY: the block is live and sound, and its user gave it up.
        unsafe { R::wipe(address, map.slot_size(), requested) };
    }
    slot.set(resting);
    let own = D::close(heap);
    let bin = own.bin(class);
    let rested = if protections::QUARANTINE {
        let random = if protections::RANDOM {
            match own.random().byte_at_hand() {
                Some(random) => random,
                None => {
                    drop(own);
                    return heap::rest_slowly::<D>(heap, class, slot.index);
                }
            }
        } else {
            // The last to come is the first to go on to the ring: a plain queue.
            0
        };
        let (stages, mask) = own.quarantine(bin);
        match quarantine::rest(stages, mask, &bin.turn, random, slot.index) {
            Some(rested) => rested,
            // No slot of a class that is not this heap's own ever drives another out.
            None => return heap::rest_elsewhere(own, class),
        }
    } else {
        slot.index
    };
    let Some(place) = magazine::room(&own, bin) else {
        drop(own);
        return heap::ready_slowly::<D>(heap, class, rested);
    };
    magazine::put(bin, place, rested);
    // It is the next to be handed out, and has not been touched for a while.
    map.slot(class, rested).prefetch();
}
