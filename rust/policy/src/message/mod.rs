// SPDX-License-Identifier: MIT OR Apache-2.0
//! A fault as text, in a fixed buffer: no allocation, no C library.
//!
//! The first line is for machines and never changes its form:
//! `secmalloc: PID: FAULT: FUNCTION: DETAIL`. The lines after it are for people.

mod around;
mod bytes;
#[cfg(test)]
mod tests;

use core::fmt::{self, Write};

use crate::fault::{Actor, Block, Contact, Fault, Mishap, Operation, Residue, Stray};
use crate::slot_state::Kind;
pub use around::{Neighbour, Standing};

/// Room for the longest message.
pub const CAPACITY: usize = 2048;

/// Text in a fixed buffer; what does not fit is cut off.
pub struct Text {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Default for Text {
    fn default() -> Self {
        Text {
            bytes: [0; CAPACITY],
            length: 0,
        }
    }
}

impl Text {
    /// The text so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.length..).unwrap_or(&mut []);
        let taken = room.len().min(text.len());
        if let (Some(to), Some(from)) = (room.get_mut(..taken), text.as_bytes().get(..taken)) {
            to.copy_from_slice(from);
        }
        self.length = self.length.saturating_add(taken);
        Ok(())
    }
}

/// Who says it, and what follows.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Process id.
    pub process: u32,
    /// The thread that found the fault.
    pub thread: u32,
    /// What it was doing.
    pub operation: Operation,
    /// Whether the process ends now.
    pub stops: bool,
    /// What memory a foreign pointer points to, if the system says.
    pub memory: Option<&'a str>,
    /// Names of threads: of the one that found the fault, that allocated the block, that freed it.
    pub names: [Option<&'a str>; 3],
    /// What lies before the block and behind it.
    pub neighbours: [Option<Neighbour>; 2],
}

/// The whole message.
#[must_use]
pub fn render(fault: &Fault, context: &Context<'_>) -> Text {
    let mut text = Text::default();
    // `Text` never fails to be written to: it cuts.
    let _ = write(&mut text, fault, context);
    text
}

fn write(text: &mut Text, fault: &Fault, context: &Context<'_>) -> fmt::Result {
    let Context {
        process, operation, ..
    } = *context;
    write!(
        text,
        "secmalloc: {process}: {}: {}: ",
        fault.name(),
        operation.name()
    )?;
    detail(text, fault, context)?;
    text.write_char('\n')?;
    match fault {
        Fault::InvalidFree { pointer, .. } => writeln!(text, "  pointer    {pointer:#x}")?,
        Fault::MetadataCorruption { state, .. } => writeln!(text, "  state      {state:#04x}")?,
        Fault::SensitiveStackOverflow {
            mishap: Mishap::Smashed { address, .. } | Mishap::Gone { address, .. },
        } => writeln!(text, "  local      {address:#x}")?,
        Fault::AllocDeallocMismatch { given, caller, .. } => {
            if *caller != 0 {
                writeln!(text, "  caller     {caller:#x}")?;
            }
            if let Some(given) = given {
                writeln!(text, "  claimed    {given} bytes")?;
            }
        }
        Fault::SecretResidue {
            place,
            address,
            length,
        } => {
            // Never the bytes themselves.
            write!(text, "  secret     {length} bytes at {address:#x}")?;
            if let Residue::Stack { thread, below } = place {
                write!(
                    text,
                    ", {below} bytes below the stack pointer of thread {thread}"
                )?;
            }
            text.write_char('\n')?;
        }
        _ => {}
    }
    if let Some(memory) = context.memory {
        writeln!(text, "  memory     {memory}")?;
    }
    if let Some(block) = fault.block() {
        describe(text, &block, context)?;
    }
    around::show(text, &context.neighbours)?;
    if let Some(evidence) = fault.evidence() {
        bytes::show(text, &evidence)?;
    }
    write!(text, "  thread     {}", context.thread)?;
    name(text, context.names[0])?;
    writeln!(text, " in {}", operation.name())?;
    text.write_str(match (context.stops, operation) {
        (true, Operation::Access) => "  the process is stopped by the signal it caused\n",
        (true, _) => "  the process is stopped (SIGABRT)\n",
        (false, _) if matches!(fault, Fault::SecretResidue { .. }) => {
            "  the program goes on (policy)\n"
        }
        (false, _) if fault.is_harmless() => {
            "  the program goes on; the block is freed, further ones from here in silence (policy)\n"
        }
        (false, _) => "  the program goes on; the block is never used again (policy)\n",
    })
}

/// A block's size as the first line names it; a freed small block has lost its own.
struct Sized(Block);

impl fmt::Display for Sized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.requested {
            Some(size) => write!(f, "{size}-byte block"),
            None => f.write_str("block"),
        }
    }
}

/// A number of bytes.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

