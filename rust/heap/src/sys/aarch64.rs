// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls and the thread word on aarch64.

use core::arch::asm;
use core::ffi::c_void;
use core::mem::size_of_val;

use super::Interrupted;

/// One system call; errors come back as `-errno`, and the C library's `errno` is not touched.
///
/// # Safety
/// - What the call does to memory must be sound for the caller.
#[inline]
pub(super) unsafe fn call(number: i64, a: [usize; 6]) -> isize {
    let [a0, a1, a2, a3, a4, a5] = a;
    let result: isize;
    // SAFETY: the kernel's calling convention: number in x8, arguments and result from x0 on;
    // every other register is kept.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a0 as isize => result,
            in("x1") a1, in("x2") a2, in("x3") a3, in("x4") a4, in("x5") a5,
            options(nostack)
        );
    }
    result
}

#[inline(always)]
fn place() -> *mut usize {
    let place: *mut usize;
    // SAFETY: the offset from the global offset table, added to the thread pointer.
    unsafe {
        asm!(
            "adrp {0}, :gottprel:secmalloc_thread_word",
            "ldr {0}, [{0}, #:gottprel_lo12:secmalloc_thread_word]",
            "mrs {1}, tpidr_el0",
            "add {0}, {0}, {1}",
            out(reg) place, out(reg) _,
            options(nostack, preserves_flags, readonly)
        );
    }
    place
}

/// The calling thread's word; 0 in a new thread.
#[inline(always)]
pub(crate) fn thread_word() -> usize {
    // SAFETY: `place` is this thread's own word.
    unsafe { place().read() }
}

/// Sets the calling thread's word.
#[inline(always)]
pub(crate) fn set_thread_word(word: usize) {
    // SAFETY: `place` is this thread's own word.
    unsafe { place().write(word) }
}

/// What the processor has counted, some ten million to a billion a second.
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    let ticks;
    // SAFETY: reads a counter, as the C library's clocks do.
    unsafe { asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nostack, nomem, preserves_flags)) };
    ticks
}

/// An address that no other running thread shares.
#[inline(always)]
pub(crate) fn thread_identity() -> usize {
    let pointer: usize;
    // SAFETY: reads the thread pointer.
    unsafe {
        asm!("mrs {0}, tpidr_el0", out(reg) pointer, options(nostack, preserves_flags, readonly));
    }
    pointer
}

/// Where the calling thread's sensitive stack is noted; all zero in a new thread.
#[inline(always)]
pub(crate) fn local_stack() -> usize {
    let place: usize;
    // SAFETY: the offset from the global offset table, added to the thread pointer.
    unsafe {
        asm!(
            "adrp {0}, :gottprel:secmalloc_local_stack",
            "ldr {0}, [{0}, #:gottprel_lo12:secmalloc_local_stack]",
            "mrs {1}, tpidr_el0",
            "add {0}, {0}, {1}",
            out(reg) place, out(reg) _,
            options(nostack, preserves_flags, readonly)
        );
    }
    place
}

/// Calls a function on another stack.
///
/// # Safety
/// - `top` is the end of a stack, a multiple of 16, that nobody else uses and that suffices.
pub(crate) unsafe fn call_on_stack(top: usize, function: extern "C" fn(usize), argument: usize) {
    // SAFETY: x20 is kept by what is called (AAPCS64, 6.1.1), and brings the stack back.
    unsafe {
        asm!(
            "mov x20, sp",
            "mov sp, {top}",
            "blr {function}",
            "mov sp, x20",
            top = in(reg) top,
            function = in(reg) function,
            in("x0") argument,
            out("x20") _,
            clobber_abi("C"),
        );
    }
}

/// What a signal's action must say of the way back: nothing, the kernel has its own.
pub(super) fn signal_return() -> (usize, usize) {
    (0, 0)
}

/// The registers that a function keeps for its caller, and the stack pointer, the last.
#[inline(always)]
pub(crate) fn kept_registers() -> [usize; 12] {
    let mut all = [0usize; 12];
    // SAFETY: writes the twelve words of the array.
    unsafe {
        asm!(
            "stp x19, x20, [{0}]", "stp x21, x22, [{0}, #16]", "stp x23, x24, [{0}, #32]",
            "stp x25, x26, [{0}, #48]", "stp x27, x28, [{0}, #64]", "mov {1}, sp", "stp x29, {1}, [{0}, #80]",
            in(reg) all.as_mut_ptr(), out(reg) _,
            options(nostack, preserves_flags)
        );
    }
    all
}

/// What a signal interrupted, from its handler's third argument.
///
/// # Safety
/// - `context` is that argument, and the handler has not returned.
pub(crate) unsafe fn interrupted(context: *const c_void) -> Interrupted {
    let context: *const libc::ucontext_t = context.cast();
    // SAFETY: the caller's promise: the kernel wrote it. The vector registers are behind the general ones, in
    // the same structure.
    let machine = unsafe { &(*context).uc_mcontext };
    let from = core::ptr::from_ref(machine).addr();
    Interrupted {
        stack: machine.sp as usize,
        registers: [(from, from + size_of_val(machine)), (0, 0)],
    }
}
