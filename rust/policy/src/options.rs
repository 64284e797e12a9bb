// SPDX-License-Identifier: MIT OR Apache-2.0
//! Run-time options: one table, from which the parser, the accepted values in error messages and
//! the table in the README are all made.
//!
//! Options come from `SECMALLOC_OPTIONS`, as `name=value:name=value`. They are read once, before
//! the first allocation. A profile sets several options; it is applied first, wherever in the
//! string it stands, so that a single option can always be changed on top of it.

use core::fmt::{self, Write};

use crate::fault::{FAULTS, NAMES};

/// The environment variable.
pub const VARIABLE: &str = "SECMALLOC_OPTIONS";

/// The largest `window`.
pub const MAX_WINDOW: u32 = 64;

/// What to do when a fault is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Policy {
    /// Say it and stop the process.
    Abort = 0,
    /// Say it, take the block out of use, and go on.
    Report = 1,
    /// Go on without a word. Only for foreign pointers.
    Ignore = 2,
}

/// What an option accepts.
#[derive(Debug, Clone, Copy)]
pub enum Accepts {
    /// One of these words; the value is its place in the list.
    Words(&'static [&'static str]),
    /// A whole number in this range, with this unit.
    Number(u32, u32, &'static str),
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The name.
    pub name: &'static str,
    /// Its values.
    pub accepts: Accepts,
    /// What each profile sets it to: default, strict, diagnose.
    pub profiles: [u32; 3],
    /// What it does.
    pub help: &'static str,
}

const SWITCH: Accepts = Accepts::Words(&["no", "yes"]);
const FAULT_POLICY: Accepts = Accepts::Words(&["abort", "report"]);

/// Places in [`TABLE`]; the accessors of [`Options`] are the way to read them.
mod row {
    pub(super) const PROFILE: usize = 0;
    pub(super) const POLICY: usize = 1;
    pub(super) const FOREIGN: usize = 2;
    pub(super) const USABLE: usize = 3;
    pub(super) const SWEEP: usize = 4;
    pub(super) const SWEEP_SHARE: usize = 5;
    pub(super) const NEIGHBOURS: usize = 6;
    pub(super) const VERIFY_FRESH: usize = 7;
    pub(super) const WINDOW: usize = 8;
    pub(super) const GUARD_EVERY: usize = 9;
    pub(super) const GUARD_ALL: usize = 10;
    pub(super) const LARGE_KEPT: usize = 11;
    pub(super) const EXPLAIN_SEGV: usize = 12;
    pub(super) const FIRST_FAULT: usize = 13;
}

/// Number of options.
pub const COUNT: usize = row::FIRST_FAULT + FAULTS;

/// Every option, in the order in which they are shown.
pub static TABLE: [Row; COUNT] = [
    Row {
        name: "profile",
        accepts: Accepts::Words(&["default", "strict", "diagnose"]),
        profiles: [0, 1, 2],
        help: "a set of values for the other options: `strict` pays more for earlier detection, \
               `diagnose` puts every block against a guard page",
    },
    Row {
        name: "policy",
        accepts: FAULT_POLICY,
        profiles: [0, 0, 0],
        help: "what every fault does: stop the process, or say it, leak the block and go on",
    },
    Row {
        name: "foreign_pointer",
        accepts: Accepts::Words(&["abort", "report", "ignore"]),
        profiles: [0, 0, 0],
        help: "what `free` and `realloc` do with a pointer that this heap never handed out",
    },
    Row {
        name: "usable_size",
        accepts: Accepts::Words(&["requested", "slot"]),
        profiles: [0, 0, 0],
        help: "what `malloc_usable_size` answers: the requested size, or all that the slot holds \
               (the block then grows to it, for programs that use the slack)",
    },
    Row {
        name: "sweep_ms",
        accepts: Accepts::Number(0, 60_000, "ms"),
        profiles: [50, 10_000, 10_000],
        help: "CPU time that the last sweep at normal exit may take; 0 leaves it out",
    },
    Row {
        name: "sweep_share",
        accepts: Accepts::Number(0, 100, "%"),
        profiles: [2, 0, 0],
        help: "part of the CPU time that the process has used which the last sweep may take (1 ms \
               in any case, a quarter of that in a forked child); 0 for no such bound",
    },
    Row {
        name: "neighbours",
        accepts: SWITCH,
        profiles: [1, 1, 1],
        help: "whether a free also checks the word before the block (finds underflows)",
    },
    Row {
        name: "verify_fresh",
        accepts: SWITCH,
        profiles: [0, 1, 1],
        help: "whether a slot that was never used is checked for dirt before it is handed out",
    },
    Row {
        name: "window",
        accepts: Accepts::Number(1, MAX_WINDOW, "slots"),
        profiles: [16, MAX_WINDOW, MAX_WINDOW],
        help: "a new block takes a random one of so many free slots that lie close together: more \
               are harder to foretell, fewer are faster, for what is allocated together then lies \
               together",
    },
    Row {
        name: "guard_every",
        accepts: Accepts::Number(0, 4096, "slabs"),
        profiles: [16, 4, 4],
        help: "one slab in so many is a guard, at a random place; 0 for none",
    },
    Row {
        name: "guard_all",
        accepts: SWITCH,
        profiles: [0, 0, 1],
        help: "whether every block gets a mapping of its own, right-aligned against a guard page",
    },
    Row {
        name: "large_kept",
        accepts: Accepts::Number(0, 65_536, "MiB"),
        profiles: [256, 256, 256],
        help: "memory of freed large blocks that is kept, out of reach, to be used again: at most \
               this, and half of what is in use or a few times the last one",
    },
    Row {
        name: "explain_segv",
        accepts: SWITCH,
        profiles: [1, 1, 1],
        help: "whether a SIGSEGV on a guard is explained before it takes its course (a handler is \
               installed only where the program has none)",
    },
    fault(0),
    fault(1),
    fault(2),
    fault(3),
    fault(4),
    fault(5),
    fault(6),
    fault(7),
    fault(8),
    fault(9),
];

