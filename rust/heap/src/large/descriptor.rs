// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known of one large block, and what must stand around it in its pages.

use secmalloc_policy::fault::{Actor, Block};
use secmalloc_policy::slot_state::{Kind, SlotWord};

use super::mapping::Mapping;
use crate::pool::fixed;
use crate::wipe;

/// What is known of a live large block. All zero is none: `block` is never 0.
#[derive(Clone, Copy)]
pub(crate) struct Descriptor {
    pub(crate) block: usize,
    /// Bytes requested.
    pub(crate) size: usize,
    pub(crate) mapping: Mapping,
    /// Only its kind counts.
    pub(super) state: SlotWord,
    /// The thread that allocated it.
    pub(crate) thread: u32,
    /// A fault in it was reported and survived: its memory is never used again.
    pub(crate) condemned: bool,
}

/// What is remembered of a freed one.
#[derive(Clone, Copy)]
pub(crate) struct Freed {
    pub(crate) descriptor: Descriptor,
    /// The thread that freed it.
    pub(super) by: u32,
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
            allocated_by: Actor {
                thread: self.thread,
                or_earlier: false,
            },
            freed_by: Actor::default(),
        }
    }

    /// Behind the block, to the end of its pages.
    pub(super) fn fill(&self) -> (usize, usize) {
        let from = self.block + self.size;
        (from, self.mapping.data_end().saturating_sub(from))
    }

    /// Fills the bytes behind the block.
    pub(super) fn seal(&self) {
        let (from, length) = self.fill();
        for at in 0..length {
            let byte = expected_fill(self.block, at);
            // SAFETY: the fill lies in the block's pages.
            unsafe { crate::sys::pointer::<u8>(from + at).write(byte) };
        }
    }

    /// The first byte of the fill that is not as it was left, as an offset from the block.
    pub(crate) fn overflow(&self) -> Option<usize> {
        let (from, length) = self.fill();
        (0..length)
            .find(|&at| {
                // SAFETY: the fill lies in the block's pages.
                let byte = unsafe { crate::sys::pointer::<u8>(from + at).read_volatile() };
                byte != expected_fill(self.block, at)
            })
            .map(|at| self.size + at)
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
            freed_by: Actor {
                thread: self.by,
                or_earlier: false,
            },
            ..self.descriptor.describe()
        }
    }
}

/// The byte that must stand `at` bytes behind a block.
pub(crate) fn expected_fill(block: usize, at: usize) -> u8 {
    fixed().keys.hash(block).to_le_bytes()[at % 8]
}
