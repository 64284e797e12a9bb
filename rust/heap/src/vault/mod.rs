// SPDX-License-Identifier: MIT OR Apache-2.0
//! The vault: memory that holds secrets, and what is done so that they stay there.
//!
//! Its heap is the ordinary one's twin, in classes and regions of its own (`size_class`); globals and stacks
//! have mappings of theirs. All of it gets the same protections, in [`protect`].

mod end;
mod fork;
mod look;
mod protect;
mod status;

pub(crate) use end::end;
pub(crate) use fork::{after_fork_child, may_be_wiped};
pub(crate) use protect::protect_or_refuse;
pub use status::{sensitive_status, Holds, SensitiveStatus};

use crate::pool::fixed;
use crate::wipe;

/// To be called when secrets were copied.
pub(crate) fn forget_registers() {
    wipe::forget_registers(fixed().registers);
}