/// The row of one fault's own policy: its name is the fault's.
#[allow(clippy::indexing_slicing)] // evaluated at compile time
const fn fault(index: usize) -> Row {
    Row {
        name: NAMES[index],
        accepts: Accepts::Words(&["policy", "abort", "report"]),
        profiles: [0, 0, 0],
        help: "what this fault does; `policy` is whatever the option `policy` says",
    }
}

/// The values of all options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    values: [u32; COUNT],
}

impl Default for Options {
    fn default() -> Self {
        Options::of_profile(0)
    }
}

/// Why a piece of the option string was not taken.
#[derive(Debug, Clone, Copy)]
pub enum Complaint<'a> {
    /// There is no option of this name.
    UnknownName(&'a [u8]),
    /// The option does not accept this.
    BadValue(&'static Row, &'a [u8]),
    /// No `=`.
    NoValue(&'a [u8]),
}

impl Options {
    /// The values of a profile, by its place in the table.
    #[must_use]
    pub const fn of_profile(profile: usize) -> Options {
        let mut values = [0; COUNT];
        let mut at = 0;
        #[allow(clippy::indexing_slicing)] // `at` counts to the length of both
        while at < COUNT {
            values[at] = TABLE[at].profiles[if profile < 3 { profile } else { 0 }];
            at = at.saturating_add(1);
        }
        Options { values }
    }

    /// Reads an option string; calls `complain` for each piece that is not taken, whose option
    /// then keeps its default.
    pub fn parse<'a>(text: &'a [u8], mut complain: impl FnMut(Complaint<'a>)) -> Options {
        let mut options = Options::default();
        for piece in pieces(text) {
            if let Ok((row::PROFILE, profile)) = parse_piece(piece) {
                options = Options::of_profile(profile as usize);
            }
        }
        for piece in pieces(text) {
            match parse_piece(piece) {
                Ok((at, value)) => {
                    if let Some(place) = options.values.get_mut(at) {
                        *place = value;
                    }
                }
                Err(complaint) => complain(complaint),
            }
        }
        options
    }

    #[inline]
    fn value(&self, at: usize) -> u32 {
        self.values.get(at).copied().unwrap_or(0)
    }

    fn switch(&self, at: usize) -> bool {
        self.value(at) == 1
    }

    /// What to do about the fault with this index; `foreign` for a pointer that is not ours.
    #[must_use]
    pub fn policy(&self, fault: usize, foreign: bool) -> Policy {
        let own = self.value(row::FIRST_FAULT.saturating_add(fault));
        let chosen = match (own, foreign, self.value(row::FOREIGN)) {
            (0, true, 2) => return Policy::Ignore,
            (0, true, 1) | (2, _, _) => 1,
            (1, _, _) => 0,
            _ => self.value(row::POLICY),
        };
        if chosen == 1 {
            Policy::Report
        } else {
            Policy::Abort
        }
    }

    /// Whether `malloc_usable_size` answers the slot's capacity.
    #[must_use]
    pub fn usable_size_is_slot(&self) -> bool {
        self.switch(row::USABLE)
    }

    /// CPU time of the last sweep, in milliseconds.
    #[must_use]
    pub fn sweep_ms(&self) -> u32 {
        self.value(row::SWEEP)
    }

    /// CPU time of the last sweep, in microseconds, in a process that has used so much.
    #[must_use]
    pub fn sweep_us(&self, used_us: u64, forked: bool) -> u64 {
        const LEAST_US: u64 = 1000;
        const LEAST_FORKED_US: u64 = 250;
        let most = u64::from(self.sweep_ms()).saturating_mul(1000);
        let least = if forked { LEAST_FORKED_US } else { LEAST_US };
        match u64::from(self.value(row::SWEEP_SHARE)) {
            0 => most,
            share => most.min((used_us / 100).saturating_mul(share).max(least)),
        }
    }

    /// Whether a free checks the word before the block.
    #[must_use]
    pub fn neighbours(&self) -> bool {
        self.switch(row::NEIGHBOURS)
    }

    /// Whether never-used slots are checked before use.
    #[must_use]
    pub fn verify_fresh(&self) -> bool {
        self.switch(row::VERIFY_FRESH)
    }

    /// How many free slots a new one is drawn from.
    #[must_use]
    pub fn window(&self) -> usize {
        self.value(row::WINDOW) as usize
    }

    /// One slab in so many is a guard.
    #[must_use]
    pub fn guard_every(&self) -> u32 {
        self.value(row::GUARD_EVERY)
    }

    /// Whether every block has a guard of its own.
    #[must_use]
    pub fn guard_all(&self) -> bool {
        self.switch(row::GUARD_ALL)
    }

    /// Bytes of freed large blocks to keep.
    #[must_use]
    pub fn large_kept(&self) -> usize {
        (self.value(row::LARGE_KEPT) as usize) << 20
    }

    /// Whether to explain a SIGSEGV.
    #[must_use]
    pub fn explain_segv(&self) -> bool {
        self.switch(row::EXPLAIN_SEGV)
    }

    /// Writes the value of the option called `name` as `SECMALLOC_OPTIONS` would have it; `None`
    /// where there is no such option.
    pub fn write_value(&self, name: &[u8], to: &mut dyn Write) -> Option<fmt::Result> {
        let at = TABLE.iter().position(|row| row.name.as_bytes() == name)?;
        let value = self.value(at);
        Some(match TABLE.get(at)?.accepts {
            Accepts::Words(words) => to.write_str(words.get(value as usize).copied().unwrap_or("")),
            Accepts::Number(..) => write!(to, "{value}"),
        })
    }
}

fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b':')
        .filter(|piece| !piece.is_empty())
}

