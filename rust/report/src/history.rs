// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happened to blocks: the calls, played through.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use secmalloc_policy::trace_format::call::Shape;

use crate::calls::{self, Made};
use crate::report::{Fault, Report};

/// A block that is live.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// Bytes requested.
    pub size: u64,
    /// The call that made it.
    pub made: Made,
}

/// Sums over calls that have something in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Blocks made.
    pub blocks: u64,
    /// Bytes requested for them.
    pub bytes: u64,
    /// Blocks freed.
    pub freed: u64,
    /// Nanoseconds that the freed ones lived, together.
    pub lived: u64,
    /// Bytes that are live.
    pub live_bytes: u64,
    /// The most that ever were.
    pub peak: u64,
}

impl Sums {
    /// Blocks that are live.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.blocks - self.freed
    }

    fn made(&mut self, size: u64) {
        self.blocks += 1;
        self.bytes += size;
        self.live_bytes += size;
        self.peak = self.peak.max(self.live_bytes);
    }

    fn ended(&mut self, block: &Block, time: u64) {
        self.freed += 1;
        self.lived += time.saturating_sub(block.made.call.time);
        self.live_bytes -= block.size;
    }
}

/// What happened to one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A block was made there.
    Allocated(Made),
    /// It was freed, or tried to be.
    Freed(Made),
}

/// What the calls say together.
#[derive(Debug, Default)]
pub struct History {
    /// Calls by function.
    pub functions: BTreeMap<u8, u64>,
    /// Calls that failed.
    pub failed: u64,
    /// All calls.
    pub calls: u64,
    /// Sums over everything.
    pub all: Sums,
    /// Sums by the stack of the allocation; 0 where it is not known.
    pub sites: HashMap<u64, Sums>,
    /// Blocks that were never freed, by address.
    pub live: HashMap<u64, Block>,
    /// What happened to the blocks in which there were faults, by address.
    pub watched: HashMap<u64, Vec<Event>>,
    /// Frees of what was no block by then.
    pub unmatched: u64,
}

/// The bytes that a call asked for.
#[must_use]
pub fn requested(made: &Made) -> u64 {
    if made.call.shape.0 & Shape::COUNT == 0 {
        made.call.size
    } else {
        made.call.size.saturating_mul(made.call.count)
    }
}

impl History {
    /// Plays the calls of a report through.
    #[must_use]
    pub fn of(report: &Report<'_>) -> History {
        let mut history = History::default();
        let watched: HashSet<u64> = report.faults.iter().map(|fault| fault.address).collect();
        // A `realloc` ends one block early and makes the other late: the second half waits for its time.
        let mut waiting: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::new();
        let mut halves: HashMap<u64, Made> = HashMap::new();
        let mut number = 0;
        for made in calls::in_order(report) {
            let call = made.call;
            while let Some(&Reverse((time, half))) = waiting.peek() {
                if time > call.time {
                    break;
                }
                waiting.pop();
                if let Some(made) = halves.remove(&half) {
                    history.allocated(made, &watched);
                }
            }
            history.calls += 1;
            *history.functions.entry(call.function).or_default() += 1;
            if call.errno != 0 {
                history.failed += 1;
                continue;
            }
            let has = |part: u8| call.shape.0 & part != 0;
            // Asking for a size ends nothing.
            if has(Shape::POINTER) && !has(Shape::AMOUNT) && call.pointer != 0 {
                history.freed(made, &watched);
            }
            if has(Shape::BLOCK) && call.result != 0 {
                if has(Shape::TOOK) {
                    number += 1;
                    halves.insert(number, made);
                    waiting.push(Reverse((call.time + call.took, number)));
                } else {
                    history.allocated(made, &watched);
                }
            }
        }
        while let Some(Reverse((_, half))) = waiting.pop() {
            if let Some(made) = halves.remove(&half) {
                history.allocated(made, &watched);
            }
        }
        history
    }

    fn allocated(&mut self, made: Made, watched: &HashSet<u64>) {
        let address = made.call.result;
        let size = requested(&made);
        self.all.made(size);
        self.sites.entry(made.call.stack).or_default().made(size);
        self.live.insert(address, Block { size, made });
        if watched.contains(&address) {
            let events = self.watched.entry(address).or_default();
            events.push(Event::Allocated(made));
        }
    }

    fn freed(&mut self, made: Made, watched: &HashSet<u64>) {
        let address = made.call.pointer;
        if watched.contains(&address) {
            let events = self.watched.entry(address).or_default();
            events.push(Event::Freed(made));
        }
        let Some(block) = self.live.remove(&address) else {
            self.unmatched += 1;
            return;
        };
        self.all.ended(&block, made.call.time);
        if let Some(site) = self.sites.get_mut(&block.made.call.stack) {
            site.ended(&block, made.call.time);
        }
    }

    /// Who allocated the block of a fault, and who freed it before.
    #[must_use]
    pub fn before(&self, fault: &Fault) -> (Option<Made>, Option<Made>) {
        let Some(events) = self.watched.get(&fault.address) else {
            return (None, None);
        };
        // The call that found the fault may be a free of the same block, recorded as it began.
        let finder = fault.text.split(": ").nth(3).unwrap_or("");
        let is_free = finder.starts_with("free") || finder.starts_with("operator delete");
        let mut earlier: Vec<_> = events
            .iter()
            .filter(|event| match event {
                Event::Allocated(made) | Event::Freed(made) => made.call.time <= fault.time,
            })
            .collect();
        let last = earlier.last();
        if matches!(last, Some(Event::Freed(made)) if is_free && made.thread == fault.thread) {
            earlier.pop();
        }
        let place = earlier
            .iter()
            .rposition(|event| matches!(event, Event::Allocated(_)));
        let allocated = match place.and_then(|place| earlier.get(place)) {
            Some(Event::Allocated(made)) => Some(*made),
            _ => None,
        };
        let after = earlier.get(place.map_or(0, |place| place + 1)..);
        let freed = after.unwrap_or(&[]).iter().find_map(|event| match event {
            Event::Freed(made) => Some(*made),
            Event::Allocated(_) => None,
        });
        (allocated, freed)
    }
}
