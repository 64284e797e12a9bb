// SPDX-License-Identifier: MIT OR Apache-2.0
//! An address in code that stays meaningful when its module does not stay.

/// Bits of an address of user space, on every machine that we run on.
const BITS: u32 = 48;

/// An address in code, with a mark of the module that it was in: in one word, so that stacks are compared
/// and kept as words, and a stack through a library that was unloaded is not one through its successor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Point(u64);

impl Point {
    #[inline]
    pub(crate) fn new(address: usize, stamp: u16) -> Point {
        Point(address as u64 & ((1 << BITS) - 1) | u64::from(stamp) << BITS)
    }

    /// As [`Point::bits`] gave it.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Point {
        Point(bits)
    }

    /// Address and mark in one word.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The address.
    #[inline]
    #[must_use]
    pub const fn address(self) -> usize {
        (self.0 & ((1 << BITS) - 1)) as usize
    }

    /// The mark of its module, see [`crate::Module::stamp`]; 0 where it was in none.
    #[inline]
    #[must_use]
    pub const fn stamp(self) -> u16 {
        (self.0 >> BITS) as u16
    }

    /// The byte before: of a return address, the call.
    #[inline]
    #[must_use]
    pub const fn before(self) -> Point {
        if self.address() == 0 {
            return self;
        }
        Point(self.0 - 1)
    }
}

/// What a frame is called from, where stacks are a tree: see [`crate::Walker::walk_numbered`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parent {
    /// Nothing: it is the first frame of its thread.
    Whole,
    /// Something that is not told any more.
    Cut,
    /// The stack with this number, which is not 0.
    Number(u32),
}

impl Parent {
    pub(crate) fn number(self) -> Option<u32> {
        match self {
            Parent::Number(number) => Some(number),
            Parent::Whole | Parent::Cut => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_mark_do_not_mix() {
        let point = Point::new(0x7fff_ffff_f000, 0xabcd);
        assert_eq!((point.address(), point.stamp()), (0x7fff_ffff_f000, 0xabcd));
        let before = point.before();
        assert_eq!(
            (before.address(), before.stamp()),
            (0x7fff_ffff_efff, 0xabcd)
        );
        assert_eq!(Point::new(0, 3).before(), Point::new(0, 3));
        assert_eq!(Point::from_bits(point.bits()), point);
    }
}
