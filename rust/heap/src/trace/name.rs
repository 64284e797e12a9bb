// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the report's file is called.
//!
//! `MSM_OUTPUT` is a path, in which `%p` stands for the process, `%e` for the program's name, and `%%` for a
//! percent sign. A path that does not start with a slash is taken from the directory in which the process
//! was when it made its first allocation. A second process to which the same name falls (a child, or another
//! program that was executed) adds its number to it.

use core::ffi::CStr;
use core::fmt::{self, Write};
use core::mem::size_of;

use crate::die;
use crate::sys::files::{link_target, working_directory};
use crate::sys::{self, Access};

/// Room for a path, with its terminating zero (`PATH_MAX`).
const LONGEST: usize = 4096;

/// A path under construction; what does not fit makes it useless.
pub(super) struct Path {
    bytes: [u8; LONGEST],
    length: usize,
    fits: bool,
}

impl Path {
    pub(super) const fn new() -> Path {
        Path {
            bytes: [0; LONGEST],
            length: 0,
            fits: true,
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Path::new();
    }

    /// Takes the last bytes away.
    fn cut(&mut self, count: usize) {
        let end = self.length;
        self.length = end.saturating_sub(count);
        if let Some(gone) = self.bytes.get_mut(self.length..end) {
            gone.fill(0);
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        // The last byte stays zero.
        match self.bytes.get_mut(self.length..end) {
            Some(room) if end < LONGEST => {
                room.copy_from_slice(bytes);
                self.length = end;
            }
            _ => self.fits = false,
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// The path as the kernel wants it; `None` if it was too long.
    pub(super) fn as_c_str(&self) -> Option<&CStr> {
        let text = CStr::from_bytes_until_nul(&self.bytes).ok()?;
        (self.fits && text.count_bytes() == self.length).then_some(text)
    }
}

impl Write for Path {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// What was asked for, with the working directory before it.
pub(super) struct Template {
    path: Path,
    room: [u8; LONGEST],
}

impl Template {
    /// Keeps what was asked for, in memory of its own: the environment is the program's to change.
    pub(super) fn store(wanted: &[u8]) -> Option<usize> {
        let at = sys::map(
            size_of::<Template>().next_multiple_of(64 << 10),
            Access::Write,
        )?;
        // SAFETY: just mapped, large enough, and nobody else knows of it; zero is a valid `Template`.
        let template = unsafe { sys::pointer::<Template>(at).as_mut() };
        let Template { path, room } = template;
        let from = if wanted.starts_with(b"/") {
            &[][..]
        } else if let Some(from) = working_directory(room) {
            from
        } else {
            die::say(&"MSM_OUTPUT: the working directory is not known; nothing is recorded");
            return None;
        };
        path.clear();
        for &byte in from {
            // It is not to be taken for a pattern.
            path.push(if byte == b'%' {
                b"%%"
            } else {
                core::slice::from_ref(&byte)
            });
        }
        if !from.is_empty() {
            path.push(b"/");
        }
        path.push(wanted);
        if path.as_c_str().is_none() {
            die::say(&"MSM_OUTPUT: the path is longer than 4095 bytes; nothing is recorded");
            return None;
        }
        let mut pattern = wanted.iter();
        while let Some(&byte) = pattern.next() {
            if byte != b'%' {
                continue;
            }
            let letter = pattern.next().copied();
            if !matches!(letter, Some(b'p' | b'e' | b'%')) {
                die::say(&Unknown(letter));
            }
        }
        Some(at)
    }

    /// Whether the report is to be text.
    pub(super) fn is_text(&self) -> bool {
        self.path.as_bytes().ends_with(b".txt")
    }

    /// Makes `path` the path for a process; `try_number` counts how often one was taken. A `child` was
    /// forked by a process that records.
    pub(super) fn path(
        &self,
        path: &mut Path,
        room: &mut [u8],
        process: u32,
        child: bool,
        try_number: u32,
    ) {
        path.clear();
        let (mut letters, mut own) = (self.path.as_bytes().iter(), false);
        while let Some(&byte) = letters.next() {
            if byte != b'%' {
                path.push(core::slice::from_ref(&byte));
                continue;
            }
            match letters.next() {
                Some(b'p') => {
                    own = true;
                    let _ = write!(path, "{process}");
                }
                Some(b'e') => path.push(base_name(program(room))),
                Some(b'%') | None => path.push(b"%"),
                Some(other) => path.push(&[b'%', *other]),
            }
        }
        // Before the extension, so that text stays text.
        let text = self.is_text();
        if text {
            path.cut(b".txt".len());
        }
        let number = try_number + u32::from(child && !own);
        if number > 0 && !own {
            let _ = write!(path, ".{process}");
        }
        if number > 1 || (number > 0 && own) {
            let _ = write!(path, ".{}", number + u32::from(own));
        }
        if text {
            path.push(b".txt");
        }
    }
}

/// The path of the program.
pub(super) fn program(room: &mut [u8]) -> &[u8] {
    link_target(c"/proc/self/exe", room)
}

pub(super) fn base_name(path: &[u8]) -> &[u8] {
    match path.rsplit(|&byte| byte == b'/').next() {
        None | Some([]) => b"unknown",
        Some(name) => name,
    }
}

/// A pattern that is none.
struct Unknown(Option<u8>);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MSM_OUTPUT: unknown pattern '%")?;
        if let Some(letter) = self.0.filter(u8::is_ascii_graphic) {
            f.write_char(letter.into())?;
        }
        f.write_str("'; accepted: %p (process), %e (program), %% (a percent sign)")
    }
}

/// A file that cannot be written.
pub(super) struct Complaint<'a> {
    pub(super) path: &'a CStr,
    pub(super) errno: i32,
}

impl fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "MSM_OUTPUT: cannot write '{}': {} (errno {}); nothing more is recorded, the program goes on",
            Shown(self.path),
            meaning(self.errno),
            self.errno
        )
    }
}

/// A path, fit to be printed.
pub(super) struct Shown<'a>(pub(super) &'a CStr);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_bytes().iter().try_for_each(|&byte| {
            f.write_char(if byte.is_ascii_graphic() || byte == b' ' {
                byte.into()
            } else {
                '?'
            })
        })
    }
}

/// What errors of files mean. The C library's texts are not at hand: it may allocate for them.
pub(super) fn meaning(errno: i32) -> &'static str {
    match errno {
        libc::ENOENT => "no such directory",
        libc::EACCES | libc::EPERM => "permission denied",
        libc::EISDIR => "it is a directory",
        libc::ENOTDIR => "a part of the path is not a directory",
        libc::EROFS => "the file system is read-only",
        libc::ENOSPC | libc::EDQUOT => "no space left",
        libc::EFBIG => "the file would be too large",
        libc::EMFILE | libc::ENFILE => "too many open files",
        libc::ENOMEM => "not enough memory",
        libc::ELOOP => "too many symbolic links",
        libc::ENAMETOOLONG => "the name is too long",
        libc::ENXIO | libc::ENODEV | libc::ESPIPE | libc::EINVAL => {
            "it is not a regular file (only a name that ends in .txt may be something else)"
        }
        _ => "input/output error",
    }
}
