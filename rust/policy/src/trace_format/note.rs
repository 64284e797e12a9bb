// SPDX-License-Identifier: MIT OR Apache-2.0
//! The records that are no calls. Each has a type, a length, and then its fields in the order in which
//! they stand here: numbers, texts (their length, then the bytes, whose encoding is the system's), and lists
//! (their length, then the members).

use super::number::{width, Reader, Writer};
use super::NOTE;

/// Bytes that the payload of a note may take: what is longer is cut by its writer.
pub const MOST: usize = 3500;

/// A place in a call that is under way (the return address less 1, or the very instruction that was
/// interrupted), as the module that it lies in and the distance from where that is loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame {
    /// The number of the module; 0 for none: then `offset` is the address.
    pub module: u64,
    /// Address less [`Note::Module`]'s `bias`: what the module's own file calls the place.
    pub offset: u64,
}

/// The frames of a stack, the innermost first.
#[derive(Debug, Clone, Copy)]
pub enum Frames<'a> {
    /// To be written.
    Known(&'a [Frame]),
    /// As they were read: pairs of numbers.
    Written(&'a [u8]),
}

impl<'a> Frames<'a> {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Frame> + 'a {
        let (known, written) = match *self {
            Frames::Known(frames) => (frames, &[][..]),
            Frames::Written(bytes) => (&[][..], bytes),
        };
        let mut reader = Reader::of(written);
        known.iter().copied().chain(core::iter::from_fn(move || {
            Some(Frame {
                module: reader.number()?,
                offset: reader.number()?,
            })
        }))
    }
}

impl Frames<'_> {
    /// Bytes that they take when written.
    fn length(&self) -> usize {
        self.iter().fold(0, |sum, frame| {
            sum.wrapping_add(width(frame.module))
                .wrapping_add(width(frame.offset))
        })
    }
}

impl PartialEq for Frames<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// Whether a block that nobody freed can still be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// From a register, a stack, a global, or such a block.
    Reachable,
    /// Only from lost blocks.
    Indirectly,
    /// From nowhere.
    Lost,
}

impl Reach {
    /// What reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reach::Reachable => "reachable",
            Reach::Indirectly => "indirectly lost",
            Reach::Lost => "lost",
        }
    }

    fn number(self) -> u64 {
        match self {
            Reach::Reachable => 0,
            Reach::Indirectly => 1,
            Reach::Lost => 2,
        }
    }

    fn of(number: u64) -> Option<Reach> {
        [Reach::Reachable, Reach::Indirectly, Reach::Lost]
            .into_iter()
            .find(|reach| reach.number() == number)
    }
}

