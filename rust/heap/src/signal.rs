// SPDX-License-Identifier: MIT OR Apache-2.0
//! SIGSEGV on a guard: say which block it was, and let the signal take its course.
//!
//! The handler is installed only where the program has none, and it changes nothing about how
//! the process ends: it restores the default action and returns, the same instruction faults
//! again, and the core file shows it.

use core::ffi::{c_int, c_void};

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
    // SAFETY: a SIGSEGV from the kernel carries an address.
    let address = unsafe { information.si_addr() }.addr();
    if let Some(fault) = explain::access(address) {
        // SAFETY: the kernel passes the interrupted registers to a handler with SA_SIGINFO.
        let from = unsafe { Registers::of_context(context.cast()) };
        die::tell(&fault, Operation::Access, true, from);
    }
}
