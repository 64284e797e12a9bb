// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one place that turns a fault into bytes, and ends the process.

use core::fmt::{Display, Write};
use core::mem::size_of;

use secmalloc_policy::fault::{Fault, Operation, Stray};
use secmalloc_policy::message::{render, Context, Text};
use secmalloc_policy::options::Policy;
use secmalloc_unwind::{module_of, Registers};

use crate::pool::{self, fixed};
use crate::sys;
use crate::trace::{self, module_name, DEEPEST};
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

/// Writes the message and the stack from `from` on, with one `write`.
pub(crate) fn tell(fault: &Fault, operation: Operation, stops: bool, from: Registers) {
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
    let text = render(fault, &context);
    let mut frames = [0; DEEPEST];
    let frames = trace::walk_here(from, &mut frames);
    write_with_stack(text.as_bytes(), frames);
    trace::fault(fault, stops, text.as_bytes(), frames);
}

/// Writes a message, and where it happened, a line for each frame: addresses as `addr2line -e FILE` wants
/// them. Names are for a reader outside this process to find.
#[inline(never)]
fn write_with_stack(message: &[u8], frames: &[usize]) {
    /// Frames that people look at, and room for them.
    const SHOWN: usize = 16;
    let (mut all, mut length) = ([0u8; 3072], 0);
    let mut add = |bytes: &[u8]| {
        if let Some(room) = all.get_mut(length..length + bytes.len()) {
            room.copy_from_slice(bytes);
            length += bytes.len();
        }
    };
    add(message);
    for (number, &frame) in frames.iter().take(SHOWN).enumerate() {
        let mut line = Text::default();
        let _ = write!(line, "    #{number:<2} {frame:#x}");
        if let Some(module) = module_of(frame) {
            // Without a system call: what the program was started as.
            let path = module_name(&module).unwrap_or_else(sys::started_as);
            let path = core::str::from_utf8(path).unwrap_or("?");
            let _ = write!(line, " ({path}+{:#x})", frame.wrapping_sub(module.bias));
            if let Some(id) = module.build_id() {
                let _ = line.write_str(" (BuildId: ");
                for byte in id {
                    let _ = write!(line, "{byte:02x}");
                }
                let _ = line.write_char(')');
            }
        }
        let _ = line.write_char('\n');
        add(line.as_bytes());
    }
    write(all.get(..length).unwrap_or(&[]));
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
