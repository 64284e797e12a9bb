// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking at the whole heap: `secmalloc_check`, and the last sweep at exit.
//!
//! What a free or a reuse would have found is found here for blocks that are never freed and
//! slots that are never reused. The order is that of risk: live blocks (overflows), then resting
//! slots (writes after free), then the never-used slots beside them (long overflows).
//!
//! Other threads may be at work. A slot is looked at only while its state says that its bytes are
//! at rest, and believed only if the state is the same afterwards and a second look agrees; what
//! is handed out or purged changes its state first, and purging needs the store's lock, which is
//! held here for one slab at a time.

use core::cell::Cell;

use secmalloc_policy::fault::{Fault, Operation};
use secmalloc_policy::size_class::{is_zero, COUNT};
use secmalloc_policy::slot_state::SlotState;

use crate::canary;
use crate::die;
use crate::explain;
use crate::large;
use crate::pool::{fixed, shared};
use crate::protections;
use crate::slab::{ClassMap, Life, Slot};
use crate::sys;
use crate::vault;
use crate::wipe;

/// What a sweep saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Live blocks whose surroundings were verified.
    pub live: u64,
    /// Resting slots that were verified.
    pub resting: u64,
    /// Never-used slots that were verified.
    pub never_used: u64,
    /// Faults found, and reported.
    pub faults: u64,
}

/// What a sweep may cost: CPU time, but some work in any case, so that what is found in a small heap does
/// not depend on how busy the machine is.
pub(crate) struct Budget {
    end: u64,
    /// Work still to be done without a look at the clock.
    assured: Cell<u64>,
}

impl Budget {
    pub(crate) fn of_us(us: u64, assured: u64) -> Budget {
        Budget {
            end: sys::thread_cpu_us().saturating_add(us),
            assured: Cell::new(assured),
        }
    }

    pub(crate) const fn unlimited() -> Budget {
        Budget {
            end: u64::MAX,
            assured: Cell::new(0),
        }
    }

    /// Whether a slab may be looked at.
    fn spend(&self, map: &ClassMap) -> bool {
        /// Bytes that take about as long to compare as a slot to visit.
        const BYTES: u64 = 256;
        /// Work between looks at the clock, which is a system call.
        const BETWEEN: u64 = 2048;
        if self.end == u64::MAX {
            return true;
        }
        if self.assured.get() == 0 {
            if sys::thread_cpu_us() >= self.end {
                return false;
            }
            self.assured.set(BETWEEN);
        }
        let work = u64::from(map.slots()) * (1 + map.slot_size() as u64 / BYTES);
        self.assured.set(self.assured.get().saturating_sub(work));
        true
    }
}

/// What one pass looks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Live,
    Resting,
    NeverUsed,
}

/// Verifies everything, within the budget. Faults are reported as policy says.
pub(crate) fn sweep(operation: Operation, budget: &Budget) -> Counts {
    let _window = vault::around();
    let mut counts = Counts::default();
    sweep_large(operation, &mut counts);
    for pass in [Pass::Live, Pass::Resting, Pass::NeverUsed] {
        let is_known = match pass {
            Pass::Live => protections::CANARY,
            Pass::Resting | Pass::NeverUsed => protections::VERIFY,
        };
        for class in (0..COUNT).filter(|&class| !is_zero(class) && is_known) {
            if !sweep_class(class, pass, operation, budget, &mut counts) {
                return counts;
            }
        }
    }
    counts
}

fn sweep_large(operation: Operation, counts: &mut Counts) {
    loop {
        let mut bad = None;
        let mut seen = 0;
        large::each(|descriptor| {
            seen += 1;
            bad = explain::large(descriptor).map(|fault| (fault, *descriptor));
            bad.is_none()
        });
        let Some((fault, descriptor)) = bad else {
            counts.live += seen;
            return;
        };
        counts.faults += 1;
        die::found(&fault, operation);
        // Survived: there is one fault fewer to find the next time round.
        large::condemn(&descriptor);
    }
}