fn detail(text: &mut Text, fault: &Fault, context: &Context<'_>) -> fmt::Result {
    match *fault {
        Fault::HeapBufferOverflow {
            block,
            offset,
            contact: Contact::Written(_),
        } => {
            write!(
                text,
                "{} written past its end, first at offset {offset}",
                Sized(block)
            )
        }
        Fault::HeapBufferOverflow {
            block,
            offset,
            contact: Contact::Guarded,
        } => {
            write!(
                text,
                "{} accessed past its end, at offset {offset}",
                Sized(block)
            )
        }
        Fault::HeapBufferUnderflow {
            block,
            contact: Contact::Written(_),
            ..
        } => {
            write!(text, "{} written before its start", Sized(block))
        }
        Fault::HeapBufferUnderflow {
            block,
            distance,
            contact: Contact::Guarded,
        } => {
            write!(
                text,
                "{} accessed before its start, at offset -{distance}",
                Sized(block)
            )
        }
        Fault::DoubleFree { .. } | Fault::ReallocAfterFree { .. } => {
            text.write_str("block was already freed")
        }
        Fault::InvalidFree { stray, .. } => match stray {
            // Between a block's end and its slot's.
            Stray::InsideLive(block, offset)
                if block.requested.is_some_and(|size| offset >= size) =>
            {
                write!(
                    text,
                    "pointer is {} behind the start of a live {}, past its end",
                    Bytes(offset),
                    Sized(block)
                )
            }
            Stray::InsideLive(block, offset) => {
                write!(
                    text,
                    "pointer is {} inside a live {}",
                    Bytes(offset),
                    Sized(block)
                )
            }
            Stray::InsideFreed(_, offset) => {
                write!(text, "pointer is {} inside a freed block", Bytes(offset))
            }
            Stray::NeverAllocated => {
                text.write_str("pointer is to memory that was never allocated")
            }
            Stray::Foreign => text.write_str("pointer is not from this heap"),
        },
        Fault::UseAfterFreeWrite { offset, .. } => {
            write!(text, "freed block was written to, first at offset {offset}")
        }
        Fault::UseAfterFreeAccess { block, offset } => {
            write!(text, "freed {} accessed, at offset {offset}", Sized(block))
        }
        Fault::SizeMismatch { block, given } => {
            write!(text, "{} freed as {given} bytes", Sized(block))
        }
        Fault::AlignmentMismatch { block, given } => {
            write!(text, "{} is not aligned to {given} bytes", Sized(block))
        }
        Fault::AllocDeallocMismatch { block, .. } => write!(
            text,
            "{} was made by {}",
            Sized(block),
            block.kind.map_or("another family", Kind::name)
        ),
        Fault::MetadataCorruption { .. } => text.write_str("the state of a slot is impossible"),
        Fault::SecretResidue { place, address, .. } => residue(text, &place, address, context),
        Fault::SensitiveStackOverflow { mishap } => local(text, mishap),
    }
}

fn local(text: &mut Text, mishap: Mishap) -> fmt::Result {
    match mishap {
        Mishap::Full { size, used, whole } => write!(
            text,
            "{size}-byte local does not fit, {used} of {whole} bytes are in use"
        ),
        Mishap::Refused { size, why } => write!(
            text,
            "a stack of {size} bytes cannot be had as the options want it, errno {why}"
        ),
        Mishap::Smashed { size, .. } => write!(text, "{size}-byte local written past its end"),
        Mishap::Gone { size, .. } => {
            write!(text, "{size}-byte local was gone before its block ended")
        }
        Mishap::Above { distance } => {
            write!(text, "accessed past the stack's end, at offset {distance}")
        }
        Mishap::Below { distance } => {
            write!(
                text,
                "accessed before the stack's start, at offset -{distance}"
            )
        }
    }
}

fn residue(text: &mut Text, place: &Residue, address: usize, context: &Context<'_>) -> fmt::Result {
    let (block, what) = match place {
        Residue::Freed(block) => (block, "freed with a watched secret in it"),
        Residue::Moved(block) => (block, "moved with a watched secret in its old place"),
        Residue::Cut(block) => (block, "shrunk with a watched secret in what it lost"),
        Residue::Live(block) => (block, "holds a watched secret"),
        Residue::Stack { thread, .. } => {
            let whose = if *thread == context.thread {
                "the calling thread"
            } else {
                "another thread"
            };
            return write!(text, "a watched secret was left on the stack of {whose}");
        }
    };
    let offset = address.wrapping_sub(block.address);
    write!(text, "{} {what}, at offset {offset}", Sized(*block))
}

fn describe(text: &mut Text, block: &Block, context: &Context<'_>) -> fmt::Result {
    write!(text, "  block      {:#x}, ", block.address)?;
    match block.requested {
        Some(size) => write!(text, "{size} bytes requested, ")?,
        None => text.write_str("size not kept, ")?,
    }
    write!(text, "slot of {} bytes", block.slot)?;
    match block.kind {
        Some(kind) => writeln!(text, ", {}", kind.name())?,
        None => text.write_char('\n')?,
    }
    let [_, allocator, freer] = context.names;
    actor(text, "allocated", block.allocated_by, allocator)?;
    actor(text, "freed", block.freed_by, freer)
}

fn name(text: &mut Text, name: Option<&str>) -> fmt::Result {
    match name {
        Some(name) => write!(text, " ({name})"),
        None => Ok(()),
    }
}

fn actor(text: &mut Text, did: &str, actor: Actor, called: Option<&str>) -> fmt::Result {
    if actor.thread == 0 {
        return Ok(());
    }
    let earlier = if actor.or_earlier {
        ", or a finished thread whose heap it took over"
    } else {
        ""
    };
    write!(text, "  {did:<9}  by thread {}", actor.thread)?;
    name(text, called)?;
    writeln!(text, "{earlier}")
}
