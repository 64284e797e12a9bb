// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limits of resources, as the C library has them (setrlimit(2), prlimit(2)). What the heap reserves counts against
//! `RLIMIT_AS`: a process that limits itself must get it back, before it wants to map anything else.
//!
//! They may be called wherever the C library's may, and change `errno` on failure only.

use core::ffi::{c_int, c_uint};
use core::ptr::null_mut;

use libc::{pid_t, rlimit64};

/// Changes and asks for a limit of a process, 0 for the calling one. 0, or -1 with `errno`.
///
/// # Safety
/// - `new` is null or points to a limit, `old` is null or may be written.
#[no_mangle]
pub unsafe extern "C" fn prlimit64(
    process: pid_t,
    resource: c_uint,
    new: *const rlimit64,
    old: *mut rlimit64,
) -> c_int {
    // SAFETY: the caller's promise.
    match unsafe { secmalloc_heap::set_limit(process, resource, new, old) } {
        Ok(()) => 0,
        Err(errno) => {
            // SAFETY: the C library's own, for this thread.
            unsafe { *libc::__errno_location() = errno };
            -1
        }
    }
}

/// The same: `rlim_t` has 64 bits.
///
/// # Safety
/// - As [`prlimit64`].
#[no_mangle]
pub unsafe extern "C" fn prlimit(
    process: pid_t,
    resource: c_uint,
    new: *const rlimit64,
    old: *mut rlimit64,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { prlimit64(process, resource, new, old) }
}

/// Changes a limit of the calling process. 0, or -1 with `errno`.
///
/// # Safety
/// - `new` points to a limit.
#[no_mangle]
pub unsafe extern "C" fn setrlimit64(resource: c_uint, new: *const rlimit64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { prlimit64(0, resource, new, null_mut()) }
}

/// The same.
///
/// # Safety
/// - As [`setrlimit64`].
#[no_mangle]
pub unsafe extern "C" fn setrlimit(resource: c_uint, new: *const rlimit64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { prlimit64(0, resource, new, null_mut()) }
}
