// SPDX-License-Identifier: MIT OR Apache-2.0
//! A loaded ELF image: its segments, and the notes in them.
//!
//! The loader maps the whole range of a module and leaves the holes between segments without
//! access (glibc, elf/dl-map-segments.h), so that nothing outside a segment is read here.

use core::slice;

use libc::{Elf64_Ehdr, Elf64_Phdr};

/// The one page of a module that is read before its segments are known.
const FIRST: usize = 4096;
/// The type of a note that holds the build's identity (`linux/elf.h`), and its owner.
const NT_GNU_BUILD_ID: u32 = 3;
const GNU: &[u8] = b"GNU\0";

/// The segments of a module that is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image {
    headers: &'static [Elf64_Phdr],
    /// What was added to the addresses in the file.
    pub(crate) bias: usize,
    end: usize,
}

impl Image {
    /// The image at `start`, the address of a module's first byte as the loader gives it.
    /// `None` where the first segment does not begin with the ELF header.
    pub(crate) fn at(start: usize, end: usize) -> Option<Image> {
        if start == 0 || start % FIRST != 0 || end.checked_sub(start)? < FIRST {
            return None;
        }
        let header: *const Elf64_Ehdr = core::ptr::with_exposed_provenance(start);
        // SAFETY: a module that is loaded begins with its first segment's first page, which
        // is mapped for reading as long as a frame of it is on our stack (a module without
        // PF_R there could not have been relocated).
        let header = unsafe { &*header };
        let room = FIRST.checked_sub(usize::try_from(header.e_phoff).ok()?)?;
        if header.e_ident.get(..4) != Some(b"\x7fELF".as_slice())
            || usize::from(header.e_phentsize) != size_of::<Elf64_Phdr>()
            || header.e_phoff % 8 != 0
            || usize::from(header.e_phnum) > room / size_of::<Elf64_Phdr>()
        {
            return None;
        }
        let first = core::ptr::with_exposed_provenance(start + header.e_phoff as usize);
        // SAFETY: aligned, and within the first page, by the comparisons above.
        let headers: &[Elf64_Phdr] =
            unsafe { slice::from_raw_parts(first, usize::from(header.e_phnum)) };
        let load = headers.iter().find(|h| h.p_type == libc::PT_LOAD)?;
        Some(Image {
            headers,
            bias: start.wrapping_sub(load.p_vaddr.wrapping_sub(load.p_offset) as usize),
            end,
        })
    }

    /// Where the module ends.
    pub(crate) fn span_end(&self) -> Option<usize> {
        let loads = self.headers.iter().filter(|h| h.p_type == libc::PT_LOAD);
        loads
            .filter_map(|h| self.bias.checked_add((h.p_vaddr + h.p_memsz) as usize))
            .max()
    }

    /// Where the segment of this type is.
    pub(crate) fn segment(&self, kind: u32) -> Option<usize> {
        let header = self.headers.iter().find(|h| h.p_type == kind)?;
        Some(self.bias.wrapping_add(header.p_vaddr as usize))
    }

    /// The bytes from `address` to the end of the loaded segment that it is in.
    pub(crate) fn rest_of_segment(&self, address: usize) -> Option<&'static [u8]> {
        let mut loads = self
            .headers
            .iter()
            .filter(|h| h.p_type == libc::PT_LOAD && h.p_flags & libc::PF_R != 0);
        let length = loads.find_map(|h| {
            let start = self.bias.wrapping_add(h.p_vaddr as usize);
            let size = h.p_filesz as usize;
            let inside = address.wrapping_sub(start);
            (inside < size).then(|| size - inside)
        })?;
        if length > self.end.checked_sub(address)? {
            return None;
        }
        let first = core::ptr::with_exposed_provenance(address);
        // SAFETY: the loader mapped that segment for reading, and the module's range ends no
        // earlier; nothing writes to what a file holds while it is read (tables and notes are
        // constant). It stays as long as the module does.
        Some(unsafe { slice::from_raw_parts(first, length) })
    }

    /// The identity that the linker gave this build (`--build-id`).
    pub(crate) fn build_id(&self) -> Option<&'static [u8]> {
        let notes = self.headers.iter().filter(|h| h.p_type == libc::PT_NOTE);
        notes.filter_map(|h| self.build_id_in(h)).next()
    }

    fn build_id_in(&self, header: &Elf64_Phdr) -> Option<&'static [u8]> {
        let address = self.bias.wrapping_add(header.p_vaddr as usize);
        let segment = self.rest_of_segment(address)?;
        let mut notes = segment.get(..header.p_filesz as usize)?;
        // Notes of 8-byte alignment have 8-byte padding behind their contents (`.note.gnu.property`).
        let step = if header.p_align == 8 { 8 } else { 4 };
        loop {
            let word = |at: usize| -> Option<u32> {
                let bytes = notes.get(at..at + 4)?;
                Some(u32::from_ne_bytes(bytes.try_into().ok()?))
            };
            let (name, content, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
            let begin = 12 + name.next_multiple_of(4);
            let end = begin.checked_add(content)?;
            if kind == NT_GNU_BUILD_ID && notes.get(12..12 + name) == Some(GNU) {
                return notes.get(begin..end);
            }
            notes = notes.get(end.next_multiple_of(step)..)?;
        }
    }
}
