// SPDX-License-Identifier: MIT OR Apache-2.0
//! SIGSEGV on a guard: say which block it was, and let the signal take its course.
//!
//! The handler is installed only where the program has none, and it changes nothing about how
//! the process ends: it restores the default action and returns, the same instruction faults
//! again, and the core file shows it.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::size_of;
use core::sync::atomic::{AtomicBool, Ordering};

use secmalloc_policy::fault::Operation;
use secmalloc_unwind::Registers;

use crate::die;
use crate::explain;
use crate::pool;
use crate::sys;

/// Installs the handler, if the options want it.
pub(crate) fn install() {
    if pool::started() && pool::fixed().options.explain_segv() {
        sys::handle_if_default(libc::SIGSEGV, handler);
    }
}

unsafe extern "C" fn handler(
    signal: c_int,
    information: *mut libc::siginfo_t,
    context: *mut c_void,
) {
    sys::default_action(signal);
    // SAFETY: the kernel passes a valid `siginfo_t` to a handler with SA_SIGINFO.
    let information = unsafe { &*information };
    if information.si_code <= 0 {
        // Sent by a process, not caused by an access: there is no instruction to fault again.
        sys::raise(signal);
        return;
    }
    let touch = Touch {
        // SAFETY: a SIGSEGV from the kernel carries an address.
        address: unsafe { information.si_addr() }.addr(),
        // SAFETY: the kernel passes the interrupted registers to a handler with SA_SIGINFO.
        from: unsafe { Registers::of_context(context.cast()) },
    };
    // Once: the process ends.
    if !TAKEN.swap(true, Ordering::Relaxed) {
        let top = STACK.0.get().addr() + size_of::<Stack>();
        // SAFETY: a stack that nobody else has or will have, many times as large as what is called.
        unsafe { sys::call_on_stack(top, tell, (&raw const touch).expose_provenance()) };
    }
}

/// A stack of our own: the program's alternate stack may have as little room as the kernel itself
/// needs for a signal.
#[repr(C, align(4096))]
struct Stack(UnsafeCell<[u8; 32 << 10]>);
// SAFETY: only used as the stack of the one thread that took it.
unsafe impl Sync for Stack {}

static STACK: Stack = Stack(UnsafeCell::new([0; 32 << 10]));

/// Where that stack is: from, to.
pub(crate) fn stack() -> (usize, usize) {
    let at = STACK.0.get().addr();
    (at, at + size_of::<Stack>())
}
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What was touched, and by which instruction.
struct Touch {
    address: usize,
    from: Registers,
}

extern "C" fn tell(touch: usize) {
    // SAFETY: the handler's own, which waits for this to return.
    let touch = unsafe { sys::pointer::<Touch>(touch).as_ref() };
    if let Some(fault) = explain::access(touch.address) {
        die::tell(&fault, Operation::Access, true, touch.from);
    }
}