/// One pass over one class; `false` when the budget is spent.
fn sweep_class(
    class: usize,
    pass: Pass,
    operation: Operation,
    budget: &Budget,
    counts: &mut Counts,
) -> bool {
    let store = &shared().stores[class];
    let map = &fixed().classes[class];
    for slab in 0..store.slabs() {
        if !budget.spend(map) {
            return false;
        }
        // Each fault is reported without the lock; then the slab is looked at again from there.
        let mut place = 0;
        while let Some((slot, fault)) = {
            let _held = store.lock.hold();
            (map.record(slab).life.get() == Life::Warm)
                .then(|| sweep_slab(class, map, slab, &mut place, pass, counts))
                .flatten()
        } {
            counts.faults += 1;
            die::found(&fault, operation);
            slot.set_aside();
        }
    }
    true
}

/// How often a slot has to look wrong, at rest each time: a `realloc` in place, back and forth, may well
/// leave the same state before and after one look, but not before and after so many.
const LOOKS: u32 = 32;

/// Looks at the slots of a slab from `place` on, until one is bad.
fn sweep_slab(
    class: usize,
    map: &ClassMap,
    slab: u32,
    place: &mut u32,
    pass: Pass,
    counts: &mut Counts,
) -> Option<(Slot, Fault)> {
    while *place < map.slots() {
        let slot = map.slot(class, map.index(slab, *place));
        *place += 1;
        let state = slot.state_acquire();
        let wanted = match state.state() {
            SlotState::LiveMalloc | SlotState::LiveNew | SlotState::LiveNewArray => Pass::Live,
            SlotState::Resting | SlotState::Purged => Pass::Resting,
            SlotState::NeverUsed => Pass::NeverUsed,
            _ => continue,
        };
        if wanted != pass {
            continue;
        }
        let (from, size) = match pass {
            Pass::Live | Pass::Resting => (slot.address, map.slot_size()),
            Pass::NeverUsed => match beside_used(map, &slot) {
                Some(part) => part,
                None => continue,
            },
        };
        // The store's lock is held.
        let before = slot.predecessor();
        // SAFETY: a warm slab is committed; nothing of this is believed if the state changes
        // meanwhile.
        let sound = || unsafe {
            match pass {
                Pass::Live => is_sealed(&slot, before.as_ref()),
                Pass::Resting | Pass::NeverUsed => wipe::is_zero_bytes(from, size),
            }
        };
        // Not sound, at rest, and again, after a pause in which another thread's change would end.
        let bad = (0..LOOKS).all(|look| {
            if look > 0 {
                sys::pause();
            }
            !sound() && slot.state_after_reads() == state
        });
        if !bad {
            match pass {
                Pass::Live => counts.live += 1,
                Pass::Resting => counts.resting += 1,
                Pass::NeverUsed => counts.never_used += 1,
            }
            continue;
        }
        // SAFETY: a warm slab is committed.
        let own = unsafe { slot.open() };
        let fault = match (pass, own, before) {
            (Pass::Live, Some(_), Some(previous)) => explain::neighbour(&slot, &previous),
            (Pass::Live, _, _) => explain::overflow(&slot),
            (Pass::Resting, _, _) => explain::written_after_free(&slot),
            (Pass::NeverUsed, _, _) => explain::dirt(&slot),
        };
        return Some((slot, fault));
    }
    None
}

/// Whether all is as it must be behind the block in a slot, and in the word `before` it.
///
/// # Safety
/// - The slot is committed.
unsafe fn is_sealed(slot: &Slot, before: Option<&Slot>) -> bool {
    let (keys, size) = (&fixed().keys, slot.size());
    // SAFETY: the caller's promise; what is before it is committed too.
    unsafe {
        slot.open().is_some()
            && before.is_none_or(|before| canary::plausible(keys, before.address, size))
    }
}

/// The part of a never-used slot that is worth a look, as address and size: what lies in one page
/// with a neighbour that was used. The memory is there already, and an overflow that goes on into
/// the next page has passed this one. `None` where no neighbour was used.
fn beside_used(map: &ClassMap, slot: &Slot) -> Option<(usize, usize)> {
    let used = |neighbour: Slot| neighbour.state().state() != SlotState::NeverUsed;
    let page = fixed().page;
    let (from, end) = (slot.address, slot.address + map.slot_size());
    if slot.previous().is_some_and(used) {
        return Some((from, end.min((from + 1).next_multiple_of(page)) - from));
    }
    let (_, place) = map.place(slot.index);
    let next_used = place + 1 < map.slots() && used(map.slot(slot.class, slot.index + 1));
    let from = from.max(end / page * page);
    (next_used && from < end).then_some((from, end - from))
}
