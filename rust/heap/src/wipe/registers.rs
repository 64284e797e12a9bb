// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a copy of secrets leaves in registers.
//!
//! `memcpy` moves bytes through the widest vectors that the processor has, and leaves the last of them there; the
//! next switch of threads, signal or call that saves registers writes them to memory. So whoever copied
//! secrets empties all registers that a function need not keep for its caller. No register that is kept was
//! used for contents: the C library's copies use none.

use core::arch::asm;

/// Which vector registers there are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registers {
    /// Those that every processor of this kind has.
    Usual,
    /// 32 bytes wide.
    #[cfg(target_arch = "x86_64")]
    Wide,
    /// 64 bytes wide, and 32 of them.
    #[cfg(target_arch = "x86_64")]
    Widest,
}

impl Registers {
    /// What this processor has.
    pub(crate) fn here() -> Registers {
        #[cfg(target_arch = "x86_64")]
        if super::wide::supported() {
            return if super::wide::has_512() {
                Registers::Widest
            } else {
                Registers::Wide
            };
        }
        Registers::Usual
    }
}

/// Empties the registers that calls may change.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
pub(crate) fn forget_registers(registers: Registers) {
    match registers {
        Registers::Usual => forget_usual(),
        Registers::Wide => forget_wide(),
        Registers::Widest => forget_widest(),
    }
    // SAFETY: registers alone, all of which are said to change.
    unsafe {
        asm!(
            "xor eax, eax",
            "xor ecx, ecx",
            "xor edx, edx",
            "xor esi, esi",
            "xor edi, edi",
            "xor r8d, r8d",
            "xor r9d, r9d",
            "xor r10d, r10d",
            "xor r11d, r11d",
            clobber_abi("C"),
            options(nomem, nostack)
        );
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn forget_usual() {
    // SAFETY: registers alone, all of which are said to change, here and below.
    unsafe {
        asm!(
            "xorps xmm0, xmm0",
            "xorps xmm1, xmm1",
            "xorps xmm2, xmm2",
            "xorps xmm3, xmm3",
            "xorps xmm4, xmm4",
            "xorps xmm5, xmm5",
            "xorps xmm6, xmm6",
            "xorps xmm7, xmm7",
            "xorps xmm8, xmm8",
            "xorps xmm9, xmm9",
            "xorps xmm10, xmm10",
            "xorps xmm11, xmm11",
            "xorps xmm12, xmm12",
            "xorps xmm13, xmm13",
            "xorps xmm14, xmm14",
            "xorps xmm15, xmm15",
            clobber_abi("C"),
            options(nomem, nostack)
        );
    }
}

/// Called only where the processor has such registers.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn forget_wide() {
    // SAFETY: as above. It empties the first 16, at whatever width there is.
    unsafe {
        asm!(
            "vzeroall",
            "vzeroupper",
            clobber_abi("C"),
            options(nomem, nostack)
        )
    };
}

/// Called only where the processor has such registers.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn forget_widest() {
    // SAFETY: as above.
    unsafe {
        asm!(
            "vzeroall",
            "vpxord zmm16, zmm16, zmm16",
            "vpxord zmm17, zmm17, zmm17",
            "vpxord zmm18, zmm18, zmm18",
            "vpxord zmm19, zmm19, zmm19",
            "vpxord zmm20, zmm20, zmm20",
            "vpxord zmm21, zmm21, zmm21",
            "vpxord zmm22, zmm22, zmm22",
            "vpxord zmm23, zmm23, zmm23",
            "vpxord zmm24, zmm24, zmm24",
            "vpxord zmm25, zmm25, zmm25",
            "vpxord zmm26, zmm26, zmm26",
            "vpxord zmm27, zmm27, zmm27",
            "vpxord zmm28, zmm28, zmm28",
            "vpxord zmm29, zmm29, zmm29",
            "vpxord zmm30, zmm30, zmm30",
            "vpxord zmm31, zmm31, zmm31",
            "vzeroupper",
            clobber_abi("C"),
            options(nomem, nostack)
        );
    }
}

/// Empties the registers that calls may change.
#[cfg(target_arch = "aarch64")]
#[inline(never)]
pub(crate) fn forget_registers(_: Registers) {
    // SAFETY: registers alone, all of which are said to change. The lower halves of v8 to v15 are the caller's.
    unsafe {
        asm!(
            "movi v0.2d, #0",
            "movi v1.2d, #0",
            "movi v2.2d, #0",
            "movi v3.2d, #0",
            "movi v4.2d, #0",
            "movi v5.2d, #0",
            "movi v6.2d, #0",
            "movi v7.2d, #0",
            "movi v16.2d, #0",
            "movi v17.2d, #0",
            "movi v18.2d, #0",
            "movi v19.2d, #0",
            "movi v20.2d, #0",
            "movi v21.2d, #0",
            "movi v22.2d, #0",
            "movi v23.2d, #0",
            "movi v24.2d, #0",
            "movi v25.2d, #0",
            "movi v26.2d, #0",
            "movi v27.2d, #0",
            "movi v28.2d, #0",
            "movi v29.2d, #0",
            "movi v30.2d, #0",
            "movi v31.2d, #0",
            "mov x0, xzr",
            "mov x1, xzr",
            "mov x2, xzr",
            "mov x3, xzr",
            "mov x4, xzr",
            "mov x5, xzr",
            "mov x6, xzr",
            "mov x7, xzr",
            "mov x8, xzr",
            "mov x9, xzr",
            "mov x10, xzr",
            "mov x11, xzr",
            "mov x12, xzr",
            "mov x13, xzr",
            "mov x14, xzr",
            "mov x15, xzr",
            "mov x16, xzr",
            "mov x17, xzr",
            clobber_abi("C"),
            options(nomem, nostack)
        );
    }
}
