// SPDX-License-Identifier: MIT OR Apache-2.0
//! The execution report: every call, every fault, and a sum at the end, in the file that `MSM_OUTPUT`
//! names. What the bytes mean is decided in [`secmalloc_policy::trace_format`].
//!
//! A thread whose calls are recorded has its heap's address in its thread word *inverted*
//! ([`crate::thread`]): the short way of `malloc` and `free` takes that for no heap, so that it costs
//! nothing where nothing is recorded, and every call comes by here ([`calls`]) where it is.
//!
//! Each thread writes into a chunk of its own ([`recorder`]), which is a piece of the file, mapped and shared
//! ([`mod@file`]): whatever ends the process, what was written is in the file. A file whose name ends in
//! `.txt` gets lines of text instead ([`text`]).

mod calls;
mod end;
mod fault_file;
mod file;
mod modules;
mod name;
mod recorder;
pub(crate) mod stacks;
mod text;
mod tree;

use core::ffi::CStr;
use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering};

use secmalloc_policy::fault::Fault;
use secmalloc_policy::options::{Level, Options, Stacks};
use secmalloc_policy::trace_format::note::{Frame, Frames, Note};
use secmalloc_unwind::{Point, Registers, Stack};

use crate::die;
use crate::evidence;
use crate::pool::{self, fixed};
use crate::sys::files::clock_ns;
use crate::sys::{self, Access};
use crate::thread;
pub(crate) use calls::end_block;
pub use calls::{begin, begin_change, begin_make, end, Begun, Making, Passed};
pub(crate) use end::{finish, leaks};
pub(crate) use fault_file::FaultFiles;
use file::Live;
pub(crate) use modules::module_name;
use name::Template;
use recorder::Recorder;
use stacks::DEEPEST;
use tree::Tree;

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
    tree: usize,
    /// Recorded threads may go the short way: nobody else closes it.
    quick: bool,
}

impl Trace {
    pub(crate) const OFF: Trace = Trace {
        live: 0,
        template: 0,
        level: Level::Summary,
        tree: 0,
        quick: false,
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
        let tree = match options.trace() {
            Level::Stacks => map_tree(),
            _ => Some(0),
        };
        if tree.is_none() {
            die::say(&"MSM_OUTPUT: no memory for stacks; calls are recorded without");
        }
        Trace {
            live,
            template,
            level: options.trace(),
            tree: tree.unwrap_or(0),
            quick: options.stacks() != Stacks::All && !options.guard_all(),
        }
    }

    #[inline]
    fn tree(&self) -> Option<Tree> {
        // SAFETY: mapped for good by `map_tree`.
        (self.tree != 0).then(|| unsafe { Tree::at(self.tree) })
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
fn map_tree() -> Option<usize> {
    let size = tree::BYTES.next_multiple_of(64 << 10);
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

fn note(note: &Note<'_>) {
    let trace = &fixed().trace;
    let _ = thread::with_heap(|heap| {
        trace.recorder(heap.number()).note(trace, note, heap);
    });
}

/// The number of the stack from `from` on, which is recorded if it is new.
fn stack_number(tree: &Tree, from: Registers) -> u64 {
    let trace = &fixed().trace;
    let number = match thread::current_or_closed() {
        Some(heap) => {
            let recorder = trace.recorder(heap.number());
            recorder.with_trail(|trail| tree.walk(from, recorder.stack(), trail))
        }
        None => tree.walk(from, &Stack::new(), None),
    };
    if tree.is_new(number) {
        record_frames(tree, number);
    }
    number.into()
}

/// Records the frames of a stack that were not yet.
#[cold]
#[inline(never)]
fn record_frames(tree: &Tree, mut number: u32) {
    while let Some((point, parent)) = tree.frame(number) {
        let frame = fixed().trace.live().frame(point, note);
        note(&Note::Called {
            number: number.into(),
            parent: parent.into(),
            frame,
        });
        if !tree.is_new(parent) {
            break;
        }
        number = parent;
    }
}

/// Records the frames of a stack.
fn record_stack(number: u64, points: &[Point]) {
    let live = fixed().trace.live();
    let mut frames = [Frame::default(); DEEPEST];
    for (frame, &point) in frames.iter_mut().zip(points) {
        *frame = live.frame(point, note);
    }
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
    // Beyond all numbers of the tree, which may have no room.
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
