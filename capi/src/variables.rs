// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the macros of `smalloc.h` call for sensitive globals and locals. That header declares these functions, not the
//! generated one: nobody is to call them by name.

use core::ffi::c_void;
use core::ptr::with_exposed_provenance_mut;

use secmalloc_heap::{globals, locals};

/// Puts an object on the calling thread's sensitive stack, and says where that is and what was free before.
///
/// # Safety
/// - `stack` and `before` may be written.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_local_push(
    size: usize,
    alignment: usize,
    stack: *mut *mut c_void,
    before: *mut *mut c_void,
) -> *mut c_void {
    let pushed = locals::push(size, alignment);
    // SAFETY: the caller's promise.
    unsafe {
        stack.write(with_exposed_provenance_mut(pushed.stack));
        before.write(with_exposed_provenance_mut(pushed.before));
    }
    with_exposed_provenance_mut(pushed.at)
}

/// Takes an object off again: what [`secmalloc_local_push`] or the inline way put there.
#[no_mangle]
pub extern "C" fn secmalloc_local_pop(at: *mut c_void, size: usize, before: *mut c_void) {
    locals::pop(at.addr(), size, before.addr());
}

/// How far the calling thread's sensitive stack is in use.
#[no_mangle]
pub extern "C" fn secmalloc_local_mark() -> *mut c_void {
    with_exposed_provenance_mut(locals::mark())
}

/// Takes everything off that was put there since the mark.
#[no_mangle]
pub extern "C" fn secmalloc_local_unwind(mark: *mut c_void) {
    locals::unwind(mark.addr());
}

/// Takes over a section of sensitive globals.
///
/// # Safety
/// - As `secmalloc_heap::globals::add`.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_globals_add(from: *mut c_void, to: *mut c_void) {
    // SAFETY: passed on to the caller.
    unsafe { globals::add(from.expose_provenance(), to.addr()) };
}

/// Wipes and forgets a section that goes.
///
/// # Safety
/// - As `secmalloc_heap::globals::remove`.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_globals_remove(from: *mut c_void, to: *mut c_void) {
    // SAFETY: passed on to the caller.
    unsafe { globals::remove(from.addr(), to.addr()) };
}