/// A record that is no call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Note<'a> {
    /// The process, once, first of all.
    Start {
        /// Version of the library.
        version: &'a [u8],
        /// Process.
        process: u64,
        /// Its parent.
        parent: u64,
        /// Nanoseconds since 1970.
        real: u64,
        /// Nanoseconds of `CLOCK_MONOTONIC` at the same moment.
        monotonic: u64,
        /// Path of the program.
        program: &'a [u8],
        /// Its arguments, each with a terminating zero.
        arguments: &'a [u8],
        /// What was recorded: `summary`, `calls` or `stacks`.
        level: &'a [u8],
    },
    /// A function that calls name by number.
    Function {
        /// The number.
        number: u64,
        /// What its records hold.
        shape: u64,
        /// The name.
        name: &'a [u8],
    },
    /// What follows in this chunk is this thread's.
    Thread {
        /// The kernel's number.
        thread: u64,
        /// The thread's name.
        name: &'a [u8],
    },
    /// A program file or library in memory.
    Module {
        /// The number by which frames name it.
        number: u64,
        /// Where it begins.
        start: u64,
        /// Where it ends.
        end: u64,
        /// Address of what its file calls 0.
        bias: u64,
        /// Its build id, if it has one.
        build_id: &'a [u8],
        /// Its path.
        path: &'a [u8],
    },
    /// A stack that faults name by number; calls, too, in reports of the first versions.
    Stack {
        /// The number.
        number: u64,
        /// The frames.
        frames: Frames<'a>,
    },
    /// A stack that calls name by number, as its innermost frame and the number of the stack outside it.
    Called {
        /// The number.
        number: u64,
        /// That of the stack outside it; 0 if there is none, or it is not known.
        parent: u64,
        /// The frame.
        frame: Frame,
    },
    /// A fault.
    Fault {
        /// When.
        time: u64,
        /// The thread that found it.
        thread: u64,
        /// Whether it stopped the process.
        stops: bool,
        /// The start of the block, or the pointer that was passed.
        address: u64,
        /// The stack of the access or the call; 0 if it is not known.
        stack: u64,
        /// The stack of the allocation.
        allocated: u64,
        /// The stack of the first free.
        freed: u64,
        /// The message, as on standard error.
        text: &'a [u8],
    },
    /// Calls that could not be recorded.
    Lost {
        /// How many.
        calls: u64,
    },
    /// A block that was live at exit.
    Leak {
        /// Where it starts.
        address: u64,
        /// Bytes requested.
        size: u64,
        /// Whether it can be reached.
        reach: Reach,
        /// The stack of its allocation.
        stack: u64,
    },
    /// What a size class was used for, at exit.
    Class {
        /// Bytes of its slots; 0 for all blocks with a mapping of their own.
        slot: u64,
        /// Blocks made.
        made: u64,
        /// Bytes requested for them.
        bytes: u64,
        /// Blocks that are live.
        live: u64,
        /// Bytes in them.
        live_bytes: u64,
    },
    /// What the look for leaks at exit came to. Each lost block has a [`Note::Leak`] besides, up to `listed`
    /// of them; those that can be reached have none.
    Leaks {
        /// Blocks to which nothing points, and the bytes requested for them.
        lost: (u64, u64),
        /// Blocks to which only lost blocks point.
        indirectly: (u64, u64),
        /// Blocks that can be reached.
        reachable: (u64, u64),
        /// Threads that were stopped meanwhile.
        stopped: u64,
        /// Threads that could not be stopped.
        running: u64,
        /// Lost blocks that have a note of their own.
        listed: u64,
    },
    /// The end of the process, as far as it was seen: by `exit`.
    End {
        /// When.
        time: u64,
        /// CPU time that it used, in microseconds.
        cpu: u64,
    },
}

/// What a note's payload is made of.
#[derive(Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Text(&'a [u8]),
    Frames(Frames<'a>),
}

impl<'a> Note<'a> {
    fn kind(&self) -> u8 {
        match self {
            Note::Start { .. } => 1,
            Note::Function { .. } => 2,
            Note::Thread { .. } => 3,
            Note::Module { .. } => 4,
            Note::Stack { .. } => 5,
            Note::Fault { .. } => 6,
            Note::Lost { .. } => 7,
            Note::Leak { .. } => 8,
            Note::Class { .. } => 9,
            Note::End { .. } => 10,
            Note::Leaks { .. } => 11,
            Note::Called { .. } => 12,
        }
    }

