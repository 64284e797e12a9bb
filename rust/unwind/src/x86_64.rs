// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is different on x86-64.

use core::arch::asm;
use core::mem::offset_of;

use gimli::{Register, Vendor};

use crate::memory::Memory;
use crate::rule::Rule;

/// The numbers of registers in unwind tables (AMD64 ABI, figure 3.36).
pub(crate) const FP: Register = gimli::X86_64::RBP;
pub(crate) const SP: Register = gimli::X86_64::RSP;
pub(crate) const RETURN_ADDRESS: Register = gimli::X86_64::RA;
/// A call stores the return address on the stack.
pub(crate) const LINK_REGISTER: bool = false;
pub(crate) const VENDOR: Vendor = Vendor::Default;
/// rbx, rbp, r12 to r15, the return address, and a few more. A function of Windows' convention that
/// keeps ten vectors too is walked by its frame pointer.
pub(crate) const SAVED_REGISTERS: usize = 10;
/// A row for the function, one for what `DW_CFA_remember_state` put away. The common part says
/// where the return address is, and for one register gimli needs no row.
pub(crate) const ROWS: usize = 2;
/// Behind the caller's frame pointer and the return address begins the caller's frame.
pub(crate) const RECORD_ENDS_FRAME: bool = true;

/// No place at all.
pub(crate) const NOWHERE: Registers = Registers {
    pc: 0,
    sp: 0,
    fp: 0,
};

/// Where a walk begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registers {
    /// The next instruction.
    pub pc: usize,
    /// The stack pointer.
    pub sp: usize,
    /// The frame pointer, rbp.
    pub fp: usize,
}

impl Registers {
    /// Those of the caller, at this place. Its frame must still be there when it is walked.
    #[inline(always)]
    #[must_use]
    pub fn here() -> Registers {
        let (pc, sp, fp);
        // SAFETY: reads three registers.
        unsafe {
            asm!(
                "lea {0}, [rip]", "mov {1}, rsp", "mov {2}, rbp",
                out(reg) pc, out(reg) sp, out(reg) fp,
                options(nostack, nomem, preserves_flags)
            );
        }
        Registers { pc, sp, fp }
    }

    /// Those that a signal interrupted.
    ///
    /// # Safety
    /// - `context` is the third argument of a signal handler that is running.
    #[must_use]
    pub unsafe fn of_context(context: *const libc::ucontext_t) -> Registers {
        // SAFETY: the caller's promise.
        let saved = unsafe { &(*context).uc_mcontext.gregs };
        Registers {
            pc: saved[libc::REG_RIP as usize] as usize,
            sp: saved[libc::REG_RSP as usize] as usize,
            fp: saved[libc::REG_RBP as usize] as usize,
        }
    }
}

/// Where the kernel keeps a register in the frame of a signal.
const fn saved(register: i32) -> usize {
    offset_of!(libc::ucontext_t, uc_mcontext)
        + offset_of!(libc::mcontext_t, gregs)
        + 8 * register as usize
}

/// The registers that a signal interrupted, in the way back from its handler: the kernel put the
/// context where the handler's return address was popped (arch/x86/kernel/signal_64.c).
pub(crate) fn interrupted(at: &Registers, memory: &mut Memory) -> Option<Registers> {
    Some(Registers {
        pc: memory.word(at.sp.wrapping_add(saved(libc::REG_RIP)))?,
        sp: memory.word(at.sp.wrapping_add(saved(libc::REG_RSP)))?,
        fp: memory.word(at.sp.wrapping_add(saved(libc::REG_RBP)))?,
    })
}

/// Whether the code at `pc` is `mov rax, SYS_rt_sigreturn; syscall`: musl's has no tables.
pub(crate) fn is_way_back(pc: usize, memory: &mut Memory) -> bool {
    const CODE: [u8; 9] = [0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05];
    let (from, shift) = (pc & !7, pc & 7);
    let mut bytes = [0; 24];
    for (index, to) in bytes.chunks_exact_mut(8).enumerate() {
        match memory.word(from.wrapping_add(8 * index)) {
            Some(word) => to.copy_from_slice(&word.to_ne_bytes()),
            None => return false,
        }
    }
    bytes.get(shift..shift + CODE.len()) == Some(CODE.as_slice())
}

/// The return address of a call whose rule is known.
#[inline]
pub(crate) fn return_address(
    _: Rule,
    cfa: usize,
    _: Registers,
    _: bool,
    memory: &mut Memory,
) -> Option<usize> {
    memory.word(cfa.wrapping_sub(8))
}

/// Who may be the caller, where `at` may be the first instructions of a function without tables: a
/// PLT, whose entries push up to two words before they jump, or a place that a wild pointer led to.
pub(crate) fn callers_at_entry(at: &Registers, memory: &mut Memory) -> [Option<Registers>; 3] {
    [0, 8, 16].map(|pushed| {
        let sp = at.sp.wrapping_add(pushed);
        Some(caller(memory.word(sp)?, sp.wrapping_add(8), at.fp))
    })
}

/// The caller's registers, from its frame pointer and its return address.
#[inline]
pub(crate) fn caller(pc: usize, sp: usize, fp: usize) -> Registers {
    Registers { pc, sp, fp }
}

pub(crate) fn stack_pointer() -> usize {
    let sp;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rsp", out(reg) sp, options(nostack, nomem, preserves_flags)) };
    sp
}

pub(crate) fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: the first word of the thread control block is its own address (ELF Handling for
    // Thread-Local Storage, 3.4.6).
    unsafe {
        asm!("mov {}, qword ptr fs:[0]", out(reg) pointer, options(nostack, preserves_flags, readonly));
    }
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
                concat!("mov {}, qword ptr [rip + ", $name, "@GOTPCREL]"),
                out(reg) address,
                options(nostack, preserves_flags, readonly, pure)
            );
        }
        address
    }};
}
pub(crate) use weak_address;
