// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one place that turns a fault into bytes, and ends the process.

use core::fmt::{Display, Write};
use core::mem::size_of;

use secmalloc_policy::fault::{Actor, Block, Fault, Operation, Stray};
use secmalloc_policy::message::{render, Context, Text};
use secmalloc_policy::options::Policy;
use secmalloc_unwind::{Point, Registers};

use crate::evidence::aside::aside;
use crate::evidence::show::{self, Name};
use crate::explain_around;
use crate::pool::{self, fixed};
use crate::sys;
use crate::trace;
use crate::trace::stacks::{walk_here, DEEPEST};
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
    tell(fault, operation, policy == Policy::Abort, Registers::here());
    if policy == Policy::Abort {
        sys::abort();
    }
}

/// Says what was found and stops, whatever the policy: there is nothing to go on with.
#[cold]
#[inline(never)]
pub(crate) fn found_last(fault: &Fault, operation: Operation) -> ! {
    if pool::started() {
        tell(fault, operation, true, Registers::here());
    } else {
        say(&fault.name());
    }
    sys::abort()
}

/// Says something that is no fault, and stops.
#[cold]
pub(crate) fn stop(what: &dyn Display) -> ! {
    say(what);
    sys::abort()
}

/// Writes the message, the stack from `from` on, and what is known of the block's, with one `write`.
pub(crate) fn tell(fault: &Fault, operation: Operation, stops: bool, from: Registers) {
    let mut telling = (fault, operation, stops, from);
    let run = |telling: &mut (&Fault, Operation, bool, Registers)| {
        let (fault, operation, stops, from) = *telling;
        walk_and_tell(fault, operation, stops, from);
    };
    if !aside(show::PATIENCE, &mut telling, run) {
        run(&mut telling);
    }
}

#[inline(never)]
fn walk_and_tell(fault: &Fault, operation: Operation, stops: bool, from: Registers) {
    let mut frames = [Point::default(); DEEPEST];
    let frames = walk_here(from, &mut frames);
    tell_at(fault, operation, stops, frames);
}

/// A function of its own: the walk needs as much of the stack as the text.
#[inline(never)]
fn tell_at(fault: &Fault, operation: Operation, stops: bool, frames: &[Point]) {
    let text = words(fault, operation, stops);
    say_with_stacks(text.as_bytes(), frames, fault.block().as_ref());
    trace::fault(fault, stops, text.as_bytes(), frames);
}

/// The message's text.
#[inline(never)]
fn words(fault: &Fault, operation: Operation, stops: bool) -> Text {
    let mut room: whereabouts::Line = [0; size_of::<whereabouts::Line>()];
    let thread = sys::thread_id();
    let finder = Actor {
        thread,
        ..Actor::default()
    };
    let block = fault.block();
    let Block {
        allocated_by,
        freed_by,
        ..
    } = block.unwrap_or_default();
    let names = [finder, allocated_by, freed_by].map(Name::of_actor);
    let [finder, allocator, freer] = &names;
    let context = Context {
        process: sys::process_id(),
        thread,
        operation,
        stops,
        memory: memory(fault, &mut room),
        names: [finder, allocator, freer].map(|name| name.as_ref().and_then(Name::as_str)),
        neighbours: explain_around::neighbours(fault),
    };
    render(fault, &context)
}

/// What a foreign pointer, or the caller of an unfit function, points to.
#[inline(never)]
fn memory<'a>(fault: &Fault, room: &'a mut whereabouts::Line) -> Option<&'a str> {
    match fault {
        Fault::InvalidFree {
            pointer,
            stray: Stray::Foreign,
        }
        | Fault::AllocDeallocMismatch {
            caller: pointer, ..
        } if *pointer != 0 => core::str::from_utf8(whereabouts::mapping_at(*pointer, room)?).ok(),
        _ => None,
    }
}

/// Writes a message and stacks; the message alone where the room for more is in use.
#[inline(never)]
fn say_with_stacks(message: &[u8], frames: &[Point], block: Option<&Block>) {
    let said = show::with_lines(|lines| {
        let _ = lines.write_str(core::str::from_utf8(message).unwrap_or("?\n"));
        show::stacks(lines, frames, block);
        write(lines.as_bytes());
    });
    if said.is_none() {
        write(message);
    }
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

/// Has the process, which is at its normal exit, end with another status than its own.
pub(crate) fn end_with(status: i32) {
    sys::end_with(status);
}

/// The end of a panic: a bug of ours, never of the program.
pub fn panicked(information: &core::panic::PanicInfo<'_>) -> ! {
    say(&information);
    sys::abort()
}
