// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stacks and names of threads as text.

use core::cell::UnsafeCell;
use core::fmt::{self, Write};

use secmalloc_policy::fault::{Actor, Block};
use secmalloc_policy::message::Text;
use secmalloc_unwind::{module_of, Module, Point};

use super::aside::Owner;
use crate::pool::{self, fixed};
use crate::sys;
use crate::trace::module_name;
use crate::trace::stacks::DEEPEST;

/// As much as a pipe takes in one piece (`PIPE_BUF`): what two processes write at once into one log does
/// not mix.
pub(crate) const MOST: usize = 4096;

/// Frames that people look at: of the access or the call, and of those before.
const HERE: usize = 16;
const BEFORE: usize = 10;

/// Lines of text in a piece of memory; of a line that does not fit, nothing.
pub(crate) struct Lines<'a> {
    room: &'a mut [u8],
    length: usize,
    /// Where the line that is being written began, and whether it fits so far.
    line: usize,
    fits: bool,
}

impl<'a> Lines<'a> {
    fn new(room: &'a mut [u8]) -> Lines<'a> {
        Lines {
            room,
            length: 0,
            line: 0,
            fits: true,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.room.get(..self.line).unwrap_or(&[])
    }
}

impl Write for Lines<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\n') {
            let end = self.length + piece.len();
            match self.room.get_mut(self.length..end) {
                Some(to) if self.fits => {
                    to.copy_from_slice(piece.as_bytes());
                    self.length = end;
                }
                _ => self.fits = false,
            }
            if piece.ends_with('\n') {
                if !self.fits {
                    self.length = self.line;
                }
                self.fits = true;
                self.line = self.length;
            }
        }
        Ok(())
    }
}

/// Room for one message.
struct Shared {
    owner: Owner,
    room: UnsafeCell<[u8; MOST]>,
}

// SAFETY: the room is only touched by its owner.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared {
    owner: Owner::nobody(),
    room: UnsafeCell::new([0; MOST]),
};

/// How often to look whether another thread has got its message away.
pub(crate) const PATIENCE: u32 = 10_000;

/// Does something with the room for messages; `None` if somebody has it: another thread that does not get its
/// message away, or this one, in whose message a signal handler came.
pub(crate) fn with_lines<T>(work: impl FnOnce(&mut Lines<'_>) -> T) -> Option<T> {
    if !SHARED.owner.take(PATIENCE) {
        return None;
    }
    // SAFETY: just taken.
    let done = work(&mut Lines::new(unsafe { &mut *SHARED.room.get() }));
    SHARED.owner.give_back();
    Some(done)
}

/// The name of a thread, fit to be printed: names are the program's, and a line must stay one.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    bytes: [u8; 16],
    length: usize,
}

impl Name {
    fn of(bytes: &[u8]) -> Name {
        let (mut name, mut length) = ([0; 16], 0);
        for (to, &byte) in name.iter_mut().zip(bytes) {
            match byte {
                0 | b'\n' => break,
                b'(' | b')' => *to = b'?',
                b' '..=b'~' => *to = byte,
                _ => *to = b'?',
            }
            length += 1;
        }
        Name {
            bytes: name,
            length,
        }
    }

    /// What a thread is called, or was when it did something. One that has ended is not known by name where none
    /// was kept.
    pub(crate) fn of_actor(actor: Actor) -> Option<Name> {
        if actor.thread == 0 || !pool::started() {
            return None;
        }
        if let Some(name) = super::name(actor.name) {
            return Some(Name::of(&name));
        }
        if actor.or_earlier {
            return None;
        }
        let mut path = Text::default();
        let _ = write!(path, "/proc/self/task/{}/comm\0", actor.thread);
        let path = core::ffi::CStr::from_bytes_until_nul(path.as_bytes()).ok()?;
        let (mut room, mut name) = ([0; 32], None);
        sys::read_file(path, &mut room, |bytes| {
            name = Some(Name::of(bytes));
            false
        });
        name
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        let name = core::str::from_utf8(self.bytes.get(..self.length)?).ok()?;
        (!name.is_empty()).then_some(name)
    }
}

/// Modules whose identity was said: once in a message is enough.
#[derive(Default)]
struct Said {
    starts: [usize; 16],
    count: usize,
}

