// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sixteen bytes at a time, as every processor of the architecture can take them.

#[cfg(not(target_arch = "x86_64"))]
pub(super) use portable::Vector;
#[cfg(target_arch = "x86_64")]
pub(super) use sse2::Vector;

#[cfg(target_arch = "x86_64")]
mod sse2 {
    //! SSE2, which every x86-64 processor has.
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128,
        _mm_setzero_si128, _mm_storeu_si128,
    };

    #[derive(Clone, Copy)]
    pub(in crate::wipe) struct Vector(__m128i);

    impl Vector {
        /// # Safety
        /// - 16 bytes at `at` may be read.
        #[inline(always)]
        pub(in crate::wipe) unsafe fn load(at: *const u8) -> Vector {
            // SAFETY: the caller's promise; no alignment is needed.
            Vector(unsafe { _mm_loadu_si128(at.cast()) })
        }

        /// # Safety
        /// - 16 bytes at `at` may be written.
        #[inline(always)]
        pub(in crate::wipe) unsafe fn clear(at: *mut u8) {
            // SAFETY: the caller's promise; no alignment is needed.
            unsafe { _mm_storeu_si128(at.cast(), _mm_setzero_si128()) }
        }

        #[inline(always)]
        pub(in crate::wipe) fn or(self, other: Vector) -> Vector {
            // SAFETY: SSE2 is part of the architecture.
            Vector(unsafe { _mm_or_si128(self.0, other.0) })
        }

        #[inline(always)]
        pub(in crate::wipe) fn is_zero(self) -> bool {
            // SAFETY: SSE2 is part of the architecture.
            unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(self.0, _mm_setzero_si128())) == 0xffff }
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod portable {
    //! Two words; the compiler makes vectors of them where it can.
    #[derive(Clone, Copy)]
    pub(in crate::wipe) struct Vector(u128);

    impl Vector {
        /// # Safety
        /// - 16 bytes at `at` may be read.
        #[inline(always)]
        pub(in crate::wipe) unsafe fn load(at: *const u8) -> Vector {
            // SAFETY: the caller's promise.
            Vector(unsafe { at.cast::<u128>().read_unaligned() })
        }

        /// # Safety
        /// - 16 bytes at `at` may be written.
        #[inline(always)]
        pub(in crate::wipe) unsafe fn clear(at: *mut u8) {
            // SAFETY: the caller's promise.
            unsafe { at.cast::<u128>().write_unaligned(0) }
        }

        #[inline(always)]
        pub(in crate::wipe) fn or(self, other: Vector) -> Vector {
            Vector(self.0 | other.0)
        }

        #[inline(always)]
        pub(in crate::wipe) fn is_zero(self) -> bool {
            self.0 == 0
        }
    }
}
