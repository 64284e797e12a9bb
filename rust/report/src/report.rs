// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a report says, but for its calls: everything that is small.

use std::collections::HashMap;

use secmalloc_policy::trace_format::call::{self, Shape, Shapes};
use secmalloc_policy::trace_format::note::{Frame, Note, Reach};
use secmalloc_policy::trace_format::{Record, Records};

use crate::chunks::{Chunks, Unreadable};

/// The process that the report is about.
#[derive(Debug, Clone, Default)]
pub struct Process {
    /// Version of the library.
    pub version: String,
    /// Process.
    pub process: u64,
    /// Its parent.
    pub parent: u64,
    /// Nanoseconds since 1970 at its start.
    pub real: u64,
    /// The report's own time at the same moment.
    pub began: u64,
    /// Path of the program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What was recorded.
    pub level: String,
}

/// A program file or library.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Module {
    /// Its path.
    pub path: String,
    /// Its build id; empty if it has none.
    pub build_id: Vec<u8>,
    /// Where it began in memory.
    pub start: u64,
    /// Where it ended.
    pub end: u64,
    /// The address of what its file calls 0.
    pub bias: u64,
}

/// A fault.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    /// When.
    pub time: u64,
    /// The thread that found it.
    pub thread: u64,
    /// Whether it stopped the process.
    pub stops: bool,
    /// The block, or the pointer that was passed.
    pub address: u64,
    /// Stacks by number, 0 where there is none: of the access or call, the allocation, the first free.
    pub stacks: [u64; 3],
    /// What was said.
    pub text: String,
}

/// A block that was live at exit.
#[derive(Debug, Clone, Copy)]
pub struct Leak {
    /// Where it starts.
    pub address: u64,
    /// Bytes requested.
    pub size: u64,
    /// Whether it can be reached.
    pub reach: Reach,
    /// The stack of its allocation, or 0.
    pub stack: u64,
}

/// What the look for leaks came to: blocks and bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeakSums {
    /// To which nothing points.
    pub lost: (u64, u64),
    /// To which only lost ones point.
    pub indirectly: (u64, u64),
    /// That can be reached.
    pub reachable: (u64, u64),
    /// Threads that were stopped meanwhile, and those that could not be.
    pub threads: (u64, u64),
    /// How many of the lost are in [`Report::leaks`].
    pub listed: u64,
}

/// What a size class was used for.
#[derive(Debug, Clone, Copy)]
pub struct Class {
    /// Bytes of its slots; 0 for blocks with a mapping of their own.
    pub slot: u64,
    /// Blocks made, and bytes in them.
    pub made: (u64, u64),
    /// Blocks live at exit, and bytes in them.
    pub live: (u64, u64),
}

