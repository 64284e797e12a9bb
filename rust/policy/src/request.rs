// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a caller asks for. Every size that reaches the heap has passed through here, so that the
//! arithmetic on sizes is checked in one place and `ENOMEM` and `EINVAL` are decided in one place.

use crate::size_class::ORDINARY;
use crate::slot_state::Kind;

/// The largest block: `PTRDIFF_MAX`, so that the difference of two pointers into a block always
/// fits its type (C11 6.5.6p9; glibc refuses more since 2.30).
pub const MAX_SIZE: usize = isize::MAX as usize;

/// The alignment of every block, in bytes (`alignof(max_align_t)` on x86-64 and aarch64).
pub const MIN_ALIGNMENT: usize = 16;

/// Why a request cannot be a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// More bytes than an object may have: `ENOMEM`.
    TooLarge,
    /// An alignment that is not a power of two, or not a multiple of what the function demands:
    /// `EINVAL`.
    BadAlignment,
}

/// A valid request for one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Bytes that the caller may use; may be 0.
    pub size: usize,
    /// A power of two, at least [`MIN_ALIGNMENT`].
    pub alignment: usize,
    /// Which family the block belongs to.
    pub kind: Kind,
    /// Whether the block must read as zero.
    pub zeroed: bool,
    /// Whether the block holds secrets.
    pub sensitive: bool,
}

impl Request {
    /// `size` bytes at the usual alignment.
    #[inline]
    pub fn bytes(size: usize) -> Result<Request, Refusal> {
        if size > MAX_SIZE {
            return Err(Refusal::TooLarge);
        }
        Ok(Request {
            size,
            alignment: MIN_ALIGNMENT,
            kind: Kind::Malloc,
            zeroed: false,
            sensitive: false,
        })
    }

    /// Whether any slot of the right size will do.
    #[inline(always)]
    #[must_use]
    pub const fn is_usual(&self) -> bool {
        self.alignment <= MIN_ALIGNMENT
    }

    /// `count` elements of `size` bytes each.
    #[inline]
    pub fn array(count: usize, size: usize) -> Result<Request, Refusal> {
        match count.checked_mul(size) {
            Some(total) => Request::bytes(total),
            None => Err(Refusal::TooLarge),
        }
    }

    /// `size` bytes at an alignment that must be a power of two (C11 `aligned_alloc`,
    /// `posix_memalign`). Smaller alignments than the usual one are met by it.
    pub fn aligned(alignment: usize, size: usize) -> Result<Request, Refusal> {
        if !alignment.is_power_of_two() {
            return Err(Refusal::BadAlignment);
        }
        let request = Request::bytes(size)?;
        // The block and its alignment together must still be an object that can exist.
        match size.checked_add(alignment) {
            Some(sum) if sum <= MAX_SIZE => {}
            _ => return Err(Refusal::TooLarge),
        }
        Ok(Request {
            alignment: alignment.max(MIN_ALIGNMENT),
            ..request
        })
    }

    /// `size` bytes at an alignment that is rounded up to a power of two, as glibc's `memalign`
    /// and `aligned_alloc` do (glibc 2.36 malloc.c, `_mid_memalign`).
    pub fn aligned_rounding(alignment: usize, size: usize) -> Result<Request, Refusal> {
        match alignment.checked_next_power_of_two() {
            Some(power) => Request::aligned(power, size),
            None => Err(Refusal::BadAlignment),
        }
    }

    /// `size` bytes rounded up to whole pages, at page alignment (`pvalloc`).
    pub fn pages(size: usize, page: usize) -> Result<Request, Refusal> {
        match size.checked_next_multiple_of(page) {
            Some(rounded) => Request::aligned(page, rounded),
            None => Err(Refusal::TooLarge),
        }
    }

    /// The same block, for secrets or not.
    #[inline]
    #[must_use]
    pub fn with_secrets(self, sensitive: bool) -> Request {
        Request { sensitive, ..self }
    }

    /// The class that is like the ordinary one `class`, and holds such blocks.
    #[inline(always)]
    #[must_use]
    pub const fn class(&self, class: usize) -> usize {
        if self.sensitive {
            class.wrapping_add(ORDINARY)
        } else {
            class
        }
    }

    /// The same block, reading as zero.
    #[inline]
    #[must_use]
    pub fn zeroed(self) -> Request {
        Request {
            zeroed: true,
            ..self
        }
    }

    /// The same block, of another family.
    #[inline]
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Request {
        Request { kind, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_beyond_ptrdiff_max_are_refused() {
        assert!(Request::bytes(MAX_SIZE).is_ok());
        assert_eq!(Request::bytes(MAX_SIZE + 1), Err(Refusal::TooLarge));
        assert_eq!(Request::array(usize::MAX / 2, 3), Err(Refusal::TooLarge));
        assert_eq!(Request::array(1 << 32, 1 << 31), Err(Refusal::TooLarge));
        assert_eq!(Request::array(0, usize::MAX).unwrap().size, 0);
    }

    #[test]
    fn alignments_are_powers_of_two_or_refused() {
        for odd in [0, 3, 6, 24, 4097] {
            assert_eq!(Request::aligned(odd, 1), Err(Refusal::BadAlignment));
        }
        assert_eq!(Request::aligned(1, 1).unwrap().alignment, MIN_ALIGNMENT);
        assert_eq!(Request::aligned_rounding(24, 1).unwrap().alignment, 32);
        assert_eq!(
            Request::aligned_rounding(0, 1).unwrap().alignment,
            MIN_ALIGNMENT
        );
        assert_eq!(
            Request::aligned_rounding(usize::MAX, 1),
            Err(Refusal::BadAlignment)
        );
        assert_eq!(Request::aligned(1 << 62, MAX_SIZE), Err(Refusal::TooLarge));
    }

    #[test]
    fn pages_round_up() {
        assert_eq!(Request::pages(0, 4096).unwrap().size, 0);
        assert_eq!(Request::pages(1, 4096).unwrap().size, 4096);
        assert_eq!(Request::pages(4096, 4096).unwrap().size, 4096);
        assert_eq!(Request::pages(usize::MAX, 4096), Err(Refusal::TooLarge));
    }
}