impl Said {
    fn is_new(&mut self, module: &Module) -> bool {
        if self.starts.contains(&module.start) {
            return false;
        }
        if let Some(place) = self.starts.get_mut(self.count) {
            *place = module.start;
            self.count += 1;
        }
        true
    }
}

/// Writes the stack of the access or call, and those that are known of the block.
pub(crate) fn stacks(to: &mut Lines<'_>, here: &[Point], block: Option<&Block>) {
    let mut said = Said::default();
    one(to, here, HERE, &mut said);
    let Some(block) = block else {
        return;
    };
    let was_freed = block.kind.is_none();
    let (freed, made) = (block.freed_by, block.allocated_by);
    before(to, "freed", freed, &mut said);
    before(to, "allocated", made, &mut said);
    let missing = match (made.stack, freed.stack) {
        (0, 0) if was_freed => "the allocation and the free",
        (0, _) => "the allocation",
        (_, 0) if was_freed => "the free",
        _ => return,
    };
    let how = if fixed().evidence.is_of_all() {
        "there was no more room"
    } else {
        "SECMALLOC_OPTIONS=profile=diagnose keeps all"
    };
    let _ = writeln!(to, "  (no stack was kept of {missing}: {how})");
}

/// Writes what somebody did before, if the stack of that is known.
fn before(to: &mut Lines<'_>, did: &str, actor: Actor, said: &mut Said) {
    if actor.stack == 0 {
        return;
    }
    let mut room = [Point::default(); DEEPEST];
    let frames = super::frames(actor.stack, &mut room);
    let name = Name::of_actor(actor);
    let _ = write!(to, "  {did} by thread {}", actor.thread);
    if let Some(name) = name.as_ref().and_then(Name::as_str) {
        let _ = write!(to, " ({name})");
    }
    let _ = to.write_str(":\n");
    one(to, frames, BEFORE, said);
}

/// Writes a line for each frame: addresses as `addr2line -e FILE` wants them. Names are for a reader outside
/// this process to find.
fn one(to: &mut Lines<'_>, frames: &[Point], most: usize, said: &mut Said) {
    for (number, &frame) in frames.iter().take(most).enumerate() {
        let address = frame.address();
        let _ = write!(to, "    #{number:<2} {address:#x}");
        match module_of(address) {
            Some(module) if module.stamp == frame.stamp() => place(to, address, &module, said),
            _ if frame.stamp() != 0 => {
                let _ = to.write_str(" (in a library that was unloaded)");
            }
            _ => {}
        }
        let _ = to.write_char('\n');
    }
    if frames.len() > most {
        let _ = writeln!(to, "    (and {} more)", frames.len() - most);
    }
}

fn place(to: &mut Lines<'_>, address: usize, module: &Module, said: &mut Said) {
    // Without a system call: what the program was started as.
    let path = module_name(module).unwrap_or_else(sys::started_as);
    let path = core::str::from_utf8(path).unwrap_or("?");
    let _ = write!(to, " ({path}+{:#x})", address.wrapping_sub(module.bias));
    if !said.is_new(module) {
        return;
    }
    if let Some(id) = module.build_id() {
        let _ = to.write_str(" (BuildId: ");
        for byte in id {
            let _ = write!(to, "{byte:02x}");
        }
        let _ = to.write_char(')');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_fit_is_left_out_as_a_whole() {
        let mut room = [0; 16];
        let mut lines = Lines::new(&mut room);
        let _ = lines.write_str("first\n");
        let _ = write!(lines, "far too {}", 10_000_000);
        let _ = lines.write_char('\n');
        let _ = lines.write_str("second\nthird\n");
        let _ = lines.write_str("4");
        assert_eq!(lines.as_bytes(), b"first\nsecond\n");
    }

    #[test]
    fn a_name_is_one_word_of_a_line() {
        assert_eq!(Name::of(b"a b\n\0\0").as_str(), Some("a b"));
        assert_eq!(Name::of(b"x)\x1b[2J\xff\0").as_str(), Some("x??[2J?"));
        assert_eq!(Name::of(b"\0").as_str(), None);
    }

    #[test]
    fn the_room_is_one_threads_at_a_time() {
        let inner = with_lines(|_| with_lines(|_| ()).is_none());
        assert_eq!(inner, Some(true));
        assert!(with_lines(|_| ()).is_some());
    }
}
