// SPDX-License-Identifier: MIT OR Apache-2.0
//! A file for each fault that stops the process, in the directory that the option `report_dir` names: what an
//! execution report says of a fault, without calls. `secmalloc report` reads it.
//!
//! It is written under another name, which nothing else has, and gets its own when it is whole: what finds it
//! finds all of it, and no file that is there already is touched, whoever put it or a link there.

use core::fmt::{self, Write};
use core::mem::size_of;

use secmalloc_policy::fault::Fault;
use secmalloc_policy::options::{Options, VARIABLE};
use secmalloc_policy::trace_format::note::{Frame, Frames, Note};
use secmalloc_policy::trace_format::number::Writer;
use secmalloc_policy::trace_format::{checksum, Header, HEADER, STEP, VERSION};
use secmalloc_unwind::Point;

use super::modules::Modules;
use super::name::{self, meaning, Path, Shown};
use super::stacks::DEEPEST;
use super::{address_of, now};
use crate::die;
use crate::evidence;
use crate::pool;
use crate::sys::files::{self, clock_ns, Errno, File, Purpose};
use crate::sys::{self, Access};

/// The directory: where its path is kept, and how long that is. Zero is none.
#[derive(Clone, Copy)]
pub(crate) struct FaultFiles {
    at: usize,
    length: usize,
}

/// Room for a report of three stacks, each in modules of its own.
const LONGEST: usize = 64 << 10;

/// What a report is made in. All zero is a valid one.
struct Room {
    modules: Modules,
    content: Content,
    unfinished: Path,
    finished: Path,
    program: [u8; 4096],
    arguments: [u8; 4096],
}

/// A chunk under construction.
struct Content {
    bytes: [u8; LONGEST],
    used: usize,
}

impl FaultFiles {
    pub(crate) const OFF: FaultFiles = FaultFiles { at: 0, length: 0 };

    /// Keeps the path, in memory of its own that is read-only from then on: the environment is the program's
    /// to change.
    pub(crate) fn set_up(options: &Options) -> FaultFiles {
        const SIZE: usize = 64 << 10;
        let Some(span) = options.report_dir() else {
            return FaultFiles::OFF;
        };
        let Some(at) = sys::map(SIZE, Access::Write) else {
            die::say(&"report_dir: no memory for its path; no reports are written");
            return FaultFiles::OFF;
        };
        pool::with_variable(VARIABLE.as_bytes(), |text| {
            let path = span.of(text.unwrap_or(&[]));
            // SAFETY: just mapped, and longer than any path that options accept.
            unsafe {
                let to = sys::pointer::<u8>(at).as_ptr();
                path.as_ptr().copy_to_nonoverlapping(to, path.len());
                sys::protect(at, SIZE, Access::Read);
            }
            FaultFiles {
                at,
                length: path.len(),
            }
        })
    }

    /// Writes the report of a fault. What is wrong with that is said.
    pub(super) fn write(&self, fault: &Fault, words: &[u8], frames: &[Point]) {
        if self.length == 0 {
            return;
        }
        let size = size_of::<Room>().next_multiple_of(64 << 10);
        let Some(at) = sys::map(size, Access::Write) else {
            die::say(&"report_dir: no memory for a report; none is written");
            return;
        };
        // SAFETY: just mapped, and nobody else knows of it; all zero is a valid `Room`.
        let room = unsafe { sys::pointer::<Room>(at).as_mut() };
        room.fill(fault, words, frames);
        // SAFETY: kept for good by `set_up`.
        let directory = unsafe {
            core::slice::from_raw_parts(sys::pointer::<u8>(self.at).as_ptr(), self.length)
        };
        if let Err(errno) = room.save(directory) {
            let path = room.finished.as_c_str().unwrap_or(c"?");
            die::say(&Complaint(Shown(path), errno));
        }
        // SAFETY: nothing refers to it any more.
        unsafe { sys::unmap(at, size) };
    }
}

impl Content {
    /// Adds a record; one for which there is no room is left out.
    fn note(&mut self, note: &Note<'_>) {
        let at = self.used.max(HEADER);
        let Some((first, rest)) = self.bytes.get_mut(at..).and_then(<[u8]>::split_first_mut) else {
            return;
        };
        let mut writer = Writer::to(rest);
        match note.write(&mut writer) {
            Some(kind) => {
                *first = kind;
                self.used = at + 1 + writer.written();
            }
            // What was written of it must not be read.
            None => rest.fill(0),
        }
    }

    /// What there is, to the end of its last page.
    fn pages(&self) -> &[u8] {
        self.bytes
            .get(..self.used.next_multiple_of(STEP))
            .unwrap_or(&[])
    }
}

