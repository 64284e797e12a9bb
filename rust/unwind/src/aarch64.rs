// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is different on aarch64.

use core::arch::asm;
use core::mem::offset_of;

use gimli::{Register, Vendor};

use crate::memory::Memory;
use crate::rule::Rule;

/// The numbers of registers in unwind tables (DWARF for the Arm 64-bit Architecture, 4.1).
pub(crate) const FP: Register = gimli::AArch64::X29;
pub(crate) const SP: Register = gimli::AArch64::SP;
pub(crate) const RETURN_ADDRESS: Register = gimli::AArch64::X30;
/// A call leaves the return address in x30, and the callee stores it if it must.
pub(crate) const LINK_REGISTER: bool = true;
/// Knows the rule that says whether return addresses are signed.
pub(crate) const VENDOR: Vendor = Vendor::AArch64;
/// x19 to x30, d8 to d15, and whether the return address is signed.
pub(crate) const SAVED_REGISTERS: usize = 24;
/// A row for the function, one for what `DW_CFA_remember_state` put away: common parts say nothing of
/// registers here.
pub(crate) const ROWS: usize = 2;
/// The frame pointer and the return address lie anywhere in a frame, mostly at its lower end.
pub(crate) const RECORD_ENDS_FRAME: bool = false;

/// No place at all.
pub(crate) const NOWHERE: Registers = Registers {
    pc: 0,
    sp: 0,
    fp: 0,
    lr: 0,
};

/// Where a walk begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registers {
    /// The next instruction.
    pub pc: usize,
    /// The stack pointer.
    pub sp: usize,
    /// The frame pointer, x29.
    pub fp: usize,
    /// The link register, x30.
    pub lr: usize,
}

impl Registers {
    /// Those of the caller, at this place. Its frame must still be there when it is walked.
    #[inline(always)]
    #[must_use]
    pub fn here() -> Registers {
        let (pc, sp, fp, lr);
        // SAFETY: reads four registers.
        unsafe {
            asm!(
                "adr {0}, .", "mov {1}, sp", "mov {2}, x29", "mov {3}, x30",
                out(reg) pc, out(reg) sp, out(reg) fp, out(reg) lr,
                options(nostack, nomem, preserves_flags)
            );
        }
        Registers { pc, sp, fp, lr }
    }

    /// Those that a signal interrupted.
    ///
    /// # Safety
    /// - `context` is the third argument of a signal handler that is running.
    #[must_use]
    pub unsafe fn of_context(context: *const libc::ucontext_t) -> Registers {
        // SAFETY: the caller's promise.
        let saved = unsafe { &(*context).uc_mcontext };
        Registers {
            pc: saved.pc as usize,
            sp: saved.sp as usize,
            fp: saved.regs[29] as usize,
            lr: saved.regs[30] as usize,
        }
    }
}

/// The context in the frame of a signal: behind its `siginfo_t` (arch/arm64/kernel/signal.c,
/// `struct rt_sigframe`).
const CONTEXT: usize = size_of::<libc::siginfo_t>() + offset_of!(libc::ucontext_t, uc_mcontext);
const REGS: usize = CONTEXT + offset_of!(libc::mcontext_t, regs);

/// The registers that a signal interrupted, in the way back from its handler: the stack pointer
/// is at the signal's frame.
pub(crate) fn interrupted(at: &Registers, memory: &mut Memory) -> Option<Registers> {
    let mut saved = |offset: usize| memory.word(at.sp.wrapping_add(offset));
    Some(Registers {
        pc: saved(CONTEXT + offset_of!(libc::mcontext_t, pc))?,
        sp: saved(CONTEXT + offset_of!(libc::mcontext_t, sp))?,
        fp: saved(REGS + 8 * 29)?,
        lr: saved(REGS + 8 * 30)?,
    })
}

/// Whether the code at `pc` is `mov x8, SYS_rt_sigreturn; svc 0`, the vDSO's where its tables are
/// not to be had.
pub(crate) fn is_way_back(pc: usize, memory: &mut Memory) -> bool {
    const CODE: [u32; 2] = [0xd280_1168, 0xd400_0001];
    let mut word = |at: usize| -> Option<u32> {
        let both = memory.word(at & !7)?;
        Some((both >> (8 * (at & 4))) as u32)
    };
    pc % 4 == 0 && word(pc) == Some(CODE[0]) && word(pc.wrapping_add(4)) == Some(CODE[1])
}

/// The return address of a call whose rule is known. In x30 it can only be where no call was made
/// since: `exact`.
#[inline]
pub(crate) fn return_address(
    rule: Rule,
    cfa: usize,
    at: Registers,
    exact: bool,
    memory: &mut Memory,
) -> Option<usize> {
    match rule.return_address() {
        Some(offset) => memory.word(cfa.wrapping_add_signed(offset)),
        None => exact.then_some(at.lr),
    }
}

/// Who may be the caller, where `at` may be in a function without tables that has not saved
/// anything: a PLT, or a place that a wild pointer led to.
pub(crate) fn callers_at_entry(at: &Registers, _: &mut Memory) -> [Option<Registers>; 1] {
    [Some(caller(at.lr, at.sp, at.fp))]
}

/// The caller's registers, from its frame pointer and its return address.
#[inline]
pub(crate) fn caller(pc: usize, sp: usize, fp: usize) -> Registers {
    Registers {
        pc: without_signature(pc),
        sp,
        fp,
        lr: 0,
    }
}

/// An address without the signature that pointer authentication may have put into its upper bits:
/// `xpaclri`, which older processors take for a `nop`.
fn without_signature(address: usize) -> usize {
    let mut plain = address;
    // SAFETY: changes x30 alone.
    unsafe {
        asm!("hint #7", inlateout("x30") plain, options(nostack, nomem, preserves_flags));
    }
    plain
}

pub(crate) fn stack_pointer() -> usize {
    let sp;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) sp, options(nostack, nomem, preserves_flags)) };
    sp
}

pub(crate) fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    unsafe {
        asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, nomem, preserves_flags))
    };
    pointer
}

/// Where the stack of the initial thread begins, above all its frames; 0 if the C library does not
/// say.
pub(crate) fn initial_stack_end() -> usize {
    let variable: *const usize =
        core::ptr::with_exposed_provenance(weak_address!("__libc_stack_end"));
    // SAFETY: null, or glibc's variable, which the loader sets before it runs anything else
    // (elf/rtld.c, csu/libc-start.c) and which nothing writes afterwards.
    unsafe { variable.as_ref() }.map_or(0, |end| *end)
}

/// The address of a symbol, 0 if nothing defines it: stable Rust has no weak references. Through
/// the global offset table, where the linker or the loader leaves 0.
macro_rules! weak_address {
    ($name:literal $(, $visibility:ident)?) => {{
        let address: usize;
        // SAFETY: reads a word of our own global offset table.
        unsafe {
            core::arch::asm!(
                concat!(".weak ", $name),
                $(concat!(".", stringify!($visibility), " ", $name),)?
                concat!("adrp {0}, :got:", $name),
                concat!("ldr {0}, [{0}, #:got_lo12:", $name, "]"),
                out(reg) address,
                options(nostack, preserves_flags, readonly, pure)
            );
        }
        address
    }};
}
pub(crate) use weak_address;
