// SPDX-License-Identifier: MIT OR Apache-2.0
//! Size classes: which slot holds a request, and the shape of the slabs that slots live in.
//!
//! Slots are 16 bytes apart to 128, then four to a doubling, to 64 KiB. The last word of a slot
//! is its canary, so a block of `n` bytes takes the first class of at least `n + 8`. Class 0 is
//! special: its slots have no memory at all and hold the blocks of size 0, which fault on access.
//!
//! Sensitive blocks have classes of their own, behind the ordinary ones and like them in all: so they are never in
//! one region, slab, magazine or quarantine with others.

#[cfg(test)]
mod tests;

use crate::request::MIN_ALIGNMENT;

/// Bytes at the end of every slot that belong to the canary.
pub const CANARY_SIZE: usize = 8;

/// The class of ordinary blocks of size 0.
pub const ZERO: usize = 0;

/// The largest slot, in bytes.
pub const MAX_SLOT: usize = 1 << 16;

/// The largest block that a slot can hold; larger ones have a mapping of their own.
pub const MAX_SMALL: usize = MAX_SLOT - CANARY_SIZE;

/// Number of classes for ordinary blocks, [`ZERO`] included.
pub const ORDINARY: usize = 45;

/// Number of classes.
pub const COUNT: usize = 2 * ORDINARY;

/// The most slots that one slab has: what four words of bitmap describe. Their number is always a
/// power of two.
pub const MAX_SLOTS: usize = 256;

/// The largest slab, in bytes. Every slab is a multiple of [`SLAB_STEP`].
pub const MAX_SLAB: usize = 1 << 16;

/// Slabs begin at multiples of this within their region.
pub const SLAB_STEP: usize = 4096;

/// New slabs are made at least so many slots at a time, and used in random order: places for a
/// block to be, where one slab has few.
pub const MIN_PLACES: usize = 8;

/// In slots up to this many bytes, a block that its class was chosen for by size alone leaves
/// fewer bytes unused than a [`SlotWord`](crate::slot_state::SlotWord) can say.
pub const MAX_COMPACT: usize = 1024;

/// Distance of two zero-size blocks, which is also the largest alignment they have.
pub const ZERO_STRIDE: usize = 64;

/// The largest block in the classes that the shortest way through the heap serves.
pub const BANDED: usize = 256 - CANARY_SIZE;

/// These classes: 1 up to this.
pub const CLASSES_BANDED: usize = 12;

const LINEAR: usize = 8;
const LINEAR_MAX: usize = LINEAR * MIN_ALIGNMENT;
const PER_DOUBLING: usize = 4;
/// Bytes that rest in each of a quarantine's two halves, per class and thread.
const QUARANTINE_HALF: usize = 4 << 10;
/// A random byte chooses a place.
const MAX_QUARANTINE: usize = 128;
/// Bytes that travel between a thread and the central store at a time.
const BATCH_BYTES: usize = 8 << 10;
/// The most slots that do.
pub const MAX_BATCH: usize = 32;

/// One size class. The numbers follow from the slot size and never change.
#[derive(Debug, Clone, Copy)]
pub struct SizeClass {
    /// Bytes from one slot to the next, canary included.
    pub slot: usize,
    /// Slots in a slab, a power of two. Slots follow each other without a gap, and so do slabs: slot
    /// `n` of a region lies `n * slot` bytes into it.
    pub slots: usize,
    /// `ceil(2^64 / slot)`: division by the slot size as a multiplication.
    pub reciprocal: u64,
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

