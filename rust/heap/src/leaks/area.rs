// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory for the books of one look at the heap: an array that is zero at first, of which only what is written takes
//! memory, and that is given back at the end.

use core::marker::PhantomData;
use core::mem::{align_of, size_of};

use crate::sys::{self, Access};

/// Types that may be all zero bits.
///
/// # Safety
/// - They may be, and have no destructor.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: numbers.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}

/// An array in a mapping of its own.
pub(crate) struct Area<T: Plain> {
    at: usize,
    count: usize,
    of: PhantomData<T>,
}

impl<T: Plain> Area<T> {
    /// `None` where there is no memory for it.
    pub(crate) fn new(count: usize) -> Option<Area<T>> {
        const { assert!(align_of::<T>() <= 4096) };
        let at = sys::map(Self::bytes(count)?, Access::Write)?;
        Some(Area {
            at,
            count,
            of: PhantomData,
        })
    }

    fn bytes(count: usize) -> Option<usize> {
        count
            .max(1)
            .checked_mul(size_of::<T>())?
            .checked_next_multiple_of(64 << 10)
    }

    /// Where it lies: from, to.
    pub(crate) fn span(&self) -> (usize, usize) {
        (self.at, self.at + Self::bytes(self.count).unwrap_or(0))
    }

    pub(crate) fn items(&self) -> &[T] {
        // SAFETY: mapped in `new`, for so many; zero is valid.
        unsafe { core::slice::from_raw_parts(sys::pointer::<T>(self.at).as_ptr(), self.count) }
    }

    pub(crate) fn items_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and nobody else has it.
        unsafe { core::slice::from_raw_parts_mut(sys::pointer::<T>(self.at).as_ptr(), self.count) }
    }
}

impl<T: Plain> Drop for Area<T> {
    fn drop(&mut self) {
        if let Some(bytes) = Self::bytes(self.count) {
            // SAFETY: ours, and gone with this.
            unsafe { sys::unmap(self.at, bytes) };
        }
    }
}
