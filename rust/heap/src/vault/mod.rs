// SPDX-License-Identifier: MIT OR Apache-2.0
//! The vault: memory that holds secrets, and what is done so that they stay there.
//!
//! Its heap is the ordinary one's twin, in classes and regions of its own (`size_class`); globals and stacks
//! have mappings of theirs. All of it gets the same protections, in [`protect()`].

mod end;
mod fork;
pub mod globals;
mod look;
mod protect;
pub mod stack;
mod status;
pub mod window;

pub(crate) use end::end;
pub(crate) use fork::{after_fork_child, may_be_wiped};
pub(crate) use protect::protect_or_refuse;
use protect::{protect, renew};
pub use status::{sensitive_status, Holds, SensitiveStatus};
pub(crate) use window::{around, around_block, around_class};

use crate::pool::{self, fixed};
use crate::sys;
use crate::wipe;

/// To be called when secrets were copied.
pub(crate) fn forget_registers() {
    wipe::forget_registers(fixed().registers);
}

/// Zeroes memory that nobody may read again.
///
/// # Safety
/// - The range may be written.
unsafe fn erase(at: usize, size: usize) {
    // SAFETY: the caller's promise. The compiler knows nothing of who else reads at an address that came as a
    // number, and leaves no store out.
    unsafe { sys::pointer::<u8>(at).as_ptr().write_bytes(0, size) };
}

/// Globals and stacks in a forked child.
pub(crate) fn variables_after_fork() {
    globals::forked();
    stack::forked();
}

/// At normal exit: has globals, and the exiting thread's stack, wiped behind the last destructor, if the options
/// want it. Destructors of any module may use them until then.
pub(crate) fn variables_at_exit() {
    unsafe extern "C" fn wipe_all(_: *mut core::ffi::c_void) {
        globals::wipe_at_exit();
        stack::wipe_at_exit();
    }
    if pool::started()
        && fixed().options.sensitive().wiped_at_exit
        && (stack::is_in_use() || globals::each().next().is_some())
    {
        sys::at_the_very_end(wipe_all);
    }
}
