// SPDX-License-Identifier: MIT OR Apache-2.0
//! Run-time options: one table, from which the parser, the accepted values in error messages and
//! the table in the README are all made.
//!
//! Options come from `SECMALLOC_OPTIONS`, as `name=value:name=value`. They are read once, before
//! the first allocation. A profile sets several options; it is applied first, wherever in the
//! string it stands, so that a single option can always be changed on top of it.

mod read;
mod sensitive;
mod show;
mod table;
#[cfg(test)]
mod tests;

pub use read::Complaint;
pub use sensitive::Sensitive;
pub use show::write_table;
use table::row;
pub use table::{Accepts, Row, COUNT, MAX_WINDOW, TABLE};

/// The environment variable.
pub const VARIABLE: &str = "SECMALLOC_OPTIONS";

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

/// How much an execution report holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Faults, and sums at the end.
    Summary,
    /// Every call.
    Calls,
    /// Every call, and where it came from.
    Stacks,
}

/// Where the value of an option stands in the option string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: usize,
    length: usize,
}

impl Span {
    const LENGTH: u32 = 12;

    /// As a value; `None` for one that is empty, too long, or too far.
    fn pack(from: usize, length: usize) -> Option<u32> {
        let fits = length > 0 && length < 1 << Span::LENGTH && from < 1 << (32 - Span::LENGTH);
        fits.then_some((from as u32) << Span::LENGTH | length as u32)
    }

    /// The piece of the string that the options were read from.
    #[must_use]
    pub fn of(self, text: &[u8]) -> &[u8] {
        let end = self.from.saturating_add(self.length);
        text.get(self.from..end).unwrap_or(&[])
    }
}

/// Of which blocks stacks are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stacks {
    /// Of none.
    None,
    /// Of large ones, and a sample of the others.
    Sampled,
    /// Of all.
    All,
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

    /// How much an execution report holds.
    #[must_use]
    pub fn trace(&self) -> Level {
        match self.value(row::TRACE) {
            0 => Level::Summary,
            1 => Level::Calls,
            _ => Level::Stacks,
        }
    }

    /// Of which blocks the stacks of allocation and free are kept.
    #[must_use]
    pub fn stacks(&self) -> Stacks {
        match self.value(row::STACKS) {
            0 => Stacks::None,
            1 => Stacks::Sampled,
            _ => Stacks::All,
        }
    }

    /// Where faults that stop the process leave reports.
    #[must_use]
    pub fn report_dir(&self) -> Option<Span> {
        let value = self.value(row::REPORT_DIR);
        (value != 0).then_some(Span {
            from: (value >> Span::LENGTH) as usize,
            length: (value & ((1 << Span::LENGTH) - 1)) as usize,
        })
    }

    /// Whether to look for leaks at exit, in a process of which a report is written or not.
    #[must_use]
    pub fn leaks(&self, recorded: bool) -> bool {
        match self.value(row::LEAKS) {
            0 => recorded || self.leak_exit_status() != 0,
            1 => false,
            _ => true,
        }
    }

    /// The status of a process that has lost blocks; 0 for its own.
    #[must_use]
    pub fn leak_exit_status(&self) -> i32 {
        self.value(row::LEAK_STATUS) as i32
    }

    /// Whether to explain a SIGSEGV.
    #[must_use]
    pub fn explain_segv(&self) -> bool {
        self.switch(row::EXPLAIN_SEGV)
    }
}