impl Room {
    fn stack(&mut self, number: u64, points: &[Point]) {
        let mut frames = [Frame::default(); DEEPEST];
        let Room {
            modules, content, ..
        } = self;
        for (frame, &point) in frames.iter_mut().zip(points) {
            *frame = modules.frame(point, |module| content.note(module));
        }
        let frames = frames.get(..points.len()).unwrap_or(&[]);
        content.note(&Note::Stack {
            number,
            frames: Frames::Known(frames),
        });
    }

    fn fill(&mut self, fault: &Fault, words: &[u8], frames: &[Point]) {
        let time = now();
        self.start(time);
        let thread = sys::thread_id().into();
        let name = files::thread_name();
        self.content.note(&Note::Thread {
            thread,
            name: name.split(|&byte| byte == 0).next().unwrap_or(&[]),
        });
        self.stack(1, frames);
        let block = fault.block().unwrap_or_default();
        let [allocated, freed] =
            [(2, block.allocated_by), (3, block.freed_by)].map(|(number, actor)| {
                let mut room = [Point::default(); DEEPEST];
                let frames = evidence::frames(actor.stack, &mut room);
                if frames.is_empty() {
                    return 0;
                }
                self.stack(number, frames);
                number
            });
        self.content.note(&Note::Fault {
            time,
            thread,
            stops: true,
            address: address_of(fault) as u64,
            stack: 1,
            allocated,
            freed,
            text: words,
        });
        let mut header = Header {
            version: VERSION,
            records: HEADER,
            length: self.content.pages().len(),
            used: self.content.used,
            process: sys::process_id(),
            time,
            checksum: 0,
        };
        let Content { bytes, used } = &mut self.content;
        bytes[..HEADER].copy_from_slice(&header.to_bytes());
        header.checksum = checksum(bytes.get(..*used).unwrap_or(&[]));
        bytes[..HEADER].copy_from_slice(&header.to_bytes());
    }

    fn start(&mut self, time: u64) {
        let mut length = 0;
        let arguments = &mut self.arguments;
        sys::read_file(c"/proc/self/cmdline", &mut [0; 512], |piece| {
            for &byte in piece {
                if let Some(room) = arguments.get_mut(length) {
                    *room = byte;
                    length += 1;
                }
            }
            true
        });
        let Room {
            program, arguments, ..
        } = self;
        self.content.note(&Note::Start {
            version: env!("CARGO_PKG_VERSION").as_bytes(),
            process: sys::process_id().into(),
            parent: files::parent_id().into(),
            real: clock_ns(libc::CLOCK_REALTIME),
            monotonic: time,
            program: name::program(program),
            arguments: arguments.get(..length).unwrap_or(&[]),
            level: b"summary",
        });
    }

    /// Writes the file and gives it its name: `PROGRAM-PROCESS.msm`, and a number where that is taken.
    fn save(&mut self, directory: &[u8]) -> Result<(), Errno> {
        /// A process number may come again, and a handler may go on after a fault.
        const TRIES: u32 = 100;
        let Room {
            unfinished,
            finished,
            program,
            content,
            ..
        } = self;
        let program = name::base_name(name::program(program));
        let process = sys::process_id();
        let named = |path: &mut Path, hidden: &str, number: u32, end: &str| {
            path.clear();
            path.push(directory);
            path.push(b"/");
            path.push(hidden.as_bytes());
            path.push(program);
            let _ = write!(path, "-{process}");
            if number > 1 {
                let _ = write!(path, ".{number}");
            }
            path.push(end.as_bytes());
        };
        named(finished, "", 1, ".msm");
        let mut number = 1;
        let file = loop {
            named(unfinished, ".", number, ".unfinished");
            let path = unfinished.as_c_str().ok_or(libc::ENAMETOOLONG)?;
            match File::open(path, Purpose::New) {
                Err(libc::EEXIST) if number < TRIES => number += 1,
                opened => break opened?,
            }
        };
        let written = file.write_whole(content.pages());
        let from = unfinished.as_c_str().ok_or(libc::ENAMETOOLONG)?;
        let mut number = 1;
        let linked = written.and_then(|()| loop {
            named(finished, "", number, ".msm");
            let to = finished.as_c_str().ok_or(libc::ENAMETOOLONG)?;
            match files::link(from, to) {
                Err(libc::EEXIST) if number < TRIES => number += 1,
                done => break done,
            }
        });
        files::unlink(from);
        linked
    }
}

/// A report that cannot be written.
struct Complaint<'a>(Shown<'a>, Errno);

impl fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint(path, errno) = self;
        write!(
            f,
            "report_dir: cannot write '{path}': {} (errno {errno})",
            meaning(*errno)
        )
    }
}
