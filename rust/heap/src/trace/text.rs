// SPDX-License-Identifier: MIT OR Apache-2.0
//! A report as text: a line for each call, written as it is made. Slow, and nothing else is needed to
//! read it.
//!
//! ```text
//! # secmalloc 0.1.0: process 4242, begun at 71.204311876, /usr/bin/program
//! 71.204415120 4242 malloc(24) = 0x7dedf2665ea0
//! 71.204417006 4242 realloc(0x7dedf2665ea0, 48) = 0x7dedf26a1240
//! 71.204418344 4242 calloc(1000000, 1000000000000) = NULL, errno 12
//! ```
//!
//! Times are seconds since the machine's start.

use core::fmt::{self, Write};

use secmalloc_policy::message::Text;
use secmalloc_policy::trace_format::call::{Call, Shape, FUNCTIONS};

use super::file::Live;
use super::{name, now, Trace};
use crate::sys;
use crate::sys::files::{File, Purpose};

/// Nanoseconds, as seconds.
pub(super) struct Seconds(pub(super) u64);

const NS: u64 = 1_000_000_000;

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / NS, self.0 % NS)
    }
}

const BEGINNING: &str = concat!("# secmalloc ", env!("CARGO_PKG_VERSION"), ": process ");
const TIME: &str = ", begun at ";

/// The first line.
pub(super) fn begin(file: &File, process: u32) {
    let mut line = Text::default();
    let mut room = [0; 512];
    let program = name::program(&mut room);
    let program = core::str::from_utf8(program).unwrap_or("?");
    let _ = writeln!(
        line,
        "{BEGINNING}{process}{TIME}{}, {program}",
        Seconds(now())
    );
    file.write(line.as_bytes());
}

/// Which process wrote the file that starts like this, and when it began; `None` if it is not ours.
pub(super) fn writer(start: &[u8]) -> Option<(u32, u64)> {
    let line = start.split(|&byte| byte == b'\n').next()?;
    // Of another version, too.
    let (_, rest) = core::str::from_utf8(line)
        .ok()?
        .strip_prefix("# secmalloc ")?
        .split_once(": process ")?;
    let (process, rest) = rest.split_once(TIME)?;
    let (seconds, rest) = rest.split_once('.')?;
    let (fraction, _) = rest.split_once(',')?;
    let seconds: u64 = seconds.parse().ok()?;
    let time = seconds
        .checked_mul(NS)?
        .checked_add(fraction.parse().ok()?)?;
    Some((process.parse().ok()?, time))
}

/// Writes lines as they are.
pub(super) fn lines(trace: &Trace, lines: &[u8]) {
    let live: &Live = trace.live();
    live.with_file(trace, |path, _| {
        let path = path.as_c_str().ok_or(libc::ENAMETOOLONG)?;
        File::open(path, Purpose::Append)?.write(lines);
        Ok(())
    });
}

/// Writes the line of a call.
pub(super) fn call(trace: &Trace, call: &Call) {
    let mut line = Text::default();
    // It never fails: it cuts.
    let _ = write_call(&mut line, call);
    lines(trace, line.as_bytes());
}

fn write_call(line: &mut Text, call: &Call) -> fmt::Result {
    let name = FUNCTIONS
        .iter()
        .find(|(number, ..)| *number == call.function)
        .map_or("?", |(_, operation, _)| operation.name());
    let has = |part: u8| call.shape.0 & part != 0;
    write!(line, "{} {} {name}(", Seconds(call.time), sys::thread_id())?;
    let mut between = "";
    if has(Shape::POINTER) {
        write!(line, "{:#x}", call.pointer)?;
        between = ", ";
    }
    for (part, value) in [
        (Shape::ALIGNMENT, call.alignment),
        (Shape::COUNT, call.count),
        (Shape::SIZE, call.size),
    ] {
        // A plain `delete` is not told a size, nor is a plain `new` an alignment.
        let told = part == Shape::COUNT || value != 0 || !has(Shape::ALIGNMENT);
        if has(part) && told {
            write!(line, "{between}{value}")?;
            between = ", ";
        }
    }
    line.write_char(')')?;
    if call.errno != 0 {
        write!(line, " = NULL, errno {}", call.errno)?;
    } else if has(Shape::BLOCK) {
        write!(line, " = {:#x}", call.result)?;
    } else if has(Shape::AMOUNT) {
        write!(line, " = {}", call.result)?;
    }
    line.write_char('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_who_writes() {
        assert_eq!(
            writer(b"# secmalloc 9.8.7: process 42, begun at 12.000000345, /bin/x\n71.2 "),
            Some((42, 12_000_000_345))
        );
        for other in [
            &b""[..],
            b"# secmalloc",
            b"# secmalloc 1: process x, begun at 1.2, y",
            b"MSMR",
        ] {
            assert_eq!(writer(other), None);
        }
    }
}
