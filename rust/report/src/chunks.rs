// SPDX-License-Identifier: MIT OR Apache-2.0
//! The chunks of a report's file, and what is wrong with them.

use secmalloc_policy::trace_format::{checksum, Header, STEP, VERSION};

/// A chunk that can be read.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// Its header.
    pub header: Header,
    /// All of it, or what is left of it.
    pub bytes: &'a [u8],
}

/// What was found in a file.
#[derive(Debug, Default)]
pub struct Chunks<'a> {
    /// What can be read.
    pub sound: Vec<Chunk<'a>>,
    /// Chunks that were never finished: the process was killed, or their thread did not run again. All of their
    /// whole records are read.
    pub unfinished: usize,
    /// Chunks with another checksum than theirs, which are not read.
    pub damaged: usize,
    /// Chunks of a later version, which are not read.
    pub newer: usize,
    /// Bytes between chunks that are no chunk.
    pub strange: usize,
}

/// Why a file is no report.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is empty.
    Empty,
    /// It does not start like one.
    NotAReport,
    /// It is of a version that is not known here.
    Version(u16),
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unreadable::Empty => f.write_str("the file is empty"),
            Unreadable::NotAReport => f.write_str(
                "not an execution report of secmalloc (one that MSM_OUTPUT names, but for .txt)",
            ),
            Unreadable::Version(version) => {
                write!(
                    f,
                    "a report of version {version}; this command reads up to {VERSION}"
                )
            }
        }
    }
}

impl std::error::Error for Unreadable {}

impl<'a> Chunks<'a> {
    /// Finds the chunks of a file.
    ///
    /// # Errors
    /// If there is nothing to be read in it.
    pub fn of(file: &'a [u8]) -> Result<Chunks<'a>, Unreadable> {
        let mut chunks = Chunks::default();
        let mut at = 0;
        let mut version = None;
        while let Some(rest) = file.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(header) = Header::read(rest) else {
                // A chunk that was reserved and never begun is all zero.
                let piece = rest.get(..STEP).unwrap_or(rest);
                if piece.iter().any(|&byte| byte != 0) {
                    chunks.strange += piece.len();
                }
                at += STEP;
                continue;
            };
            at += header.length;
            let bytes = rest.get(..header.length).unwrap_or(rest);
            if header.version > VERSION {
                chunks.newer += 1;
                version = Some(header.version);
            } else if header.used == 0 {
                chunks.unfinished += 1;
                chunks.sound.push(Chunk { header, bytes });
            } else if bytes
                .get(..header.used)
                .is_some_and(|used| checksum(used) == header.checksum)
            {
                chunks.sound.push(Chunk { header, bytes });
            } else {
                chunks.damaged += 1;
            }
        }
        match version {
            _ if !chunks.sound.is_empty() => Ok(chunks),
            Some(version) => Err(Unreadable::Version(version)),
            None if file.is_empty() => Err(Unreadable::Empty),
            None => Err(Unreadable::NotAReport),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secmalloc_policy::trace_format::HEADER;

    fn chunk(used: usize, version: u16) -> Vec<u8> {
        let mut bytes = vec![0; 2 * STEP];
        let mut header = Header {
            version,
            records: HEADER,
            length: bytes.len(),
            used,
            process: 1,
            time: 0,
            checksum: 0,
        };
        bytes[..HEADER].copy_from_slice(&header.to_bytes());
        if used > 0 {
            header.checksum = checksum(&bytes[..used]);
            bytes[..HEADER].copy_from_slice(&header.to_bytes());
        }
        bytes
    }

    #[test]
    fn whole_unfinished_cut_damaged_and_newer_are_told_apart() {
        let mut damaged = chunk(100, VERSION);
        damaged[99] = 1;
        let mut file = [
            chunk(100, VERSION),
            damaged,
            vec![0; STEP],
            vec![7; STEP],
            chunk(0, VERSION),
            chunk(100, VERSION + 1),
            chunk(0, VERSION),
        ]
        .concat();
        file.truncate(file.len() - STEP);
        let chunks = Chunks::of(&file).unwrap();
        assert_eq!(chunks.sound.len(), 3);
        assert_eq!(
            (
                chunks.unfinished,
                chunks.damaged,
                chunks.newer,
                chunks.strange
            ),
            (2, 1, 1, STEP)
        );
    }

    #[test]
    fn what_is_no_report_is_said() {
        assert_eq!(Chunks::of(b"").err(), Some(Unreadable::Empty));
        assert_eq!(Chunks::of(b"hello").err(), Some(Unreadable::NotAReport));
        assert_eq!(
            Chunks::of(&chunk(0, VERSION + 1)).err(),
            Some(Unreadable::Version(VERSION + 1))
        );
    }
}
