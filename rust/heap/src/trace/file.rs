// SPDX-License-Identifier: MIT OR Apache-2.0
//! The report's file, which grows by chunks.
//!
//! No descriptor is kept: programs close all they find, or count them. The file is opened by its name for
//! each chunk, and must still be the file that was begun.

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::fmt::Write;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use secmalloc_policy::message::Text;
use secmalloc_policy::options::Level;
use secmalloc_policy::trace_format::call::FUNCTIONS;
use secmalloc_policy::trace_format::note::{Frame, Note};
use secmalloc_policy::trace_format::number::Writer;
use secmalloc_policy::trace_format::{Header, HEADER, STEP, VERSION};

use secmalloc_unwind::Point;

use super::modules::Modules;
use super::name::{self, Path};
use super::{complain, now, Trace};
use crate::lock::Lock;
use crate::sys;
use crate::sys::files::{self, clock_ns, Errno, File, Purpose};

/// Bytes of a thread's first chunk, and of its largest: most threads of most programs do little.
pub(super) const SMALLEST: usize = 16 << 10;
pub(super) const LARGEST: usize = 256 << 10;

/// What changes while a report is written. All zero, as a forked child finds it, is a process that has not
/// begun its own.
///
/// Recorders follow it, and have lines of their own.
#[repr(C, align(64))]
pub(super) struct Live {
    lock: Lock,
    /// Held while a module is added. What is written meanwhile may take the other lock.
    modules_lock: Lock,
    modules: Modules,
    /// The process that the rest is about; 0 for none yet. After a fork whose child does not find zeros, in
    /// old kernels, it is another process than this.
    process: AtomicU32,
    /// Nothing can be recorded any more.
    stopped: AtomicBool,
    /// Under the lock.
    file: UnsafeCell<Name>,
}

struct Name {
    path: Path,
    /// Where the next chunk goes.
    end: usize,
    /// For what is too large for the stacks that threads may have.
    room: [[u8; 8192]; 3],
}

// SAFETY: the file's name is only touched under the lock.
unsafe impl Sync for Live {}

/// The process that a report was first wanted in; others are its children.
static FIRST: AtomicU32 = AtomicU32::new(0);

impl Live {
    /// A frame of a stack; `tell` gets a note of its module, if that is new.
    pub(super) fn frame(&self, point: Point, tell: impl FnMut(&Note<'_>)) -> Frame {
        if let Some(frame) = self.modules.known(point) {
            return frame;
        }
        // Where a signal handler interrupted this very thread in here: an address, then.
        if point.stamp() == 0 || self.modules_lock.is_mine() {
            return Frame {
                module: 0,
                offset: point.address() as u64,
            };
        }
        let _held = self.modules_lock.hold();
        self.modules.frame(point, tell)
    }

    /// Whether everything has been said that can be.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn stop(&self, path: &Path, errno: Errno) {
        if !self.stopped.swap(true, Ordering::Relaxed) {
            complain(path.as_c_str().unwrap_or(c"?"), errno);
        }
    }

    /// Does something with the file of this process, which is begun if it was not yet. `None` if nothing
    /// can be recorded.
    pub(super) fn with_file<T>(
        &self,
        trace: &Trace,
        work: impl FnOnce(&mut Path, &mut usize) -> Result<T, Errno>,
    ) -> Option<T> {
        if self.has_stopped() || self.lock.is_mine() {
            return None;
        }
        let _held = self.lock.hold();
        // SAFETY: under the lock.
        let file = unsafe { &mut *self.file.get() };
        let process = sys::process_id();
        let begun = if self.process.swap(process, Ordering::Relaxed) == process {
            Ok(())
        } else {
            begin(trace, process, file)
        };
        match begun.and_then(|()| work(&mut file.path, &mut file.end)) {
            Ok(done) => Some(done),
            Err(errno) => {
                self.stop(&file.path, errno);
                None
            }
        }
    }
}

/// Finds a name for the file, and begins it.
fn begin(trace: &Trace, process: u32, file: &mut Name) -> Result<(), Errno> {
    /// So many programs one after the other in one process (by `exec`), each with a report.
    const TRIES: u32 = 100;
    let first = FIRST
        .compare_exchange(0, process, Ordering::Relaxed, Ordering::Relaxed)
        .unwrap_or(process);
    let child = first != 0 && first != process;
    let template = trace.template();
    for try_number in 0..TRIES {
        template.path(
            &mut file.path,
            &mut file.room[0],
            process,
            child,
            try_number,
        );
        file.end = 0;
        let path = file.path.as_c_str().ok_or(libc::ENAMETOOLONG)?;
        let open = File::open(path, Purpose::Own)?;
        // Two processes that begin at once must not both find the file free. Until it is closed.
        open.lock();
        let mut start = [0; 128];
        let start = open.read_start(&mut start);
        if is_taken(start) {
            continue;
        }
        if template.is_text() {
            // What cannot be emptied is a terminal or a pipe.
            let _ = open.empty();
            super::text::begin(&open, process);
            return Ok(());
        }
        open.empty()?;
        file.end = write_start(trace, process, &open, &mut file.room)?;
        return Ok(());
    }
    Err(libc::EEXIST)
}

/// Whether a file that starts like this is being written by a process that runs, this one included: a
/// program may have been executed in it.
fn is_taken(start: &[u8]) -> bool {
    let (process, time) = match Header::read(start) {
        Some(header) => (header.process, header.time),
        None => match super::text::writer(start) {
            Some(writer) => writer,
            None => return false,
        },
    };
    // A number that was given to another process since does not count.
    process_start(process).is_some_and(|started| time >= started)
}

