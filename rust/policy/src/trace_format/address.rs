// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses as differences.
//!
//! Blocks of one size class lie in one region of 64 GiB, and regions far apart: so an address is written as
//! its distance from the last one of the same region, in steps of 16 bytes. Bits 36 to 41 of an address
//! choose one of 64 *seats*, each of which remembers the last address that chose it; all start at 0. The
//! number is the folded distance in steps, times 128, plus the seat times 2, plus 1 where the address is
//! no multiple of 16; then its low 4 bits follow in a byte. Where that byte is 0, the whole address follows as
//! a number: so are addresses from 2^57 on written, which no user space has and bad frees may pass.

use super::number::{folded, unfolded, Reader, Writer};

const SEATS: usize = 64;
const SEAT_SHIFT: u32 = 36;
const STEP_SHIFT: u32 = 4;
/// Differences of addresses below this fit a number together with seat and flag.
const WILD: u64 = 1 << 57;

/// What is remembered, by both sides alike.
#[derive(Clone)]
#[repr(C)]
pub struct Addresses {
    last: [u64; SEATS],
}

impl Default for Addresses {
    fn default() -> Self {
        Addresses { last: [0; SEATS] }
    }
}

impl Addresses {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.last = [0; SEATS];
    }

    #[inline]
    fn last(&self, seat: u64) -> u64 {
        self.last.get(seat as usize).copied().unwrap_or(0)
    }

    #[inline]
    fn remember(&mut self, seat: u64, steps: u64) {
        if let Some(last) = self.last.get_mut(seat as usize) {
            *last = steps;
        }
    }

    /// Writes an address.
    #[inline]
    #[must_use]
    pub fn write(&mut self, writer: &mut Writer<'_>, address: u64) -> bool {
        if address >= WILD {
            return writer.number(1) && writer.byte(0) && writer.number(address);
        }
        let seat = address >> SEAT_SHIFT & 63;
        let steps = address >> STEP_SHIFT;
        let odd = address & 15;
        let distance = steps.wrapping_sub(self.last(seat)) as i64;
        let number = folded(distance).wrapping_shl(7) | seat << 1 | u64::from(odd != 0);
        if !writer.number(number) || (odd != 0 && !writer.byte(odd as u8)) {
            return false;
        }
        self.remember(seat, steps);
        true
    }

    /// Reads an address.
    pub fn read(&mut self, reader: &mut Reader<'_>) -> Option<u64> {
        let number = reader.number()?;
        let odd = match number & 1 {
            0 => 0,
            _ => match reader.byte()? & 15 {
                0 => return reader.number(),
                odd => odd,
            },
        };
        let seat = number >> 1 & 63;
        let steps = self.last(seat).wrapping_add(unfolded(number >> 7) as u64);
        self.remember(seat, steps);
        Some(steps.wrapping_shl(STEP_SHIFT) | u64::from(odd))
    }
}
