// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of an execution report, as the library writes them and the reader reads them.
//!
//! A report is a sequence of *chunks*. Each is written by one thread at a time, into a shared mapping of
//! the file, so that what was recorded is in the file whatever happens to the process: SIGKILL, `_exit`,
//! `exec`. All numbers are little-endian. A chunk is a multiple of 4096 bytes long and starts with
//! a header:
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | magic, `"MSMR"` |
//! | 4..6 | version of the format, 1 |
//! | 6..8 | length of this header; the records follow |
//! | 8..12 | length of the chunk |
//! | 12..16 | length that is used, from the chunk's start; 0 while the chunk is being filled |
//! | 16..20 | process that writes it |
//! | 20..24 | 0 |
//! | 24..32 | time from which its first record counts: nanoseconds of `CLOCK_MONOTONIC` |
//! | 32..40 | checksum of the used bytes, this field taken as 0 ([`checksum`]); 0 while being filled |
//!
//! A chunk that was never finished is valid up to its last whole record: it was zero before, and no
//! record starts with a zero byte. A reader that finds no header looks for the next one at each
//! multiple of 4096.
//!
//! A *record* is a call, or something else. Numbers in records are LEB128 ([`number`]), addresses are
//! differences ([`address`]).
//!
//! * A call starts with a byte below 128: the function's number in the low 5 bits ([`call`]),
//!   [`call::HAS_STACK`], [`call::FAILED`].
//! * Everything else starts with 128 plus its type, then its length, then as many bytes ([`note`]). A
//!   reader skips types that it does not know, and bytes after those that it does.

pub mod address;
pub mod call;
pub mod note;
pub mod number;
#[cfg(test)]
mod tests;

use number::{Reader, Writer};

/// The first bytes of a chunk.
pub const MAGIC: [u8; 4] = *b"MSMR";
/// The version that this module describes.
pub const VERSION: u16 = 1;
/// Chunks are a multiple of this long, in bytes.
pub const STEP: usize = 4096;
/// Length of a chunk's header, in bytes.
pub const HEADER: usize = 40;
/// Bit that all records but calls have in their first byte.
pub const NOTE: u8 = 128;

/// The header of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Version of the format.
    pub version: u16,
    /// Where the records begin.
    pub records: usize,
    /// Length of the chunk, in bytes.
    pub length: usize,
    /// Bytes in use, or 0 while the chunk is being filled.
    pub used: usize,
    /// The process that wrote it.
    pub process: u32,
    /// The time before its first record, in nanoseconds.
    pub time: u64,
    /// Of the used bytes.
    pub checksum: u64,
}

impl Header {
    /// The header as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let fields = MAGIC
            .into_iter()
            .chain(self.version.to_le_bytes())
            .chain((self.records as u16).to_le_bytes())
            .chain((self.length as u32).to_le_bytes())
            .chain((self.used as u32).to_le_bytes())
            .chain(self.process.to_le_bytes())
            .chain([0; 4])
            .chain(self.time.to_le_bytes())
            .chain(self.checksum.to_le_bytes());
        for (to, from) in bytes.iter_mut().zip(fields) {
            *to = from;
        }
        bytes
    }

    /// Reads a header; `None` where there is none, or one that cannot be.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let short = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let long = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let header = Header {
            version: short(4)?,
            records: short(6)?.into(),
            length: word(8)? as usize,
            used: word(12)? as usize,
            process: word(16)?,
            time: long(24)?,
            checksum: long(32)?,
        };
        let possible = bytes.starts_with(&MAGIC)
            && header.records >= HEADER
            && header.length >= STEP
            && header.length % STEP == 0
            && (header.used == 0 || (header.records..=header.length).contains(&header.used));
        possible.then_some(header)
    }
}

/// Where a chunk's checksum stands.
const CHECKSUM_AT: core::ops::Range<usize> = 32..40;

/// FNV-1a (draft-eastlake-fnv-21), 64 bits, over the chunk's words of 8 bytes instead of single bytes; the
/// last word is filled up with zeros, and the checksum's own field counts as zero. It finds what was torn
/// or overwritten, not what was forged.
#[must_use]
pub fn checksum(used: &[u8]) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut sum = BASIS;
    for (number, piece) in used.chunks(8).enumerate() {
        let mut word = [0; 8];
        if number.wrapping_mul(8) != CHECKSUM_AT.start {
            for (to, &from) in word.iter_mut().zip(piece) {
                *to = from;
            }
        }
        sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(PRIME);
    }
    sum
}

/// What a record is.
#[derive(Debug, Clone, PartialEq)]
pub enum Record<'a> {
    /// A call of the malloc family.
    Call(call::Call),
    /// Something else.
    Note(note::Note<'a>),
}

/// The records of one chunk, in the order in which they were written.
pub struct Records<'a> {
    reader: Reader<'a>,
    time: u64,
    addresses: address::Addresses,
    /// What the file says of functions that this version may not know.
    shapes: call::Shapes,
}

impl<'a> Records<'a> {
    /// The records in `bytes`, a chunk from its header on; none if there is no header.
    #[must_use]
    pub fn of(bytes: &'a [u8], shapes: &call::Shapes) -> Records<'a> {
        let (from, to, time) = match Header::read(bytes) {
            None => (0, 0, 0),
            Some(header) if header.used > 0 => (header.records, header.used, header.time),
            Some(header) => (header.records, header.length.min(bytes.len()), header.time),
        };
        Records {
            reader: Reader::of(bytes.get(from..to).unwrap_or(&[])),
            time,
            addresses: address::Addresses::default(),
            shapes: *shapes,
        }
    }

    fn read(&mut self) -> Option<Record<'a>> {
        loop {
            let first = self.reader.byte()?;
            if first == 0 {
                return None;
            }
            if first & NOTE == 0 {
                let call = call::Call::read(
                    first,
                    &mut self.reader,
                    &mut self.time,
                    &mut self.addresses,
                    &self.shapes,
                )?;
                return Some(Record::Call(call));
            }
            let length = usize::try_from(self.reader.number()?).ok()?;
            let payload = self.reader.bytes(length)?;
            if let Some(note) = note::Note::read(first & !NOTE, payload) {
                return Some(Record::Note(note));
            }
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    /// The next record; `None` at the end, and where a record was cut off.
    fn next(&mut self) -> Option<Record<'a>> {
        let record = self.read();
        if record.is_none() {
            self.reader = Reader::of(&[]);
        }
        record
    }
}

/// Writes records into a chunk: each without its first byte, which is returned. A record is only there when
/// that byte is, so whoever is handed it puts it before the others, last of all.
pub struct Pen<'a> {
    /// Where the second byte of the next record goes.
    pub writer: Writer<'a>,
    /// The time of the last call.
    pub time: &'a mut u64,
    /// The addresses written last.
    pub addresses: &'a mut address::Addresses,
}

impl Pen<'_> {
    /// Writes a call. `None` if there was no room.
    #[must_use]
    pub fn call(&mut self, call: &call::Call) -> Option<u8> {
        call.write(&mut self.writer, self.time, self.addresses)
    }

    /// Writes something else.
    #[must_use]
    pub fn note(&mut self, note: &note::Note<'_>) -> Option<u8> {
        note.write(&mut self.writer)
    }
}