    /// Bytes of a slab.
    #[must_use]
    pub const fn slab(&self) -> usize {
        self.slots.saturating_mul(self.slot)
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
    // Many slots to a slab are many places for a block to be; past 64 KiB memory counts more.
    let mut slots = MAX_SLOTS;
    while slots > 1 && slots * slot > MAX_SLAB {
        slots /= 2;
    }
    let mut quarantine = 1;
    while quarantine * 2 <= QUARANTINE_HALF / slot && quarantine < MAX_QUARANTINE {
        quarantine *= 2;
    }
    let mut batch = BATCH_BYTES / slot;
    if batch > MAX_BATCH {
        batch = MAX_BATCH;
    }
    if batch < 2 {
        batch = 2;
    }
    SizeClass {
        slot,
        slots,
        reciprocal: (u64::MAX / slot as u64) + 1,
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
    while class < ORDINARY {
        table[class] = describe(slot_size(class));
        table[ORDINARY + class] = table[class];
        class += 1;
    }
    table
};

/// A class's part of a thread's array of slot numbers: first its magazine, then both halves of its
/// quarantine.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// Where the magazine begins.
    pub magazine: u32,
    /// Slots that it holds.
    pub ready: u32,
    /// Where the quarantine begins.
    pub quarantine: u32,
    /// Slots in each of its halves, less one.
    pub mask: u32,
}

/// What comes before the parts of all classes: the two halves of a quarantine of one place, for bins that
/// have no part. All-zero [`Places`] are those; nothing stays there.
pub const NOBODYS: usize = 2;

/// The parts of all classes, one after the other, and the length of the array.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated at compile time
pub const PLACES: ([Places; COUNT], usize) = {
    let mut places = [Places {
        magazine: 0,
        ready: 0,
        quarantine: 0,
        mask: 0,
    }; COUNT];
    let mut next = NOBODYS as u32;
    let mut class = 0;
    while class < COUNT {
        let ready = TABLE[class].magazine() as u32;
        let half = TABLE[class].quarantine as u32;
        places[class] = Places {
            magazine: next,
            ready,
            quarantine: next + ready,
            mask: half - 1,
        };
        next += ready + 2 * half;
        class += 1;
    }
    (places, next as usize)
};

/// Whether a class's slots have no memory.
#[inline(always)]
#[must_use]
pub const fn is_zero(class: usize) -> bool {
    class == ZERO || class == ORDINARY + ZERO
}

/// Whether a class holds sensitive blocks.
#[inline(always)]
#[must_use]
pub const fn is_sensitive(class: usize) -> bool {
    class >= ORDINARY
}

/// The ordinary class that is like this one.
#[inline(always)]
#[must_use]
pub const fn ordinary(class: usize) -> usize {
    if is_sensitive(class) {
        class.wrapping_sub(ORDINARY)
    } else {
        class
    }
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

/// The class for a block of `size` bytes, `1..=BANDED`; 0 for larger ones.
#[inline(always)]
#[must_use]
pub fn class_of_banded(size: usize) -> usize {
    LOOKUP
        .get(size.wrapping_add(CANARY_SIZE + 15) >> 4)
        .map_or(0, |&class| usize::from(class))
}

/// The ordinary class for a block of `size` bytes, `1..=MAX_SMALL`. A larger size gives a number that is
/// none.
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

/// The largest alignment that slots have, as a power of two: slabs start at pages.
const MOST_ALIGNED: usize = 12;

/// By the power of two of an alignment and by class: the first class from that one on whose slots are all so
/// aligned; 0 where there is none. Slots are aligned as their size is.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated at compile time
static ALIGNED: [[u8; ORDINARY]; MOST_ALIGNED + 1] = {
    let mut table = [[0; ORDINARY]; MOST_ALIGNED + 1];
    let mut power = 0;
    while power <= MOST_ALIGNED {
        let mut found = 0;
        let mut class = ORDINARY;
        while class > 1 {
            class -= 1;
            if TABLE[class].slot % (1 << power) == 0 {
                found = class as u8;
            }
            table[power][class] = found;
        }
        power += 1;
    }
    table
};

/// The first ordinary class whose slots hold `size` bytes and all start at multiples of `alignment`, a power of two.
/// `None` where only a mapping of its own will do.
#[inline]
#[must_use]
pub fn class_of_aligned(size: usize, alignment: usize) -> Option<usize> {
    if size == 0 {
        return (alignment <= ZERO_STRIDE).then_some(ZERO);
    }
    if size > MAX_SMALL {
        return None;
    }
    let classes = ALIGNED.get(alignment.trailing_zeros() as usize)?;
    let class = usize::from(*classes.get(class_of(size))?);
    (class != ZERO).then_some(class)
}
