// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known of one large block, and what must stand around it in its pages.

use secmalloc_policy::fault::{Actor, Block};
use secmalloc_policy::slot_state::{Kind, SlotWord};

use super::mapping::Mapping;
use crate::evidence::Trail;
use crate::pool::fixed;
use crate::vault;
use crate::wipe;

/// Bytes of the fill behind a block that are written and compared at a time.
const WORD: usize = 8;

/// What is known of a live large block. All zero is none: `block` is never 0.
#[derive(Clone, Copy)]
pub(crate) struct Descriptor {
    pub(crate) block: usize,
    /// Bytes requested.
    pub(crate) size: usize,
    pub(crate) mapping: Mapping,
    /// Only its kind counts.
    pub(super) state: SlotWord,
    /// Who allocated it.
    pub(crate) made: Trail,
    /// A fault in it was reported and survived: its memory is never used again.
    pub(crate) condemned: bool,
    /// It holds secrets.
    pub(crate) sensitive: bool,
}

/// What is remembered of a freed one.
#[derive(Clone, Copy)]
pub(crate) struct Freed {
    pub(crate) descriptor: Descriptor,
    /// Who freed it.
    pub(super) by: Trail,
}

impl Descriptor {
    /// The descriptor, if it is one.
    pub(super) fn some(self) -> Option<Descriptor> {
        (self.block != 0).then_some(self)
    }

    /// Its family.
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.state.kind()
    }

    /// What messages say of it.
    pub(crate) fn describe(&self) -> Block {
        Block {
            address: self.block,
            requested: Some(self.size),
            slot: self.mapping.data_size,
            kind: self.kind(),
            allocated_by: self.made.actor(),
            freed_by: Actor::default(),
        }
    }

    /// Behind the block, to the end of its pages.
    pub(super) fn fill(&self) -> (usize, usize) {
        let from = self.block + self.size;
        (from, self.mapping.data_end().saturating_sub(from))
    }

    /// The fill as it stands in a word at an aligned address: the same word in each, since it repeats.
    fn fill_word(&self) -> u64 {
        let into = (self.block + self.size) % WORD;
        fixed().keys.hash(self.block).rotate_left(into as u32 * 8)
    }

    /// Fills the bytes behind the block. After a growth they may reach to the end of the page: whole
    /// words, for whoever grows a block by a few bytes, often.
    pub(super) fn seal(&self) {
        let (from, length) = self.fill();
        let (words, end) = (from.next_multiple_of(WORD), from + length);
        let fill = self.fill_word();
        for at in from..words.min(end) {
            // SAFETY: the fill lies in the block's pages.
            unsafe { crate::sys::pointer::<u8>(at).write(fill.to_le_bytes()[at % WORD]) };
        }
        for at in (words..end).step_by(WORD) {
            // SAFETY: as above; aligned, and the pages end with a whole word.
            unsafe { crate::sys::pointer::<u64>(at).write(fill.to_le()) };
        }
    }

    /// The first byte of the fill that is not as it was left, as an offset from the block.
    pub(crate) fn overflow(&self) -> Option<usize> {
        let (from, length) = self.fill();
        let (words, end) = (from.next_multiple_of(WORD), from + length);
        let fill = self.fill_word();
        let differs = |at: &usize| {
            // SAFETY: the fill lies in the block's pages.
            let byte = unsafe { crate::sys::pointer::<u8>(*at).read_volatile() };
            byte != fill.to_le_bytes()[*at % WORD]
        };
        // SAFETY: the fill lies in the block's pages.
        if self.sensitive && vault::may_be_wiped() && unsafe { wipe::is_zero_bytes(from, length) } {
            return None;
        }
        let mut bytes = from..words.min(end);
        let mut words = (words..end).step_by(WORD);
        bytes
            .find(differs)
            .or_else(|| {
                let word = words.find(|&at| {
                    // SAFETY: as above; aligned, and the pages end with a whole word.
                    let word = unsafe { crate::sys::pointer::<u64>(at).read_volatile() };
                    word != fill.to_le()
                })?;
                (word..word + WORD).find(differs)
            })
            .map(|at| at - self.block)
    }

    /// The distance before the block of the nearest byte that is not zero.
    pub(crate) fn underflow(&self) -> Option<usize> {
        if self.size == 0 {
            return None;
        }
        let front = self.block - self.mapping.data;
        // SAFETY: the front lies in the block's pages.
        if unsafe { wipe::is_zero_bytes(self.mapping.data, front) } {
            return None;
        }
        (1..=front).find(|back| {
            // SAFETY: as above.
            unsafe { crate::sys::pointer::<u8>(self.block - back).read_volatile() != 0 }
        })
    }
}

impl Freed {
    /// What messages say of it.
    pub(crate) fn describe(&self) -> Block {
        Block {
            kind: None,
            freed_by: self.by.actor(),
            ..self.descriptor.describe()
        }
    }
}

/// The byte that must stand `at` bytes behind a block.
pub(crate) fn expected_fill(block: usize, at: usize) -> u8 {
    fixed().keys.hash(block).to_le_bytes()[at % WORD]
}
