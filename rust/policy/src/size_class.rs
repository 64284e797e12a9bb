// SPDX-License-Identifier: MIT OR Apache-2.0
//! Size classes: which slot holds a request, and the shape of the slabs that slots live in.
//!
//! Slots are 16 bytes apart to 128, then four to a doubling, to 64 KiB. The last word of a slot
//! is its canary, so a block of `n` bytes takes the first class of at least `n + 8`. Class 0 is
//! special: its slots have no memory at all and hold the blocks of size 0, which fault on access.

use crate::request::MIN_ALIGNMENT;

/// Bytes at the end of every slot that belong to the canary.
pub const CANARY_SIZE: usize = 8;

/// The class of blocks of size 0.
pub const ZERO: usize = 0;

/// The largest slot, in bytes.
pub const MAX_SLOT: usize = 1 << 16;

/// The largest block that a slot can hold; larger ones have a mapping of their own.
pub const MAX_SMALL: usize = MAX_SLOT - CANARY_SIZE;

/// Number of classes, [`ZERO`] included.
pub const COUNT: usize = 45;

/// The most slots that one slab has: what four words of bitmap describe.
pub const MAX_SLOTS: usize = 256;

/// The largest slab, in bytes; regions are multiples of it.
pub const MAX_SLAB: usize = 1 << 19;

/// In slots up to this many bytes, a block that its class was chosen for by size alone leaves
/// fewer bytes unused than a [`SlotWord`](crate::slot_state::SlotWord) can say.
pub const MAX_COMPACT: usize = 1024;

/// Distance of two zero-size blocks, which is also the largest alignment they have.
pub const ZERO_STRIDE: usize = 64;

const LINEAR: usize = 8;
const LINEAR_MAX: usize = LINEAR * MIN_ALIGNMENT;
const PER_DOUBLING: usize = 4;
/// Bytes that rest in each of a quarantine's two halves, per class and thread.
const QUARANTINE_HALF: usize = 8 << 10;
/// A random byte chooses a place.
const MAX_QUARANTINE: usize = 256;
/// Bytes that travel between a thread and the central store at a time.
const BATCH_BYTES: usize = 16 << 10;
const MAX_BATCH: usize = 32;

/// One size class. The numbers follow from the slot size and never change.
#[derive(Debug, Clone, Copy)]
pub struct SizeClass {
    /// Bytes from one slot to the next, canary included.
    pub slot: usize,
    /// Slots in a slab.
    pub slots: usize,
    /// A slab is `1 << slab_shift` bytes.
    pub slab_shift: u32,
    /// `ceil(2^40 / slot)`: division by the slot size as a multiplication.
    pub reciprocal: u64,
    /// A slot is named within its class by `slab << index_bits | slot`.
    pub index_bits: u32,
    /// Slots in each half of a thread's quarantine; a power of two.
    pub quarantine: usize,
    /// Slots that are drawn from the central store at a time.
    pub batch: usize,
}

impl SizeClass {
    /// Slots that a thread holds ready at most.
    #[must_use]
    pub const fn magazine(&self) -> usize {
        self.batch.saturating_mul(2)
    }

    /// Which slot of its slab the byte at `offset` (less than the slab's size) lies in.
    #[inline]
    #[must_use]
    pub const fn slot_at(&self, offset: usize) -> usize {
        ((offset as u64).wrapping_mul(self.reciprocal) >> 40) as usize
    }
}

/// Rounds as the classes do; `class` must not be [`ZERO`].
const fn slot_size(class: usize) -> usize {
    if class <= LINEAR {
        return class.saturating_mul(MIN_ALIGNMENT);
    }
    let beyond = class.saturating_sub(LINEAR + 1);
    let doubling = beyond / PER_DOUBLING;
    let step = (beyond % PER_DOUBLING).saturating_add(1);
    (LINEAR_MAX << doubling)
        .saturating_add(step.saturating_mul(LINEAR_MAX / PER_DOUBLING) << doubling)
}

#[allow(clippy::arithmetic_side_effects)] // evaluated at compile time
const fn describe(slot: usize) -> SizeClass {
    let mut slab_shift = 12;
    // Many slots to a slab are many places for a block to be; past 64 KiB memory counts more.
    while (1usize << slab_shift) / slot < MAX_SLOTS && slab_shift < 16 {
        slab_shift += 1;
    }
    while (1usize << slab_shift) / slot < 8 {
        slab_shift += 1;
    }
    let fitting = (1usize << slab_shift) / slot;
    let slots = if fitting > MAX_SLOTS {
        MAX_SLOTS
    } else {
        fitting
    };
    let mut quarantine = 1;
    while quarantine * 2 <= QUARANTINE_HALF / slot && quarantine < MAX_QUARANTINE {
        quarantine *= 2;
    }
    let mut batch = BATCH_BYTES / slot;
    if batch > MAX_BATCH {
        batch = MAX_BATCH;
    }
    if batch == 0 {
        batch = 1;
    }
    SizeClass {
        slot,
        slots,
        slab_shift,
        reciprocal: (1u64 << 40).div_ceil(slot as u64),
        index_bits: slots.next_power_of_two().trailing_zeros(),
        quarantine,
        batch,
    }
}

/// Every class, by number.
pub static CLASSES: [SizeClass; COUNT] = TABLE;

/// [`CLASSES`] for constant expressions.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated at compile time
const TABLE: [SizeClass; COUNT] = {
    let mut table = [describe(ZERO_STRIDE); COUNT];
    let mut class = 1;
    while class < COUNT {
        table[class] = describe(slot_size(class));
        class += 1;
    }
    table
};

