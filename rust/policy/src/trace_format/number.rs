// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers as LEB128 (DWARF 5, 7.6): seven bits a byte, the lowest first, the highest bit set on all but
//! the last. Signed ones are folded to unsigned first: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...

/// Bytes that a number may take.
pub const LONGEST: usize = 10;

/// Folds a signed number.
#[must_use]
pub fn folded(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ number.wrapping_shr(63)) as u64
}

/// Unfolds it.
#[must_use]
pub fn unfolded(number: u64) -> i64 {
    number.wrapping_shr(1) as i64 ^ (number as i64 & 1).wrapping_neg()
}

/// Bytes that a number takes.
#[must_use]
pub fn width(number: u64) -> usize {
    1usize.wrapping_add(number.checked_ilog2().unwrap_or(0) as usize / 7)
}

/// Writes into bytes that it was handed, and stops where they end.
pub struct Writer<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    /// Writes from the start of `bytes`.
    pub fn to(bytes: &'a mut [u8]) -> Writer<'a> {
        Writer { bytes, at: 0 }
    }

    /// Bytes written.
    #[must_use]
    pub fn written(&self) -> usize {
        self.at
    }

    /// One byte.
    #[inline]
    #[must_use]
    pub fn byte(&mut self, byte: u8) -> bool {
        let Some(place) = self.bytes.get_mut(self.at) else {
            return false;
        };
        *place = byte;
        self.at = self.at.wrapping_add(1);
        true
    }

    /// Bytes as they are.
    #[must_use]
    pub fn bytes(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().all(|&byte| self.byte(byte))
    }

    /// A number.
    #[inline]
    #[must_use]
    pub fn number(&mut self, mut number: u64) -> bool {
        // Where any number fits, nothing is asked for each byte.
        let room = self.bytes.get_mut(self.at..);
        let Some(room) = room.and_then(<[u8]>::first_chunk_mut::<LONGEST>) else {
            return self.number_at_end(number);
        };
        for place in room {
            self.at = self.at.wrapping_add(1);
            if number < 0x80 {
                *place = number as u8;
                return true;
            }
            *place = number as u8 | 0x80;
            number >>= 7;
        }
        true
    }

    #[cold]
    fn number_at_end(&mut self, mut number: u64) -> bool {
        while number >= 0x80 {
            if !self.byte(number as u8 | 0x80) {
                return false;
            }
            number >>= 7;
        }
        self.byte(number as u8)
    }

    /// Bytes, after their length.
    #[must_use]
    pub fn text(&mut self, text: &[u8]) -> bool {
        self.number(text.len() as u64) && self.bytes(text)
    }
}

/// Reads what a [`Writer`] wrote.
#[derive(Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    /// So many bytes.
    pub fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A number; `None` also where it does not fit 64 bits.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for place in 0..LONGEST as u32 {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            let shift = place.wrapping_mul(7);
            let placed = bits.wrapping_shl(shift);
            if placed.wrapping_shr(shift) != bits {
                return None;
            }
            number |= placed;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Bytes, after their length.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.bytes(length)
    }
}