fn parse_piece(piece: &[u8]) -> Result<(usize, u32), Complaint<'_>> {
    let Some(equals) = piece.iter().position(|&byte| byte == b'=') else {
        return Err(Complaint::NoValue(piece));
    };
    let (name, rest) = piece.split_at(equals);
    let value = rest.get(1..).unwrap_or(&[]);
    for (at, row) in TABLE.iter().enumerate() {
        if row.name.as_bytes() == name {
            return match row.accepts.parse(value) {
                Some(number) => Ok((at, number)),
                None => Err(Complaint::BadValue(row, value)),
            };
        }
    }
    Err(Complaint::UnknownName(name))
}

impl Accepts {
    fn parse(&self, value: &[u8]) -> Option<u32> {
        match *self {
            Accepts::Words(words) => words
                .iter()
                .position(|word| word.as_bytes() == value)
                .map(|place| place as u32),
            Accepts::Number(least, most, _) => {
                let number: u32 = core::str::from_utf8(value).ok()?.parse().ok()?;
                (least..=most).contains(&number).then_some(number)
            }
        }
    }
}

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Accepts::Words(words) => {
                for (place, word) in words.iter().enumerate() {
                    if place > 0 {
                        f.write_char('|')?;
                    }
                    f.write_str(word)?;
                }
                Ok(())
            }
            Accepts::Number(least, most, unit) => write!(f, "{least}..{most} {unit}"),
        }
    }
}

/// Bytes from the environment, shown without trusting them: no control characters reach a
/// terminal.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in self.0.iter().take(40) {
            f.write_char(if byte.is_ascii_graphic() {
                char::from(byte)
            } else {
                '?'
            })?;
        }
        if self.0.len() > 40 {
            f.write_str("...")?;
        }
        Ok(())
    }
}

impl fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Complaint::BadValue(row, value) => write!(
                f,
                "option: `{}` is not a value of {}: it accepts {}; the default stays",
                Shown(value),
                row.name,
                row.accepts
            ),
            Complaint::UnknownName(name) | Complaint::NoValue(name) => {
                match self {
                    Complaint::NoValue(_) => {
                        write!(f, "option: `{}` has no value (name=value)", Shown(name))?;
                    }
                    _ => write!(f, "option: there is no `{}`", Shown(name))?,
                }
                f.write_str("; there are")?;
                for row in &TABLE {
                    write!(f, " {}", row.name)?;
                }
                Ok(())
            }
        }
    }
}

