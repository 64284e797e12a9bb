// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls and the thread word on x86-64.

use core::arch::{asm, global_asm};

/// One system call; errors come back as `-errno`, and the C library's `errno` is not touched.
///
/// # Safety
/// - What the call does to memory must be sound for the caller.
#[inline]
pub(super) unsafe fn call(number: i64, a: [usize; 6]) -> isize {
    let [a0, a1, a2, a3, a4, a5] = a;
    let result: isize;
    // SAFETY: the kernel's calling convention (AMD64 ABI, A.2.1): number and result in rax, rcx
    // and r11 destroyed; memory may change, which is the default without `nomem`.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a0, in("rsi") a1, in("rdx") a2,
            in("r10") a3, in("r8") a4, in("r9") a5,
            lateout("rcx") _, lateout("r11") _,
            options(nostack)
        );
    }
    result
}

// A word of thread-local storage in the initial-exec model, which needs no allocation and no
// call: `thread_local!` in a shared object would use the dynamic model, whose storage comes from
// malloc (glibc manual, "Replacing malloc").
global_asm!(
    ".pushsection .tbss,\"awT\",@nobits",
    ".globl secmalloc_thread_word",
    ".hidden secmalloc_thread_word",
    ".type secmalloc_thread_word,@object",
    ".size secmalloc_thread_word,8",
    ".p2align 3",
    "secmalloc_thread_word:",
    ".zero 8",
    ".popsection",
);

/// The calling thread's word; 0 in a new thread.
#[inline(always)]
pub(crate) fn thread_word() -> usize {
    let word: usize;
    // SAFETY: reads the thread-local defined above, through its offset in the global offset
    // table; the segment register points at the thread's block for as long as the thread runs.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + secmalloc_thread_word@GOTTPOFF]",
            "mov {0}, qword ptr fs:[{0}]",
            out(reg) word,
            options(nostack, preserves_flags, readonly)
        );
    }
    word
}

/// Sets the calling thread's word.
#[inline(always)]
pub(crate) fn set_thread_word(word: usize) {
    // SAFETY: as in `thread_word`; nothing else lies in that word.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + secmalloc_thread_word@GOTTPOFF]",
            "mov qword ptr fs:[{0}], {1}",
            out(reg) _, in(reg) word,
            options(nostack, preserves_flags)
        );
    }
}

/// An address that no other running thread shares.
#[inline(always)]
pub(crate) fn thread_identity() -> usize {
    let pointer: usize;
    // SAFETY: the first word of the thread control block is its own address (ELF Handling for
    // Thread-Local Storage, 3.4.6).
    unsafe {
        asm!("mov {0}, qword ptr fs:[0]", out(reg) pointer, options(nostack, preserves_flags, readonly));
    }
    pointer
}

/// Calls a function on another stack.
///
/// # Safety
/// - `top` is the end of a stack, a multiple of 16, that nobody else uses and that suffices.
pub(crate) unsafe fn call_on_stack(top: usize, function: extern "C" fn(usize), argument: usize) {
    // SAFETY: r12 is kept by what is called (AMD64 ABI, 3.2.1), and brings the stack back.
    unsafe {
        asm!(
            "mov r12, rsp",
            "mov rsp, {top}",
            "call {function}",
            "mov rsp, r12",
            top = in(reg) top,
            function = in(reg) function,
            in("rdi") argument,
            out("r12") _,
            clobber_abi("C"),
        );
    }
}
