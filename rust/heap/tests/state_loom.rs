// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of a slot under loom: a sweep must never believe bytes that are half changed.
//!
//! One change at a time. A slot that goes round to the very same state between two looks is what a
//! sweep's other looks are for (`sweep::LOOKS`); no order of loads and stores could tell.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

#[path = "../src/state.rs"]
mod state;

mod sys {
    pub(crate) use loom::sync::atomic::{fence, AtomicU16};
}

use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::sync::Arc;
use secmalloc_policy::slot_state::{Kind, SlotState, SlotWord, Tag};
use state::StateCell;

const SEALED: usize = 0x5ea1;
const WIPED: usize = 0;

struct Slot {
    state: StateCell,
    /// The slot's bytes, first and last: plain memory to the heap.
    bytes: [AtomicUsize; 2],
}

fn live() -> SlotWord {
    SlotWord::live(Kind::Malloc, Tag::of(1)).with_slack(8)
}

fn resting() -> SlotWord {
    live().then(SlotState::Resting, Tag::of(2))
}

impl Slot {
    fn new(state: SlotWord, bytes: usize) -> Arc<Slot> {
        Arc::new(Slot {
            state: StateCell(sys::AtomicU16::new(state.0)),
            bytes: [AtomicUsize::new(bytes), AtomicUsize::new(bytes)],
        })
    }

    /// As a free or an allocation does it.
    fn change(&self, to: SlotWord, bytes: usize) {
        self.state
            .set_busy(self.state.load().then(SlotState::Busy, to.tag()));
        self.bytes
            .iter()
            .for_each(|part| part.store(bytes, Relaxed));
        self.state.set(to);
    }

    /// As a sweep does it.
    fn look(&self) {
        let before = self.state.load_acquire();
        let bytes = self.bytes.each_ref().map(|part| part.load(Relaxed));
        if self.state.load_after_reads() != before {
            return;
        }
        match before.state() {
            SlotState::LiveMalloc => assert_eq!(bytes, [SEALED; 2]),
            SlotState::Resting => assert_eq!(bytes, [WIPED; 2]),
            _ => assert_eq!(before.state(), SlotState::Busy),
        }
    }
}

fn sweep_beside(slot: fn() -> Arc<Slot>, to: fn() -> SlotWord, bytes: usize) {
    loom::model(move || {
        let slot = slot();
        let other = Arc::clone(&slot);
        let thread = loom::thread::spawn(move || other.look());
        slot.change(to(), bytes);
        thread.join().unwrap();
        slot.look();
    });
}

#[test]
fn a_sweep_beside_a_free_sees_a_block_or_wiped_bytes() {
    sweep_beside(|| Slot::new(live(), SEALED), resting, WIPED);
}

#[test]
fn a_sweep_beside_an_allocation_sees_wiped_bytes_or_a_block() {
    sweep_beside(|| Slot::new(resting(), WIPED), live, SEALED);
}