/// Each class's part of an array that serves all classes: where it begins, and its length.
pub type Places = [(u32, u32); COUNT];

/// The parts for `magazine()` slots of each class, one after the other, and their total length.
pub const MAGAZINES: (Places, usize) = places(true);

/// The same for both halves of each class's quarantine.
pub const QUARANTINES: (Places, usize) = places(false);

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated at compile time
const fn places(magazine: bool) -> (Places, usize) {
    let mut at = [(0, 0); COUNT];
    let mut total = 0;
    let mut class = 0;
    while class < COUNT {
        let length = if magazine {
            TABLE[class].magazine()
        } else {
            2 * TABLE[class].quarantine
        };
        at[class] = (total as u32, length as u32);
        total += length;
        class += 1;
    }
    (at, total)
}

const LOOKUP_MAX: usize = 1024;

/// Classes of slots up to [`LOOKUP_MAX`], by sixteenths.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated at compile time
static LOOKUP: [u8; LOOKUP_MAX / 16 + 1] = {
    let mut table = [0; LOOKUP_MAX / 16 + 1];
    let mut i = 0;
    while i < table.len() {
        let mut class = 1;
        while TABLE[class].slot < i * 16 {
            class += 1;
        }
        table[i] = class as u8;
        i += 1;
    }
    table
};

/// The class for a block of `size` bytes, `1..=MAX_SMALL`. A larger size gives a number that is
/// no class.
#[inline]
#[must_use]
pub fn class_of(size: usize) -> usize {
    match LOOKUP.get(size.wrapping_add(CANARY_SIZE + 15) >> 4) {
        Some(&class) => usize::from(class),
        None => {
            // Four classes to a doubling: the leading bit says which doubling, the next two
            // bits which quarter.
            let last = size.wrapping_add(CANARY_SIZE - 1);
            let bit = last.ilog2();
            let quarter = (last >> bit.saturating_sub(2)) & 3;
            let doubling = (bit as usize).saturating_sub(LINEAR_MAX.ilog2() as usize);
            doubling
                .saturating_mul(PER_DOUBLING)
                .saturating_add(quarter)
                .saturating_add(LINEAR + 1)
        }
    }
}

/// The first class whose slots hold `size` bytes and all start at multiples of `alignment`.
/// `None` where only a mapping of its own will do.
#[must_use]
pub fn class_of_aligned(size: usize, alignment: usize) -> Option<usize> {
    if size == 0 {
        return (alignment <= ZERO_STRIDE).then_some(ZERO);
    }
    if size > MAX_SMALL {
        return None;
    }
    // Slabs start at pages; slots are aligned as their size is.
    if alignment > 4096 {
        return None;
    }
    let first = class_of(size);
    CLASSES
        .iter()
        .enumerate()
        .skip(first)
        .find(|(_, class)| class.slot & alignment.wrapping_sub(1) == 0)
        .map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_gets_the_smallest_class_that_holds_it() {
        for size in 1..=MAX_SMALL {
            let class = class_of(size);
            assert!(CLASSES[class].slot >= size + CANARY_SIZE, "{size}");
            assert!(
                class == 1 || CLASSES[class - 1].slot < size + CANARY_SIZE,
                "{size}"
            );
        }
        assert_eq!(CLASSES[COUNT - 1].slot, MAX_SLOT);
        assert_eq!(class_of(MAX_SMALL), COUNT - 1);
        assert!(class_of(MAX_SMALL + 1) >= COUNT);
    }

    #[test]
    fn compact_slots_leave_little() {
        for size in 1..=MAX_COMPACT - CANARY_SIZE {
            assert!(CLASSES[class_of(size)].slot - CANARY_SIZE - size < 0xff);
        }
    }

    #[test]
    fn slot_at_is_a_division() {
        for class in &CLASSES {
            for offset in 0..(1usize << class.slab_shift) {
                assert_eq!(
                    class.slot_at(offset),
                    offset / class.slot,
                    "{} {offset}",
                    class.slot
                );
            }
        }
    }

    #[test]
    fn places_follow_each_other() {
        for (places, total) in [MAGAZINES, QUARANTINES] {
            let mut next = 0;
            for (start, length) in places {
                assert!(start == next && length > 0);
                next = start + length;
            }
            assert_eq!(next as usize, total);
        }
    }

    #[test]
    fn slabs_hold_their_slots() {
        for class in &CLASSES {
            assert!(class.slots * class.slot <= 1 << class.slab_shift);
            assert!(1 << class.slab_shift <= MAX_SLAB);
            assert!((8..=MAX_SLOTS).contains(&class.slots));
            assert!(class.slots <= 1 << class.index_bits);
            assert!(class.quarantine.is_power_of_two() && class.slot % 16 == 0);
        }
    }

    #[test]
    fn aligned_classes_align() {
        for size in [
            0, 1, 8, 24, 25, 100, 500, 4000, 4096, 8192, 40000, MAX_SMALL,
        ] {
            for shift in 4..=12 {
                let alignment = 1usize << shift;
                let Some(class) = class_of_aligned(size, alignment) else {
                    continue;
                };
                assert_eq!(CLASSES[class].slot % alignment, 0);
                assert!(size == 0 || CLASSES[class].slot >= size + CANARY_SIZE);
            }
        }
        assert!(class_of_aligned(1, 8192).is_none());
        assert!(class_of_aligned(0, 128).is_none());
    }
}