/// Writes the table as Markdown, for the README.
pub fn write_table(to: &mut dyn Write) -> fmt::Result {
    to.write_str("| option | accepts | default | strict | diagnose | what it does |\n")?;
    to.write_str("|---|---|---|---|---|---|\n")?;
    for (at, row) in TABLE.iter().enumerate() {
        write!(to, "| `{}` | ", row.name)?;
        match row.accepts {
            Accepts::Words(words) => {
                for (place, word) in words.iter().enumerate() {
                    write!(to, "{}`{word}`", if place > 0 { ", " } else { "" })?;
                }
            }
            Accepts::Number(least, most, unit) => write!(to, "{least} to {most} {unit}")?,
        }
        for profile in 0..3 {
            to.write_str(" | ")?;
            let value = Options::of_profile(profile).value(at);
            match row.accepts {
                Accepts::Words(words) => {
                    to.write_str(words.get(value as usize).copied().unwrap_or(""))?;
                }
                Accepts::Number(..) => write!(to, "{value}")?,
            }
        }
        writeln!(to, " | {} |", row.help)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Options, Vec<String>) {
        let mut complaints = Vec::new();
        let options = Options::parse(text.as_bytes(), |c| complaints.push(c.to_string()));
        (options, complaints)
    }

    #[test]
    fn names_and_places_agree() {
        let named = [
            (row::PROFILE, "profile"),
            (row::POLICY, "policy"),
            (row::FOREIGN, "foreign_pointer"),
            (row::USABLE, "usable_size"),
            (row::SWEEP, "sweep_ms"),
            (row::SWEEP_SHARE, "sweep_share"),
            (row::NEIGHBOURS, "neighbours"),
            (row::VERIFY_FRESH, "verify_fresh"),
            (row::WINDOW, "window"),
            (row::GUARD_EVERY, "guard_every"),
            (row::GUARD_ALL, "guard_all"),
            (row::LARGE_KEPT, "large_kept"),
            (row::EXPLAIN_SEGV, "explain_segv"),
        ];
        assert_eq!(named.len(), row::FIRST_FAULT);
        for (place, name) in named {
            assert_eq!(TABLE[place].name, name);
        }
    }

    #[test]
    fn a_profile_comes_first_wherever_it_stands() {
        let (options, complaints) = parse("sweep_ms=7:profile=strict");
        assert!(complaints.is_empty());
        assert_eq!(options.sweep_ms(), 7);
        assert!(options.verify_fresh());
    }

    #[test]
    fn bad_pieces_are_named_and_leave_the_default() {
        let (options, complaints) = parse("sweep_ms=never:colour=red:policy::neighbours=no");
        assert_eq!(options.sweep_ms(), 50);
        assert!(!options.neighbours());
        assert_eq!(complaints.len(), 3);
        assert!(complaints[0].contains("`never`") && complaints[0].contains("0..60000 ms"));
        assert!(complaints[1].contains("`colour`") && complaints[1].contains("guard_every"));
        assert!(complaints[2].contains("`policy` has no value"));
        let (_, complaints) = parse("policy=\x1b[31m");
        assert!(complaints[0].contains("`?[31m`"));
    }

    #[test]
    fn sweeps_are_bounded_by_what_the_process_has_used() {
        let options = Options::default();
        assert_eq!(options.sweep_us(0, false), 1000);
        assert_eq!(options.sweep_us(0, true), 250);
        assert_eq!(options.sweep_us(1_000_000, true), 20_000);
        assert_eq!(options.sweep_us(u64::MAX, false), 50_000);
        assert_eq!(parse("sweep_share=0").0.sweep_us(0, true), 50_000);
        assert_eq!(parse("sweep_ms=0").0.sweep_us(1 << 40, false), 0);
        assert_eq!(parse("profile=strict").0.sweep_us(0, true), 10_000_000);
    }

    #[test]
    fn policies_by_fault() {
        let (options, _) = parse("policy=report:double-free=abort:foreign_pointer=ignore");
        assert_eq!(options.policy(0, false), Policy::Report);
        assert_eq!(options.policy(2, false), Policy::Abort);
        assert_eq!(options.policy(3, true), Policy::Ignore);
        assert_eq!(options.policy(3, false), Policy::Report);
        assert_eq!(Options::default().policy(3, true), Policy::Abort);
    }

    #[test]
    fn values_read_back() {
        let (options, _) = parse("large_kept=5:usable_size=slot");
        let mut text = String::new();
        assert!(options
            .write_value(b"large_kept", &mut text)
            .unwrap()
            .is_ok());
        assert!(options
            .write_value(b"usable_size", &mut text)
            .unwrap()
            .is_ok());
        assert_eq!(text, "5slot");
        assert!(options.write_value(b"nothing", &mut text).is_none());
        assert_eq!(options.large_kept(), 5 << 20);
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses(text in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let mut length = 0;
            let _ = Options::parse(&text, |c| length += c.to_string().len());
        }
    }
}
