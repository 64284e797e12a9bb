// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is to be done at one address to get at the caller's registers, in one word.
//!
//! Of all that unwind tables can say, compilers say little: the canonical frame address (CFA, the
//! stack pointer before the call) is a register plus a number, and the return address and the
//! caller's frame pointer lie at fixed distances from it. What is said otherwise has no rule here,
//! and the walk goes by the frame pointer.
//!
//! ```text
//! bits  0-1   kind            4-5   what became of the frame pointer
//!       2     CFA is from fp  6     the return address is still in its register (aarch64)
//!       3     CFA was stored  7-23  CFA's offset
//! bits 24-35  offset of the return address from the CFA (aarch64), or of the stored CFA
//! bits 36-47  offset of the saved frame pointer
//! bits 48-63  stamp of the module that the rule was read from
//! ```
//!
//! Offsets are signed and count words of 8 bytes.

/// What is at an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The tables say nothing, or nothing that fits.
    Unknown,
    /// A call: the caller's registers follow from the rule.
    Call,
    /// The kernel's way back from a signal handler: the registers are in its frame.
    Signal,
    /// The first function of a thread.
    End,
}

/// Where the caller's frame pointer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FramePointer {
    /// Where it was: in its register.
    Unchanged,
    /// At this offset from the CFA.
    Saved(isize),
    /// Where the frame pointer points.
    Pushed,
    /// Somewhere that no rule can say.
    Lost,
}

/// A rule; `Default` is the unknown one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Rule(u64);

/// Which register the CFA is counted from, and what is said of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Frame {
    /// From the frame pointer, not from the stack pointer.
    pub(crate) on_fp: bool,
    /// The CFA is not `register + cfa` but what is stored at `register + stored`, plus `cfa`.
    pub(crate) stored: Option<isize>,
    pub(crate) cfa: isize,
    /// Offset of the return address from the CFA; `None` where it is in the link register.
    pub(crate) return_address: Option<isize>,
    pub(crate) fp: FramePointer,
}

const FROM_FP: u64 = 1 << 2;
const STORED: u64 = 1 << 3;
const FP: u32 = 4;
const IN_REGISTER: u64 = 1 << 6;
const CFA: (u32, u32) = (7, 17);
const SECOND: (u32, u32) = (24, 12);
const SAVED_FP: (u32, u32) = (36, 12);
const STAMP: u32 = 48;

impl Rule {
    pub(crate) const SIGNAL: Rule = Rule(2);
    pub(crate) const END: Rule = Rule(3);

    /// The rule for a call; `None` where a number does not fit.
    pub(crate) fn call(frame: Frame) -> Option<Rule> {
        let mut bits = 1 | pack(frame.cfa, CFA)?;
        if frame.on_fp {
            bits |= FROM_FP;
        }
        bits |= match (frame.stored, frame.return_address) {
            // One field for both: only x86-64 has stored CFAs, and its return address never moves.
            (Some(at), Some(-8)) => STORED | pack(at, SECOND)?,
            (None, Some(at)) => pack(at, SECOND)?,
            (None, None) => IN_REGISTER,
            (Some(_), _) => return None,
        };
        bits |= match frame.fp {
            FramePointer::Unchanged => 0,
            FramePointer::Saved(at) => 1 << FP | pack(at, SAVED_FP)?,
            FramePointer::Pushed => 2 << FP,
            FramePointer::Lost => 3 << FP,
        };
        Some(Rule(bits))
    }

    pub(crate) fn from_bits(bits: u64) -> Rule {
        Rule(bits)
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(crate) fn kind(self) -> Kind {
        match self.0 & 3 {
            0 => Kind::Unknown,
            1 => Kind::Call,
            2 => Kind::Signal,
            _ => Kind::End,
        }
    }

    /// Whether it is for a call, and the CFA is a register plus a number.
    #[inline]
    pub(crate) fn is_simple(self) -> bool {
        self.0 & (3 | STORED) == 1
    }

    #[inline]
    pub(crate) fn stamp(self) -> u16 {
        (self.0 >> STAMP) as u16
    }

    pub(crate) fn with_stamp(self, stamp: u16) -> Rule {
        Rule(self.0 & !(0xffff << STAMP) | u64::from(stamp) << STAMP)
    }

    #[inline]
    pub(crate) fn on_fp(self) -> bool {
        self.0 & FROM_FP != 0
    }

    #[inline]
    pub(crate) fn cfa(self) -> isize {
        unpack(self.0, CFA)
    }

    #[inline]
    pub(crate) fn stored(self) -> Option<isize> {
        (self.0 & STORED != 0).then(|| unpack(self.0, SECOND))
    }

    /// As in [`Frame`], where the CFA is not stored.
    #[inline]
    pub(crate) fn return_address(self) -> Option<isize> {
        (self.0 & IN_REGISTER == 0).then(|| unpack(self.0, SECOND))
    }

    #[inline]
    pub(crate) fn fp(self) -> FramePointer {
        match self.0 >> FP & 3 {
            0 => FramePointer::Unchanged,
            1 => FramePointer::Saved(unpack(self.0, SAVED_FP)),
            2 => FramePointer::Pushed,
            _ => FramePointer::Lost,
        }
    }
}

/// A number of bytes as a field of words; `None` if it is not whole words, or too far.
fn pack(offset: isize, (at, width): (u32, u32)) -> Option<u64> {
    let words = offset >> 3;
    let limit = 1 << (width - 1);
    if offset & 7 != 0 || words < -limit || words >= limit {
        return None;
    }
    Some((words as u64 & ((1 << width) - 1)) << at)
}

#[inline]
fn unpack(bits: u64, (at, width): (u32, u32)) -> isize {
    // Up to the sign, and down again with it.
    ((bits << (64 - at - width)) as i64 >> (64 - width) << 3) as isize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_numbers_apart() {
        for fp in [
            FramePointer::Unchanged,
            FramePointer::Saved(-16),
            FramePointer::Saved(-16 << 10),
            FramePointer::Pushed,
            FramePointer::Lost,
        ] {
            for cfa in [-8, 0, 8, 4096, 65535 * 8, -65536 * 8] {
                for (stored, return_address) in [
                    (None, None),
                    (None, Some(-8)),
                    (None, Some(2047 * 8)),
                    (Some(-8), Some(-8)),
                ] {
                    let frame = Frame {
                        on_fp: cfa & 8 != 0,
                        stored,
                        cfa,
                        return_address,
                        fp,
                    };
                    let rule = Rule::call(frame).unwrap().with_stamp(0xabcd);
                    assert_eq!(rule.kind(), Kind::Call);
                    assert_eq!((rule.on_fp(), rule.cfa()), (frame.on_fp, cfa));
                    assert_eq!((rule.stored(), rule.fp()), (stored, fp));
                    assert_eq!(rule.stamp(), 0xabcd);
                    if stored.is_none() {
                        assert_eq!(rule.return_address(), return_address);
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_has_no_rule() {
        let fits = Frame {
            on_fp: false,
            stored: None,
            cfa: 16,
            return_address: Some(-8),
            fp: FramePointer::Unchanged,
        };
        assert!(Rule::call(fits).is_some());
        assert!(Rule::call(Frame { cfa: 12, ..fits }).is_none());
        assert!(Rule::call(Frame {
            cfa: 65536 * 8,
            ..fits
        })
        .is_none());
        let far = FramePointer::Saved(-2049 * 8);
        assert!(Rule::call(Frame { fp: far, ..fits }).is_none());
        let both = Frame {
            stored: Some(8),
            return_address: None,
            ..fits
        };
        assert!(Rule::call(both).is_none());
    }
}
