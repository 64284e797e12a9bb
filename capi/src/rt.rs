// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a Rust library without `std` owes the linker and the loader.

use core::arch::global_asm;

#[panic_handler]
fn panic(information: &core::panic::PanicInfo<'_>) -> ! {
    secmalloc_heap::panicked(information)
}

// The unwinder calls this for every frame of ours that a C++ exception passes: those of `operator
// new`. There is nothing to clean up in any of them, so the answer is always to go on
// (`_URC_CONTINUE_UNWIND`, 8). Weak, so that a Rust program with the real one links; hidden, so
// that nobody else sees ours.
global_asm!(
    ".pushsection .text.rust_eh_personality,\"ax\",@progbits",
    ".weak rust_eh_personality",
    ".hidden rust_eh_personality",
    ".type rust_eh_personality,@function",
    "rust_eh_personality:",
    #[cfg(target_arch = "x86_64")]
    "mov eax, 8",
    #[cfg(target_arch = "aarch64")]
    "mov w0, #8",
    "ret",
    ".size rust_eh_personality, . - rust_eh_personality",
    ".popsection",
);

extern "C" fn begin() {
    secmalloc_heap::begin();
}

extern "C" fn end() {
    secmalloc_heap::end();
}

/// Runs as the library is loaded, or before `main` in a static program.
#[used]
#[link_section = ".init_array"]
static BEGIN: extern "C" fn() = begin;

/// Runs at normal exit, after the functions that `atexit` registered.
#[used]
#[link_section = ".fini_array"]
static END: extern "C" fn() = end;
