// SPDX-License-Identifier: MIT OR Apache-2.0
//! The execution report: every call, every fault, and a sum at the end, in the file that `MSM_OUTPUT`
//! names. What the bytes mean is decided in [`secmalloc_policy::trace_format`].
//!
//! A thread whose calls are recorded has its heap's address in its thread word *inverted*
//! ([`crate::thread`]): the short way of `malloc` and `free` takes that for no heap, so that it costs
//! nothing where nothing is recorded, and every call comes by here where it is.
//!
//! Each thread writes into a chunk of its own ([`recorder`]), which is a piece of the file, mapped and shared
//! ([`mod@file`]): whatever ends the process, what was written is in the file. A file whose name ends in
//! `.txt` gets lines of text instead ([`text`]).

mod end;
mod fault_file;
mod file;
mod modules;
mod name;
mod recorder;
pub(crate) mod stacks;
mod text;

use core::ffi::CStr;
use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering};

use secmalloc_policy::fault::{Fault, Operation};
use secmalloc_policy::options::{Level, Options};
use secmalloc_policy::trace_format::call::{function, Call, Shape};
use secmalloc_policy::trace_format::note::{Frame, Frames, Note};
use secmalloc_unwind::{Point, Registers, Stack};

use crate::die;
use crate::evidence;
use crate::pool::{self, fixed};
use crate::sys::files::clock_ns;
use crate::sys::{self, Access};
use crate::thread::{self, ThreadHeap};
pub(crate) use end::{finish, leaks};
pub(crate) use fault_file::FaultFiles;
use file::Live;
pub(crate) use modules::module_name;
use name::Template;
use recorder::Recorder;
use stacks::{Depot, Room, DEEPEST};

/// What is kept of stacks: a program has some thousand different ones, and this has room for a million.
const STACKS: Room = Room {
    rules: 1 << 14,
    places: 1 << 21,
    words: 1 << 25,
};

/// The environment variable.
const VARIABLE: &[u8] = b"MSM_OUTPUT";

/// What is decided at start.
#[derive(Clone, Copy)]
pub(crate) struct Trace {
    /// Address of [`Live`], of the recorders behind it, and how many there are; 0 where nothing is recorded.
    live: usize,
    template: usize,
    level: Level,
    /// Address of the stacks, where they are kept.
    depot: usize,
}

impl Trace {
    pub(crate) const OFF: Trace = Trace {
        live: 0,
        template: 0,
        level: Level::Summary,
        depot: 0,
    };

    /// What the environment asks for. `recorders` is the number of thread heaps.
    pub(crate) fn set_up(options: &Options, recorders: u32) -> Trace {
        if sys::auxiliary(libc::AT_SECURE) != 0 {
            return Trace::OFF;
        }
        let wanted = pool::with_variable(VARIABLE, |wanted| match wanted {
            None | Some([]) => None,
            Some(wanted) => Template::store(wanted),
        });
        let Some(template) = wanted else {
            return Trace::OFF;
        };
        let size = (size_of::<Live>() + recorders as usize * size_of::<Recorder>())
            .next_multiple_of(64 << 10);
        let Some(live) = sys::map(size, Access::Write) else {
            die::say(&"MSM_OUTPUT: no memory for the report's buffers; nothing is recorded");
            return Trace::OFF;
        };
        // SAFETY: just mapped.
        unsafe {
            sys::small_pages_only(live, size);
            sys::leave_out_of_cores(live, size);
            // A child, however it was made, finds all of it zero, and begins a file of its own.
            if !sys::files::wipe_on_fork(live, size) {
                die::say(&"MSM_OUTPUT needs Linux 4.14 or newer; nothing is recorded");
                sys::unmap(live, size);
                return Trace::OFF;
            }
        }
        let depot = match options.trace() {
            Level::Stacks => map_depot(),
            _ => Some(0),
        };
        if depot.is_none() {
            die::say(&"MSM_OUTPUT: no memory for stacks; calls are recorded without");
        }
        Trace {
            live,
            template,
            level: options.trace(),
            depot: depot.unwrap_or(0),
        }
    }

    fn depot(&self) -> Option<Depot> {
        // SAFETY: mapped for good by `map_depot`.
        (self.depot != 0).then(|| unsafe { Depot::at(self.depot, STACKS) })
    }

