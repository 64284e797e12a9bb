// SPDX-License-Identifier: MIT OR Apache-2.0
//! The end of a report: what was made, what is left, and how long it took.

use core::fmt::Write;

use secmalloc_policy::message::Text;
use secmalloc_policy::size_class::{ordinary, CANARY_SIZE, COUNT, ZERO};
use secmalloc_policy::trace_format::note::Note;

use super::recorder::Sums;
use super::text::{self, Seconds};
use super::{note, now};
use crate::inspect;
use crate::pool::{self, fixed, shared};
use crate::sys;
use crate::thread;

/// What the look for leaks found: what it came to, and the lost blocks.
pub(crate) fn leaks<'a>(sums: &Note<'a>, words: &str, each: impl Iterator<Item = Note<'a>>) {
    let trace = &fixed().trace;
    if !trace.template().is_text() {
        each.for_each(|leak| note(&leak));
        note(sums);
        return;
    }
    let write = |what: &dyn core::fmt::Display| {
        let mut line = Text::default();
        let _ = writeln!(line, "# {what}");
        text::lines(trace, line.as_bytes());
    };
    write(&words);
    for leak in each {
        if let Note::Leak {
            address,
            size,
            reach,
            ..
        } = leak
        {
            write(&format_args!(
                "{}: {address:#x}, {size} bytes",
                reach.name()
            ));
        }
    }
}

/// To be called at normal exit.
pub(crate) fn finish() {
    if !pool::started() || !fixed().trace.is_on() {
        return;
    }
    let trace = &fixed().trace;
    let mut made: Sums = [(0, 0); COUNT + 1];
    for number in 0..shared().threads.used() {
        trace.recorder(number).add_made(&mut made);
    }
    let mut live: Sums = [(0, 0); COUNT + 1];
    inspect::each_live(|class, size| {
        // Sensitive blocks count with the ordinary ones of their size, as when they were made.
        let class = if class == COUNT {
            COUNT
        } else {
            ordinary(class)
        };
        if let Some((blocks, bytes)) = live.get_mut(class) {
            *blocks += 1;
            *bytes += size as u64;
        }
    });
    let is_text = trace.template().is_text();
    for (class, ((made, bytes), (live, live_bytes))) in made.into_iter().zip(live).enumerate() {
        if made == 0 && live == 0 {
            continue;
        }
        let slot = match class {
            COUNT => 0,
            ZERO => 0,
            class => fixed().classes[class].slot_size() as u64,
        };
        if is_text {
            let mut line = Text::default();
            let _ = match class {
                COUNT => write!(line, "# blocks with a mapping of their own: "),
                ZERO => write!(line, "# blocks of size 0: "),
                _ => write!(line, "# blocks up to {} bytes: ", slot - CANARY_SIZE as u64),
            };
            let _ = writeln!(
                line,
                "{made} made, {bytes} bytes; {live} live, {live_bytes} bytes"
            );
            text::lines(trace, line.as_bytes());
        } else {
            note(&Note::Class {
                slot: if class == ZERO { 8 } else { slot },
                made,
                bytes,
                live,
                live_bytes,
            });
        }
    }
    let (time, cpu) = (now(), sys::process_cpu_us());
    if is_text {
        let mut line = Text::default();
        let _ = writeln!(line, "# exit at {}, CPU time {cpu} us", Seconds(time));
        text::lines(trace, line.as_bytes());
        return;
    }
    note(&Note::End { time, cpu });
    // Of the other threads, those that still run write on; those that ended left chunks that can be read as
    // they are.
    thread::with_heap(|heap| trace.recorder(heap.number()).seal());
}