/// When a process started, in nanoseconds since the machine did; `None` if there is no such process.
fn process_start(process: u32) -> Option<u64> {
    /// Clock ticks in what `/proc` shows, on every machine that we run on.
    const TICK_NS: u64 = 10_000_000;
    /// Of these after the command's name, which may hold anything but its last closing parenthesis (proc(5)).
    const STARTED: usize = 19;
    let mut path = Text::default();
    let _ = write!(path, "/proc/{process}/stat\0");
    let path = CStr::from_bytes_with_nul(path.as_bytes()).ok()?;
    let mut room = [0; 512];
    let file = File::open(path, Purpose::Read).ok()?;
    let line = file.read_start(&mut room);
    let after = line.rsplit(|&byte| byte == b')').next()?;
    let field = after
        .split(|&byte| byte == b' ')
        .filter(|field| !field.is_empty())
        .nth(STARTED)?;
    let ticks: u64 = core::str::from_utf8(field).ok()?.parse().ok()?;
    Some(ticks * TICK_NS)
}

/// The first chunk: the process, and the functions. Its length.
fn write_start(
    trace: &Trace,
    process: u32,
    file: &File,
    [program, arguments, record]: &mut [[u8; 8192]; 3],
) -> Result<usize, Errno> {
    const LENGTH: usize = 4 * STEP;
    file.reserve(0, LENGTH)?;
    let mut chunk = Chunk {
        at: file.map(0, LENGTH)?,
        length: LENGTH,
        process,
    };
    let time = now();
    let header = Header {
        version: VERSION,
        records: HEADER,
        length: LENGTH,
        used: 0,
        process,
        time,
        checksum: 0,
    };
    chunk.write(0, &header.to_bytes());
    let mut length = 0;
    // So that the record fits: what is longer is cut.
    let arguments = &mut arguments[..4096];
    let program = &mut program[..4096];
    sys::read_file(c"/proc/self/cmdline", &mut [0; 512], |piece| {
        for &byte in piece {
            if let Some(room) = arguments.get_mut(length) {
                *room = byte;
                length += 1;
            }
        }
        true
    });
    let mut note = |at: usize, note: &Note<'_>| -> usize {
        let mut writer = Writer::to(record);
        let Some(first) = note.write(&mut writer) else {
            return at;
        };
        let written = writer.written();
        chunk.write(at + 1, record.get(..written).unwrap_or(&[]));
        chunk.write(at, &[first]);
        at + 1 + written
    };
    let mut at = note(
        HEADER,
        &Note::Start {
            version: env!("CARGO_PKG_VERSION").as_bytes(),
            process: process.into(),
            parent: files::parent_id().into(),
            real: clock_ns(libc::CLOCK_REALTIME),
            monotonic: time,
            program: name::program(program),
            arguments: arguments.get(..length).unwrap_or(&[]),
            level: match trace.level {
                Level::Summary => b"summary",
                Level::Calls => b"calls",
                Level::Stacks => b"stacks",
            },
        },
    );
    for (number, operation, shape) in FUNCTIONS {
        at = note(
            at,
            &Note::Function {
                number: number.into(),
                shape: shape.0.into(),
                name: operation.name().as_bytes(),
            },
        );
    }
    chunk.drop_mapping();
    Ok(LENGTH)
}

/// A piece of the file, mapped. All zero is none.
pub(super) struct Chunk {
    at: usize,
    length: usize,
    process: u32,
}

impl Chunk {
    /// A new one at the end of the file. `None` if there cannot be one.
    pub(super) fn new(trace: &Trace, length: usize) -> Option<Chunk> {
        trace.live().with_file(trace, |path, end| {
            let path: &CStr = path.as_c_str().ok_or(libc::ENAMETOOLONG)?;
            let file = File::open(path, Purpose::Continue)?;
            file.reserve(*end, length)?;
            let chunk = Chunk {
                at: file.map(*end, length)?,
                length,
                process: sys::process_id(),
            };
            *end += length;
            Ok(chunk)
        })
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn process(&self) -> u32 {
        self.process
    }

    /// The first `length` bytes.
    pub(super) fn bytes(&self, length: usize) -> &[u8] {
        let length = length.min(self.length);
        // SAFETY: the chunk is mapped, and its recorder is not writing now.
        unsafe { core::slice::from_raw_parts(sys::pointer::<u8>(self.at).as_ptr(), length) }
    }

    /// What lies from `at` on.
    #[inline]
    pub(super) fn rest(&mut self, at: usize) -> &mut [u8] {
        let at = at.min(self.length);
        // SAFETY: within the chunk, which is mapped and this thread's.
        unsafe {
            core::slice::from_raw_parts_mut(
                sys::pointer::<u8>(self.at + at).as_ptr(),
                self.length - at,
            )
        }
    }

    /// Writes `bytes` at `at`, as far as they fit.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        if at <= self.length && bytes.len() <= self.length - at {
            // SAFETY: within the chunk, which is mapped and this thread's.
            unsafe {
                bytes
                    .as_ptr()
                    .copy_to_nonoverlapping(sys::pointer::<u8>(self.at + at).as_ptr(), bytes.len());
            }
        }
    }

    /// Gives the mapping back; what was written stays in the file.
    pub(super) fn drop_mapping(&mut self) {
        // SAFETY: ours, and nobody else's.
        unsafe { sys::unmap(self.at, self.length) };
        self.length = 0;
    }
}