    /// Whether anything is recorded.
    pub(crate) fn is_on(&self) -> bool {
        self.live != 0
    }

    fn live(&self) -> &'static Live {
        // SAFETY: mapped for good by `set_up`; zero is a valid `Live`.
        unsafe { sys::pointer::<Live>(self.live).as_ref() }
    }

    fn template(&self) -> &'static Template {
        // SAFETY: mapped and written for good by `set_up`.
        unsafe { sys::pointer::<Template>(self.template).as_ref() }
    }

    /// To be called when a thread takes over the heap with this number.
    pub(crate) fn new_thread(&self, number: u32) {
        if self.is_on() {
            self.recorder(number).forget_stack();
        }
    }

    /// The recorder of the heap with this number.
    fn recorder(&self, number: u32) -> &'static Recorder {
        debug_assert!(number < fixed().heap_count);
        let first = self.live + size_of::<Live>();
        // SAFETY: there is one for each heap; zero is a valid `Recorder`.
        unsafe {
            sys::pointer::<Recorder>(first + number as usize * size_of::<Recorder>()).as_ref()
        }
    }
}

/// Reserves memory for stacks. Like the recorders it reads as zero in a forked child, which begins its own.
fn map_depot() -> Option<usize> {
    let size = STACKS.bytes().next_multiple_of(64 << 10);
    let at = sys::map(size, Access::Write)?;
    // SAFETY: just mapped.
    unsafe {
        sys::small_pages_only(at, size);
        sys::leave_out_of_cores(at, size);
        if !sys::files::wipe_on_fork(at, size) {
            sys::unmap(at, size);
            return None;
        }
    }
    Some(at)
}

/// The time that a report counts in: that of the machine, running or asleep, since its start.
fn now() -> u64 {
    clock_ns(libc::CLOCK_BOOTTIME)
}

/// A call and its arguments, as they were passed. What a function does not have is 0.
#[derive(Debug, Clone, Copy)]
pub struct Passed {
    /// The function.
    pub operation: Operation,
    /// The pointer.
    pub pointer: usize,
    /// The number of elements.
    pub count: usize,
    /// The size.
    pub size: usize,
    /// The alignment.
    pub alignment: usize,
}

impl Passed {
    /// Nothing but the function.
    #[inline]
    #[must_use]
    pub const fn to(operation: Operation) -> Passed {
        Passed {
            operation,
            pointer: 0,
            count: 0,
            size: 0,
            alignment: 0,
        }
    }

    /// With a pointer.
    #[inline]
    #[must_use]
    pub const fn pointer(self, pointer: usize) -> Passed {
        Passed { pointer, ..self }
    }

    /// With a number of elements and the size of one.
    #[inline]
    #[must_use]
    pub const fn array(self, count: usize, size: usize) -> Passed {
        Passed {
            count,
            size,
            ..self
        }
    }

    /// With a size.
    #[inline]
    #[must_use]
    pub const fn size(self, size: usize) -> Passed {
        Passed { size, ..self }
    }

    /// With an alignment.
    #[inline]
    #[must_use]
    pub const fn alignment(self, alignment: usize) -> Passed {
        Passed { alignment, ..self }
    }
}

/// A call that is being recorded: its record is written when its result is known.
#[must_use]
pub struct Begun(Call);

/// To be called as a function of the interface begins. `None` where nothing is recorded, or the record is
/// complete: of a free, before it is done, so that no other thread's record of the same address comes
/// earlier.
#[inline(always)]
pub fn begin(passed: &Passed) -> Option<Begun> {
    // The very first call is recorded, too.
    if (pool::started() || pool::start()) && fixed().trace.is_on() {
        begin_recorded(passed, Registers::here())
    } else {
        None
    }
}

#[cold]
#[inline(never)]
fn begin_recorded(passed: &Passed, from: Registers) -> Option<Begun> {
    let (number, shape) = function(passed.operation)?;
    let stack = match fixed().trace.depot() {
        Some(depot) => stack_number(&depot, from),
        None => 0,
    };
    let returns = shape.0 & (Shape::BLOCK | Shape::AMOUNT) != 0;
    let call = Call {
        function: number,
        shape,
        time: if returns && shape.0 & Shape::TOOK == 0 {
            0
        } else {
            now()
        },
        pointer: passed.pointer as u64,
        count: passed.count as u64,
        size: passed.size as u64,
        alignment: passed.alignment as u64,
        stack,
        ..Call::default()
    };
    if returns {
        return Some(Begun(call));
    }
    record(&call);
    None
}

