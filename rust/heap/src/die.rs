// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one place that turns a fault into bytes, and ends the process.

use core::fmt::{Display, Write};
use core::mem::size_of;

use secmalloc_policy::fault::{Fault, Operation, Stray};
use secmalloc_policy::message::{render, Context, Text};
use secmalloc_policy::options::Policy;

use crate::pool::{self, fixed};
use crate::sys;
use crate::whereabouts;

pub(crate) const STDERR: i32 = 2;

/// Says what was found and stops, or returns where the policy is to go on. No lock may be held:
/// the program's own SIGABRT handler may run, and allocate.
#[cold]
#[inline(never)]
pub(crate) fn found(fault: &Fault, operation: Operation) {
    let policy = fixed().options.policy(fault.index(), fault.is_foreign());
    if policy == Policy::Ignore {
        return;
    }
    tell(fault, operation, policy == Policy::Abort);
    if policy == Policy::Abort {
        sys::abort();
    }
}

/// Writes the message, with one `write`.
pub(crate) fn tell(fault: &Fault, operation: Operation, stops: bool) {
    let mut room: whereabouts::Line = [0; size_of::<whereabouts::Line>()];
    let memory = match fault {
        Fault::InvalidFree {
            pointer,
            stray: Stray::Foreign,
        }
        | Fault::AllocDeallocMismatch {
            caller: pointer, ..
        } if *pointer != 0 => whereabouts::mapping_at(*pointer, &mut room),
        _ => None,
    };
    let context = Context {
        process: sys::process_id(),
        thread: sys::thread_id(),
        operation,
        stops,
        memory: memory.and_then(|line| core::str::from_utf8(line).ok()),
    };
    write(render(fault, &context).as_bytes());
}

/// Writes to standard error. A process that was started without one may have opened a file of its own
/// since, as the descriptor that it got for it: that is not to be written to.
fn write(text: &[u8]) {
    if !pool::started() || fixed().has_stderr {
        sys::write_all(STDERR, text);
    }
}

/// Says something that is no fault of the heap's user: a line of its own.
pub(crate) fn say(what: &dyn Display) {
    let mut text = Text::default();
    let _ = writeln!(text, "secmalloc: {}: {what}", sys::process_id());
    write(text.as_bytes());
}

/// The end of a panic: a bug of ours, never of the program.
pub fn panicked(information: &core::panic::PanicInfo<'_>) -> ! {
    say(&information);
    sys::abort()
}