/// What a report says.
#[derive(Debug, Default)]
pub struct Report<'a> {
    /// The file's chunks.
    pub chunks: Chunks<'a>,
    /// The process.
    pub process: Process,
    /// How records of calls are read.
    pub shapes: Shapes,
    /// Functions by number.
    pub functions: HashMap<u8, String>,
    /// Names of threads.
    pub threads: HashMap<u64, String>,
    /// Modules by number.
    pub modules: HashMap<u64, Module>,
    /// Stacks by number.
    stacks: HashMap<u64, Vec<Frame>>,
    /// Stacks by number, as a frame and the number of the stack outside it.
    called: HashMap<u64, (Frame, u64)>,
    /// Faults, in the order of time.
    pub faults: Vec<Fault>,
    /// What was live at exit, block by block.
    pub leaks: Vec<Leak>,
    /// What the look for leaks came to, if there was one.
    pub leak_sums: Option<LeakSums>,
    /// Sums by size class.
    pub classes: Vec<Class>,
    /// Calls that could not be recorded.
    pub lost: u64,
    /// When the process ended by `exit`, and the CPU time that it used, in microseconds.
    pub end: Option<(u64, u64)>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl<'a> Report<'a> {
    /// Reads the bytes of a report.
    ///
    /// # Errors
    /// If there is nothing to be read in it.
    pub fn of(file: &'a [u8]) -> Result<Report<'a>, Unreadable> {
        let mut report = Report {
            chunks: Chunks::of(file)?,
            shapes: call::shapes(),
            ..Report::default()
        };
        // Which functions there are stands in the first chunk, but that may be damaged; then ours will do.
        for (number, operation, _) in call::FUNCTIONS {
            report
                .functions
                .insert(number, operation.name().to_string());
        }
        for chunk in &report.chunks.sound.clone() {
            for record in Records::of(chunk.bytes, &report.shapes.clone()) {
                if let Record::Note(note) = record {
                    report.take(&note);
                }
            }
        }
        report.faults.sort_by_key(|fault| fault.time);
        Ok(report)
    }

    /// The frames of a stack, the innermost first, so many as are told of any; `None` if it is not known.
    #[must_use]
    pub fn stack(&self, number: u64) -> Option<Vec<Frame>> {
        /// What a damaged report says may go around in a circle.
        const DEEPEST: usize = 48;
        if let Some(frames) = self.stacks.get(&number) {
            return Some(frames.clone());
        }
        let (frame, mut parent) = self.called.get(&number)?;
        let mut frames = vec![*frame];
        while let Some((frame, outside)) = self.called.get(&parent) {
            if frames.len() == DEEPEST {
                break;
            }
            frames.push(*frame);
            parent = *outside;
        }
        // One that was not walked.
        frames.retain(|frame| *frame != Frame::default());
        Some(frames)
    }

    fn take(&mut self, note: &Note<'_>) {
        match *note {
            Note::Start {
                version,
                process,
                parent,
                real,
                monotonic,
                program,
                arguments,
                level,
            } => {
                self.process = Process {
                    version: text(version),
                    process,
                    parent,
                    real,
                    began: monotonic,
                    program: text(program),
                    arguments: arguments
                        .split_inclusive(|&byte| byte == 0)
                        .map(|argument| text(argument.strip_suffix(&[0]).unwrap_or(argument)))
                        .collect(),
                    level: text(level),
                }
            }
            Note::Function {
                number,
                shape,
                name,
            } => {
                let place = usize::try_from(number).ok();
                if let Some(entry) = place.and_then(|place| self.shapes.get_mut(place)) {
                    *entry = Shape(shape as u8);
                    self.functions.insert(number as u8, text(name));
                }
            }
            Note::Thread { thread, name } => {
                self.threads.insert(thread, text(name));
            }
            Note::Module {
                number,
                start,
                end,
                bias,
                build_id,
                path,
            } => {
                let module = Module {
                    path: text(path),
                    build_id: build_id.to_vec(),
                    start,
                    end,
                    bias,
                };
                self.modules.insert(number, module);
            }
            Note::Stack { number, frames } => {
                self.stacks.insert(number, frames.iter().collect());
            }
            Note::Called {
                number,
                parent,
                frame,
            } => {
                self.called.insert(number, (frame, parent));
            }
            Note::Fault {
                time,
                thread,
                stops,
                address,
                stack,
                allocated,
                freed,
                text: said,
            } => self.faults.push(Fault {
                time,
                thread,
                stops,
                address,
                stacks: [stack, allocated, freed],
                text: text(said),
            }),
            Note::Lost { calls } => self.lost += calls,
            Note::Leak {
                address,
                size,
                reach,
                stack,
            } => self.leaks.push(Leak {
                address,
                size,
                reach,
                stack,
            }),
            Note::Class {
                slot,
                made,
                bytes,
                live,
                live_bytes,
            } => self.classes.push(Class {
                slot,
                made: (made, bytes),
                live: (live, live_bytes),
            }),
            Note::End { time, cpu } => self.end = Some((time, cpu)),
            Note::Leaks {
                lost,
                indirectly,
                reachable,
                stopped,
                running,
                listed,
            } => {
                self.leak_sums = Some(LeakSums {
                    lost,
                    indirectly,
                    reachable,
                    threads: (stopped, running),
                    listed,
                });
            }
        }
    }
}