/// To be called with the result, an address or a number, or with what `errno` says.
#[cold]
#[inline(never)]
pub fn end(begun: Begun, result: usize, errno: i32) {
    let mut call = begun.0;
    call.result = result as u64;
    call.errno = errno as u64;
    if call.shape.0 & Shape::TOOK != 0 {
        call.took = now().saturating_sub(call.time);
    } else {
        // After it was made, so that no other thread's free of the same address comes later.
        call.time = now();
    }
    record(&call);
}

fn record(call: &Call) {
    let trace = &fixed().trace;
    let with = |heap: &ThreadHeap| trace.recorder(heap.number()).call(trace, call, heap);
    if thread::with_heap(with).is_none() {
        recorder::lose();
    }
}

fn note(note: &Note<'_>) {
    let trace = &fixed().trace;
    let _ = thread::with_heap(|heap| {
        trace.recorder(heap.number()).note(trace, note, heap);
    });
}

/// The number of the stack from `from` on, which is recorded if it is new.
fn stack_number(depot: &Depot, from: Registers) -> u64 {
    let mut frames = [Point::default(); DEEPEST];
    let trace = &fixed().trace;
    let frames = match thread::current_or_closed() {
        Some(heap) => {
            let recorder = trace.recorder(heap.number());
            recorder.with_trail(|trail| depot.walk(from, recorder.stack(), trail, &mut frames))
        }
        None => depot.walk(from, &Stack::new(), None, &mut frames),
    };
    match depot.number(frames) {
        (number, true) => {
            record_stack(number, frames);
            number
        }
        (number, false) => number,
    }
}

/// Records the frames of a stack.
fn record_stack(number: u64, points: &[Point]) {
    let live = fixed().trace.live();
    let mut frames = [Frame::default(); DEEPEST];
    live.frames(points, &mut frames, note);
    let frames = frames.get(..points.len()).unwrap_or(&[]);
    note(&Note::Stack {
        number,
        frames: Frames::Known(frames),
    });
}

/// A fault was found, and said in these words; `frames` is where.
pub(crate) fn fault(fault: &Fault, stops: bool, words: &[u8], frames: &[Point]) {
    if stops {
        fixed().fault_files.write(fault, words, frames);
    }
    let trace = &fixed().trace;
    if !trace.is_on() {
        return;
    }
    if trace.template().is_text() {
        text::lines(trace, words);
        return;
    }
    let address = address_of(fault);
    // Beyond all numbers of the depot, which may have no room.
    let stack = 1 << 32 | u64::from(FAULTS.fetch_add(3, Ordering::Relaxed));
    record_stack(stack, frames);
    let block = fault.block().unwrap_or_default();
    let before = |number: u32, stack: u64| {
        if number == 0 {
            return 0;
        }
        let mut room = [Point::default(); DEEPEST];
        record_stack(stack, evidence::frames(number, &mut room));
        stack
    };
    note(&Note::Fault {
        time: now(),
        thread: sys::thread_id().into(),
        stops,
        address: address as u64,
        stack,
        allocated: before(block.allocated_by.stack, stack + 1),
        freed: before(block.freed_by.stack, stack + 2),
        text: words,
    });
}

/// The address that a fault is about: the block's, or the pointer that was passed.
fn address_of(fault: &Fault) -> usize {
    match (fault.block(), fault) {
        (Some(block), _) => block.address,
        (None, Fault::InvalidFree { pointer, .. }) => *pointer,
        (None, Fault::SecretResidue { address, .. }) => *address,
        _ => 0,
    }
}

/// Counts the stacks of faults, three for each.
static FAULTS: AtomicU32 = AtomicU32::new(0);

/// Says that something is wrong with the report; the program goes on.
fn complain(path: &CStr, errno: i32) {
    die::say(&name::Complaint { path, errno });
}
