// SPDX-License-Identifier: MIT OR Apache-2.0
//! Thirty-two bytes at a time, on processors with AVX2.
//!
//! Whether this one is such a processor is asked once, at start, and kept in
//! [`Fixed`](crate::pool::Fixed), which is read-only: with the C library's own answer, and with
//! `std`'s, would come code that we do not know to be free of allocation.

use core::arch::x86_64::{
    __cpuid, __cpuid_count, __m256i, _mm256_loadu_si256, _mm256_or_si256, _mm256_testz_si256,
    _xgetbv,
};

const WIDTH: usize = 32;
/// Vectors a round: with four, the tests and jumps between them cost as much as the loads.
const VECTORS: usize = 8;
const ROUND: usize = VECTORS * WIDTH;

/// Whether the processor has AVX2, and the kernel keeps its registers when threads change. CPUID costs
/// some microseconds in a virtual machine: it is asked twice, not more.
pub(crate) fn supported() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const AVX: u32 = 1 << 28;
    /// The number of the leaf of extended features.
    const EXTENDED: u32 = 7;
    const AVX2: u32 = 1 << 5;
    /// In XCR0: the 16-byte registers, and the upper halves of the 32-byte ones.
    const STATE: u64 = 0b110;
    #[allow(unused_unsafe)] // newer compilers take CPUID for safe
    // SAFETY: every x86-64 processor has CPUID and its leaf 1. Where that says OSXSAVE, XCR0 may be
    // read, and leaf 7 is there: Linux uses XSAVE only where it finds leaf 13, which describes it.
    unsafe {
        __cpuid(1).ecx & (OSXSAVE | AVX) == OSXSAVE | AVX
            && state() & STATE == STATE
            && __cpuid_count(EXTENDED, 0).ebx & AVX2 != 0
    }
}

/// Whether the processor has AVX-512, and the kernel keeps its registers; asked where [`supported`].
pub(crate) fn has_512() -> bool {
    const EXTENDED: u32 = 7;
    const AVX512F: u32 = 1 << 16;
    /// In XCR0, besides those above: masks, the upper halves of the first 16 registers, and the other 16.
    const STATE: u64 = 0b1110_0110;
    #[allow(unused_unsafe)] // newer compilers take CPUID for safe
    // SAFETY: as in `supported`, which was asked before.
    unsafe {
        __cpuid_count(EXTENDED, 0).ebx & AVX512F != 0 && state() & STATE == STATE
    }
}

/// The states of the processor that the kernel keeps for each thread.
///
/// # Safety
/// - The processor says that the kernel uses XSAVE.
#[target_feature(enable = "xsave")]
unsafe fn state() -> u64 {
    // SAFETY: register 0 exists wherever the instruction does.
    unsafe { _xgetbv(0) }
}

/// Whether all of [`VECTORS`] vectors are zero.
///
/// # Safety
/// - The processor has AVX2; [`ROUND`] bytes at `at` may be read.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn round_is_zero(at: *const u8) -> bool {
    // SAFETY: the caller's promise; no alignment is needed.
    unsafe {
        let mut all: __m256i = _mm256_loadu_si256(at.cast());
        let mut offset = WIDTH;
        while offset < ROUND {
            all = _mm256_or_si256(all, _mm256_loadu_si256(at.add(offset).cast()));
            offset += WIDTH;
        }
        _mm256_testz_si256(all, all) == 1
    }
}

/// Whole rounds, then the last one again, overlapping. The compiler clears the upper halves of the
/// registers (`vzeroupper`) before each return: 16-byte code after it is not slowed down.
///
/// # Safety
/// - [`supported`]; `size` bytes at `at` may be read, and `size` is at least 256.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn is_zero(at: *const u8, size: usize) -> bool {
    let mut offset = 0;
    while offset + ROUND < size {
        // SAFETY: the round ends before the range does.
        if !unsafe { round_is_zero(at.add(offset)) } {
            return false;
        }
        offset += ROUND;
    }
    // SAFETY: `size >= ROUND`.
    unsafe { round_is_zero(at.add(size - ROUND)) }
}
