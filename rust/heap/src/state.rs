// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of a slot where it lies in memory, and in which order it and the slot's bytes are seen.
//!
//! A sweep in another thread reads a slot without a lock: the state, the bytes, the state again. It
//! believes what it saw if the state was the same both times, as readers of a sequence lock do.
//! `tests/state_loom.rs` tries all orders.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use secmalloc_policy::slot_state::{SlotState, SlotWord};

// From `sys`, so that a model checker can put its own in their place.
use crate::sys::{fence, AtomicU16};

/// All zero is a slot that was never used.
#[repr(transparent)]
pub(crate) struct StateCell(pub(crate) AtomicU16);

impl StateCell {
    /// What the slot is now. Relaxed: a slot passes from thread to thread under a lock, or by
    /// the program's own synchronisation; a program that has none is found out by the checks.
    #[inline(always)]
    pub(crate) fn load(&self) -> SlotWord {
        SlotWord(self.0.load(Relaxed))
    }

    /// The state, seen before anything that is read from the slot afterwards.
    #[inline]
    pub(crate) fn load_acquire(&self) -> SlotWord {
        SlotWord(self.0.load(Acquire))
    }

    /// The state, read after everything that was read from the slot before.
    #[inline]
    pub(crate) fn load_after_reads(&self) -> SlotWord {
        fence(Acquire);
        self.load()
    }

    /// Marks the slot as being in our hands. The fence keeps what we do to the slot from being
    /// seen before the mark (it is no instruction on x86-64).
    #[inline(always)]
    pub(crate) fn set_busy(&self, busy: SlotWord) {
        debug_assert!(busy.is(SlotState::Busy));
        self.0.store(busy.0, Relaxed);
        fence(Release);
    }

    /// Sets the state; what was done to the slot before is seen by whoever reads it with
    /// [`StateCell::load_acquire`].
    #[inline(always)]
    pub(crate) fn set(&self, state: SlotWord) {
        self.0.store(state.0, Release);
    }
}
