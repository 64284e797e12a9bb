// SPDX-License-Identifier: MIT OR Apache-2.0
//! Zero memory and compare it with zero.
//!
//! Small slots are done with a handful of overlapping 16-byte vectors, chosen by the power of two
//! their size lies in: no loop, few branches. Larger ones are zeroed by the C library's `memset`,
//! which knows the processor's widest vectors, and compared by a loop: over the 32-byte vectors of
//! [`wide`] where the processor has them, else over 16-byte ones.

mod registers;
mod vector;
#[cfg(target_arch = "x86_64")]
pub(crate) mod wide;

#[cfg(test)]
mod tests;

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use secmalloc_policy::size_class::CANARY_SIZE;

#[cfg(target_arch = "x86_64")]
use crate::pool::fixed;
use crate::sys;

/// Sizes up to this are done here, in bands.
const BANDS: usize = 256;

pub(crate) use registers::{forget_registers, Registers};
use vector::Vector;

const WIDTH: usize = 16;

/// Asks the processor for the line at an address, which need not be mapped.
#[inline(always)]
pub(crate) fn prefetch(address: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; it faults on nothing.
    unsafe {
        use core::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        _mm_prefetch::<_MM_HINT_T0>(core::ptr::without_provenance(address));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Has the page of a word present for writing, in which there may be none: reading first would make it one of the
/// kernel's zeros, and the first write a second fault. What is there stays.
///
/// # Safety
/// - `at` is aligned to 8 and lies in committed memory.
#[inline(always)]
pub(crate) unsafe fn bring_in(at: usize) {
    // Compilers make a load of an addition of 0; of this, none does, and all that would be lost is a page fault.
    // SAFETY: the caller's promise.
    let _ =
        unsafe { sys::pointer::<AtomicU64>(at).as_ref() }.compare_exchange(0, 0, Relaxed, Relaxed);
}

/// Zeroes `half..=2 * half` bytes with vectors from both ends.
///
/// # Safety
/// - `size` bytes at `at` may be written, `half <= size <= 2 * half`, `half` a multiple of 16.
#[inline(always)]
unsafe fn clear_band(half: usize, at: *mut u8, size: usize) {
    let mut offset = 0;
    while offset < half {
        // SAFETY: `half <= size`: both vectors lie within the range.
        unsafe {
            Vector::clear(at.add(offset));
            Vector::clear(at.add(size - offset - WIDTH));
        }
        offset += WIDTH;
    }
}

/// # Safety
/// - As [`clear_band`], for reading.
#[inline(always)]
unsafe fn band_is_zero(half: usize, at: *const u8, size: usize) -> bool {
    // SAFETY: `half <= size`: all vectors lie within the range.
    let mut all = unsafe { Vector::load(at).or(Vector::load(at.add(size - WIDTH))) };
    let mut offset = WIDTH;
    while offset < half {
        // SAFETY: as above.
        all = unsafe {
            all.or(Vector::load(at.add(offset)))
                .or(Vector::load(at.add(size - offset - WIDTH)))
        };
        offset += WIDTH;
    }
    all.is_zero()
}

/// Zeroes a slot.
///
/// # Safety
/// - `slot` bytes at `address` may be written; `slot` is at least 16.
#[inline(always)]
pub(crate) unsafe fn zero(address: usize, slot: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if slot <= BANDS {
            zero_banded(address, slot);
        } else {
            zero_bytes(address, slot);
        }
    }
}

/// Whether a slot is all zero.
///
/// # Safety
/// - `slot` bytes at `address` may be read; `slot` is at least 16.
#[inline(always)]
pub(crate) unsafe fn is_zero(address: usize, slot: usize) -> bool {
    if slot <= BANDS {
        // SAFETY: the caller's promise.
        return unsafe { is_zero_banded(address, slot) };
    }
    // SAFETY: as above, and larger than the bands.
    unsafe { long_is_zero(sys::pointer::<u8>(address).as_ptr(), slot) }
}

/// # Safety
/// - `size` bytes at `at` may be read; `size` is at least [`BANDS`].
#[inline(never)]
unsafe fn long_is_zero(at: *const u8, size: usize) -> bool {
    #[cfg(target_arch = "x86_64")]
    if fixed().wide_vectors {
        // SAFETY: the caller's promise; the processor was asked.
        return unsafe { wide::is_zero(at, size) };
    }
    // SAFETY: the caller's promise.
    unsafe { narrow_is_zero(at, size) }
}

/// Eight vectors a round, then the last eight again, overlapping.
///
/// # Safety
/// - `size` bytes at `at` may be read; `size` is at least 128.
unsafe fn narrow_is_zero(at: *const u8, size: usize) -> bool {
    const ROUND: usize = 8 * WIDTH;
    let mut offset = 0;
    while offset + ROUND < size {
        // SAFETY: the round ends before the range does.
        if !unsafe { band_is_zero(ROUND / 2, at.add(offset), ROUND) } {
            return false;
        }
        offset += ROUND;
    }
    // SAFETY: `size >= ROUND`.
    unsafe { band_is_zero(ROUND / 2, at.add(size - ROUND), ROUND) }
}

/// Zeroes a sound slot that was sealed around `size` bytes.
///
/// # Safety
/// - As [`zero`].
#[inline(always)]
pub(crate) unsafe fn zero_used(address: usize, slot: usize, size: usize) {
    /// Slots from this size on are wiped as far as they were used: the slack is known to be zero.
    const PARTLY_FROM: usize = 512;
    // SAFETY: both parts lie in the slot.
    unsafe {
        if slot < PARTLY_FROM {
            zero(address, slot);
        } else {
            let end = slot - CANARY_SIZE;
            zero_bytes(address, (size + CANARY_SIZE).min(end));
            zero_bytes(address + end, CANARY_SIZE);
        }
    }
}

/// [`zero`] for slots up to 256 bytes.
///
/// # Safety
/// - As [`zero`].
#[inline(always)]
pub(crate) unsafe fn zero_banded(address: usize, slot: usize) {
    // SAFETY: the caller's promise makes the address one of committed memory.
    let at = unsafe { sys::pointer::<u8>(address) }.as_ptr();
    // SAFETY: each band is taken for sizes within it.
    unsafe {
        match slot {
            0..=16 => Vector::clear(at),
            17..=32 => clear_band(16, at, slot),
            33..=64 => clear_band(32, at, slot),
            65..=128 => clear_band(64, at, slot),
            _ => clear_band(128, at, slot),
        }
    }
}

/// [`is_zero`] for slots up to 256 bytes.
///
/// # Safety
/// - As [`is_zero`].
#[inline(always)]
pub(crate) unsafe fn is_zero_banded(address: usize, slot: usize) -> bool {
    // SAFETY: as in `zero`.
    let at = unsafe { sys::pointer::<u8>(address) }.as_ptr();
    // SAFETY: each band is taken for sizes within it.
    unsafe {
        match slot {
            0..=16 => Vector::load(at).is_zero(),
            17..=32 => band_is_zero(16, at, slot),
            33..=64 => band_is_zero(32, at, slot),
            65..=128 => band_is_zero(64, at, slot),
            _ => band_is_zero(128, at, slot),
        }
    }
}

/// Zeroes any number of bytes.
///
/// # Safety
/// - `size` bytes at `at` may be written.
#[inline]
pub(crate) unsafe fn zero_bytes(at: usize, size: usize) {
    if size > 0 {
        // SAFETY: the caller's promise.
        unsafe { sys::pointer::<u8>(at).write_bytes(0, size) };
    }
}

/// Whether any number of bytes are all zero.
///
/// # Safety
/// - `size` bytes at `at` may be read.
pub(crate) unsafe fn is_zero_bytes(at: usize, size: usize) -> bool {
    if size >= WIDTH {
        // SAFETY: the caller's promise; the bands take every size from a vector's.
        return unsafe { is_zero(at, size) };
    }
    // SAFETY: the caller's promise.
    (0..size).all(|offset| unsafe { sys::pointer::<u8>(at + offset).read_volatile() } == 0)
}