    #[rustfmt::skip] // a line for each note
    fn each_field(&self, mut with: impl FnMut(Field<'a>) -> bool) -> bool {
        use Field::{Number, Text};
        let mut all = |fields: &[Field<'a>]| fields.iter().all(|&field| with(field));
        match *self {
            Note::Start { version, process, parent, real, monotonic, program, arguments, level } => all(&[
                Text(version), Number(process), Number(parent), Number(real), Number(monotonic),
                Text(program), Text(arguments), Text(level),
            ]),
            Note::Function { number, shape, name } => all(&[Number(number), Number(shape), Text(name)]),
            Note::Thread { thread, name } => all(&[Number(thread), Text(name)]),
            Note::Module { number, start, end, bias, build_id, path } => all(&[
                Number(number), Number(start), Number(end), Number(bias), Text(build_id), Text(path),
            ]),
            Note::Stack { number, frames } => all(&[Number(number), Field::Frames(frames)]),
            Note::Called { number, parent, frame } => all(&[
                Number(number), Number(parent), Number(frame.module), Number(frame.offset),
            ]),
            Note::Fault { time, thread, stops, address, stack, allocated, freed, text } => all(&[
                Number(time), Number(thread), Number(stops.into()), Number(address),
                Number(stack), Number(allocated), Number(freed), Text(text),
            ]),
            Note::Lost { calls } => all(&[Number(calls)]),
            Note::Leak { address, size, reach, stack } => all(&[
                Number(address), Number(size), Number(reach.number()), Number(stack),
            ]),
            Note::Class { slot, made, bytes, live, live_bytes } => all(&[
                Number(slot), Number(made), Number(bytes), Number(live), Number(live_bytes),
            ]),
            Note::End { time, cpu } => all(&[Number(time), Number(cpu)]),
            Note::Leaks { lost, indirectly, reachable, stopped, running, listed } => all(&[
                Number(lost.0), Number(lost.1), Number(indirectly.0), Number(indirectly.1),
                Number(reachable.0), Number(reachable.1), Number(stopped), Number(running), Number(listed),
            ]),
        }
    }

    /// Bytes of the payload.
    fn length(&self) -> usize {
        let text = |length: usize| width(length as u64).wrapping_add(length);
        let mut length = 0usize;
        self.each_field(|field| {
            length = length.wrapping_add(match field {
                Field::Number(value) => width(value),
                Field::Text(bytes) => text(bytes.len()),
                Field::Frames(frames) => text(frames.length()),
            });
            true
        });
        length
    }

    /// Writes the record without its first byte, which is returned; `None` if there was no room.
    #[must_use]
    pub fn write(&self, writer: &mut Writer<'_>) -> Option<u8> {
        let all = writer.number(self.length() as u64)
            && self.each_field(|field| match field {
                Field::Number(value) => writer.number(value),
                Field::Text(bytes) => writer.text(bytes),
                Field::Frames(frames) => {
                    writer.number(frames.length() as u64)
                        && frames
                            .iter()
                            .all(|frame| writer.number(frame.module) && writer.number(frame.offset))
                }
            });
        all.then_some(NOTE | self.kind())
    }

    /// Reads the payload of a record of this type; `None` if the type is not known, or fields are missing.
    #[must_use]
    pub fn read(kind: u8, payload: &'a [u8]) -> Option<Note<'a>> {
        let mut fields = Reader::of(payload);
        let from = &mut fields;
        Some(match kind {
            1 => Note::Start {
                version: from.text()?,
                process: from.number()?,
                parent: from.number()?,
                real: from.number()?,
                monotonic: from.number()?,
                program: from.text()?,
                arguments: from.text()?,
                level: from.text()?,
            },
            2 => Note::Function {
                number: from.number()?,
                shape: from.number()?,
                name: from.text()?,
            },
            3 => Note::Thread {
                thread: from.number()?,
                name: from.text()?,
            },
            4 => Note::Module {
                number: from.number()?,
                start: from.number()?,
                end: from.number()?,
                bias: from.number()?,
                build_id: from.text()?,
                path: from.text()?,
            },
            5 => Note::Stack {
                number: from.number()?,
                frames: Frames::Written(from.text()?),
            },
            6 => Note::Fault {
                time: from.number()?,
                thread: from.number()?,
                stops: from.number()? != 0,
                address: from.number()?,
                stack: from.number()?,
                allocated: from.number()?,
                freed: from.number()?,
                text: from.text()?,
            },
            7 => Note::Lost {
                calls: from.number()?,
            },
            8 => Note::Leak {
                address: from.number()?,
                size: from.number()?,
                reach: Reach::of(from.number()?)?,
                stack: from.number()?,
            },
            9 => Note::Class {
                slot: from.number()?,
                made: from.number()?,
                bytes: from.number()?,
                live: from.number()?,
                live_bytes: from.number()?,
            },
            10 => Note::End {
                time: from.number()?,
                cpu: from.number()?,
            },
            11 => Note::Leaks {
                lost: (from.number()?, from.number()?),
                indirectly: (from.number()?, from.number()?),
                reachable: (from.number()?, from.number()?),
                stopped: from.number()?,
                running: from.number()?,
                listed: from.number()?,
            },
            12 => Note::Called {
                number: from.number()?,
                parent: from.number()?,
                frame: Frame {
                    module: from.number()?,
                    offset: from.number()?,
                },
            },
            _ => return None,
        })
    }
}
