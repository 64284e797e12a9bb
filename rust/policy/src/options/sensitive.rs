// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the options say of sensitive memory.

use super::table::row;
use super::Options;

/// What is wanted of sensitive memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // one for each option
pub struct Sensitive {
    /// Left out of core files.
    pub excluded: bool,
    /// Never in swap.
    pub locked: bool,
    /// Zero in forked children.
    pub wiped_on_fork: bool,
    /// Out of the kernel's own reach.
    pub secret: bool,
    /// Zero after normal exit.
    pub wiped_at_exit: bool,
    /// A request fails where one of these cannot be had.
    pub strict: bool,
    /// Out of reach but in windows.
    pub windows: bool,
    /// Bytes of a thread's sensitive stack.
    pub stack: usize,
}

impl Options {
    /// What is wanted of sensitive memory.
    #[must_use]
    pub fn sensitive(&self) -> Sensitive {
        let first = |at| self.value(at) == 0;
        Sensitive {
            excluded: first(row::SENSITIVE_DUMP),
            locked: self.switch(row::SENSITIVE_LOCK),
            wiped_on_fork: first(row::SENSITIVE_FORK),
            secret: self.switch(row::SENSITIVE_BACKING),
            wiped_at_exit: first(row::SENSITIVE_EXIT),
            strict: self.switch(row::SENSITIVE),
            windows: self.switch(row::SENSITIVE_ACCESS),
            stack: (self.value(row::SENSITIVE_STACK) as usize) << 10,
        }
    }
}
