// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls and the thread word on x86-64.

use core::arch::{asm, global_asm};
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

/// What the processor has counted, some billion a second.
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    // SAFETY: reads a counter. Where a process had it forbidden (prctl(2), `PR_SET_TSC`), the C library's clocks
    // would end it, too.
    unsafe { core::arch::x86_64::_rdtsc() }
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

/// Where the calling thread's sensitive stack is noted; all zero in a new thread.
#[inline(always)]
pub(crate) fn local_stack() -> usize {
    let place: usize;
    // SAFETY: the thread pointer, whose first word is itself, and the offset from the global offset table.
    unsafe {
        asm!(
            "mov {0}, qword ptr fs:[0]",
            "add {0}, qword ptr [rip + secmalloc_local_stack@GOTTPOFF]",
            out(reg) place,
            options(nostack, readonly)
        );
    }
    place
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

// What a handler returns to, when it was not the C library that installed it: the kernel takes it from the
// action (sigaction(2), "SA_RESTORER").
global_asm!(
    ".pushsection .text.secmalloc_signal_return,\"ax\",@progbits",
    ".globl secmalloc_signal_return",
    ".hidden secmalloc_signal_return",
    ".type secmalloc_signal_return,@function",
    "secmalloc_signal_return:",
    "mov eax, 15",
    "syscall",
    ".size secmalloc_signal_return, . - secmalloc_signal_return",
    ".popsection",
);

/// What a signal's action must say of the way back: an address, and the flag that says that it is there.
pub(super) fn signal_return() -> (usize, usize) {
    const SA_RESTORER: usize = 0x0400_0000;
    let address: usize;
    // SAFETY: takes an address.
    unsafe {
        asm!("lea {0}, [rip + secmalloc_signal_return]", out(reg) address, options(nostack, nomem, preserves_flags));
    }
    (address, SA_RESTORER)
}

/// The registers that a function keeps for its caller, and the stack pointer, the last.
#[inline(always)]
pub(crate) fn kept_registers() -> [usize; 12] {
    let mut all = [0usize; 12];
    // SAFETY: writes seven words of the array.
    unsafe {
        asm!(
            "mov [{0}], rbx", "mov [{0} + 8], rbp", "mov [{0} + 16], r12", "mov [{0} + 24], r13",
            "mov [{0} + 32], r14", "mov [{0} + 40], r15", "mov [{0} + 88], rsp",
            in(reg) all.as_mut_ptr(),
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
    /// Bytes below the stack pointer that a function may use (AMD64 ABI, 3.2.2).
    const RED_ZONE: usize = 128;
    /// Of `struct _fpstate`: the registers of the oldest part, and where the kernel says how much there is
    /// (arch/x86/include/uapi/asm/sigcontext.h).
    const LEGACY: usize = 512;
    const MAGIC_AT: usize = 464;
    const MAGIC: u32 = 0x4650_5853;
    let context: *const libc::ucontext_t = context.cast();
    // SAFETY: the caller's promise: the kernel wrote it, and what it points to.
    unsafe {
        let general = &(*context).uc_mcontext.gregs;
        let vectors = (*context).uc_mcontext.fpregs.addr();
        let length = match vectors {
            0 => 0,
            at => {
                let said: *const u32 = core::ptr::with_exposed_provenance(at + MAGIC_AT);
                if said.read_unaligned() == MAGIC {
                    said.add(1).read_unaligned() as usize
                } else {
                    LEGACY
                }
            }
        };
        let from = core::ptr::from_ref(general).addr();
        Interrupted {
            stack: (general[libc::REG_RSP as usize] as usize).wrapping_sub(RED_ZONE),
            registers: [
                (from, from + size_of_val(general)),
                (vectors, vectors + length),
            ],
        }
    }
}
