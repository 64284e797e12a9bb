// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calls of all threads, in the order of time.
//!
//! Each chunk is in order already; so only one call of each has to be in hand at a time, however
//! long the report is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use secmalloc_policy::trace_format::call::Call;
use secmalloc_policy::trace_format::note::Note;
use secmalloc_policy::trace_format::{Record, Records};

use crate::report::Report;

/// A call, and who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The thread.
    pub thread: u64,
    /// The call.
    pub call: Call,
}

struct Cursor<'a> {
    records: Records<'a>,
    thread: u64,
    next: Option<Made>,
}

impl Cursor<'_> {
    fn advance(&mut self) {
        self.next = None;
        for record in self.records.by_ref() {
            match record {
                Record::Call(call) => {
                    self.next = Some(Made {
                        thread: self.thread,
                        call,
                    });
                    return;
                }
                Record::Note(Note::Thread { thread, .. }) => self.thread = thread,
                Record::Note(_) => {}
            }
        }
    }
}

/// All calls, see [`in_order`].
pub struct Calls<'a> {
    cursors: Vec<Cursor<'a>>,
    /// The time of each cursor's next call, with its place.
    queue: BinaryHeap<Reverse<(u64, usize)>>,
}

/// All calls of a report, in the order of time.
#[must_use]
pub fn in_order<'a>(report: &Report<'a>) -> Calls<'a> {
    let mut calls = Calls {
        cursors: Vec::new(),
        queue: BinaryHeap::new(),
    };
    for chunk in &report.chunks.sound {
        let mut cursor = Cursor {
            records: Records::of(chunk.bytes, &report.shapes),
            thread: 0,
            next: None,
        };
        cursor.advance();
        calls.cursors.push(cursor);
        calls.queue_up(calls.cursors.len() - 1);
    }
    calls
}

impl Calls<'_> {
    fn queue_up(&mut self, place: usize) {
        if let Some(next) = self.cursors.get(place).and_then(|cursor| cursor.next) {
            self.queue.push(Reverse((next.call.time, place)));
        }
    }
}

impl Iterator for Calls<'_> {
    type Item = Made;

    fn next(&mut self) -> Option<Made> {
        let Reverse((_, place)) = self.queue.pop()?;
        let cursor = self.cursors.get_mut(place)?;
        let made = cursor.next;
        cursor.advance();
        self.queue_up(place);
        made
    }
}
