// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is said of leaks: in the report, or on standard error where there is none.

use core::fmt::{self, Display, Write};

use secmalloc_policy::message::Text;
use secmalloc_policy::trace_format::note::{Note, Reach};

use super::area::Area;
use super::{Found, Leaks, Sum};
use crate::die;
use crate::pool::fixed;
use crate::trace;

impl Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = if self.blocks == 1 { "" } else { "s" };
        write!(f, "{} bytes in {} block{several}", self.bytes, self.blocks)
    }
}

/// The sums, as one line.
struct Sums<'a>(&'a Leaks);

impl Display for Sums<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leaks = self.0;
        write!(
            f,
            "leak: exit: {} lost, {} indirectly lost",
            leaks.lost, leaks.indirectly
        )
    }
}

/// The message on standard error: the line for machines first.
struct Message<'a> {
    leaks: &'a Leaks,
    list: &'a [Found],
}

impl Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Blocks that are named.
        const SHOWN: usize = 8;
        let leaks = self.leaks;
        write!(f, "{}", Sums(leaks))?;
        for found in self.list.iter().take(SHOWN) {
            let reach = reach(found).name();
            write!(
                f,
                "\n  {reach:<16} {:#x}, {} bytes",
                found.address, found.size
            )?;
        }
        let all = leaks.lost.blocks + leaks.indirectly.blocks;
        if all > SHOWN as u64 {
            write!(f, "\n  and {} more", all - SHOWN as u64)?;
        }
        write!(f, "\n  reachable        {}", leaks.reachable)?;
        if leaks.running > 0 {
            write!(f, "\n  {}", Running(leaks.running))?;
        }
        f.write_str("\n  MSM_OUTPUT=FILE with trace=stacks keeps where they were allocated")
    }
}

/// Threads that could not be stopped.
struct Running(u64);

impl Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} threads could not be stopped: their stacks were looked into as a whole, not their registers",
            self.0
        )
    }
}

fn reach(found: &Found) -> Reach {
    if found.indirectly {
        Reach::Indirectly
    } else {
        Reach::Lost
    }
}

/// Says what was found. Silent where nothing is lost, but for the report.
pub(super) fn tell(leaks: &Leaks, list: Option<&Area<Found>>) {
    let list = list.map_or(&[][..], |list| list.items());
    if fixed().trace.is_on() {
        let sums = |sum: Sum| (sum.blocks, sum.bytes);
        let note = Note::Leaks {
            lost: sums(leaks.lost),
            indirectly: sums(leaks.indirectly),
            reachable: sums(leaks.reachable),
            stopped: leaks.stopped,
            running: leaks.running,
            listed: list.len() as u64,
        };
        let mut words = Text::default();
        let _ = write!(words, "{}, {} reachable", Sums(leaks), leaks.reachable);
        if leaks.running > 0 {
            let _ = write!(words, "; {}", Running(leaks.running));
        }
        let words = core::str::from_utf8(words.as_bytes()).unwrap_or("");
        let each = list.iter().map(|found| Note::Leak {
            address: found.address as u64,
            size: found.size as u64,
            reach: reach(found),
            // The record of the call that made the block has it.
            stack: 0,
        });
        trace::leaks(&note, words, each);
    } else if leaks.any() {
        die::say(&Message { leaks, list });
    }
}

/// Nothing could be looked at.
pub(super) fn nothing() {
    die::say(
        &"leak: exit: not looked for: no memory for the books, or exit was called inside the heap",
    );
}
