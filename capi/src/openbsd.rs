// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two functions of OpenBSD for blocks that hold secrets: what they end is wiped before they return
//! (malloc(3) of OpenBSD). The sizes that they are told are checked.

use core::ffi::c_void;
use core::ptr::NonNull;

use secmalloc_heap::{begin_call, discard, recreate, Passed, Recreated};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;

use crate::standard::{calloc_here, fail, record};

/// Ends a block, and wipes its first `size` bytes before it returns; more than the block has stops
/// the process. `NULL` is allowed.
///
/// # Safety
/// - As [`free`](crate::standard::free).
#[no_mangle]
pub unsafe extern "C" fn freezero(ptr: *mut c_void, size: usize) {
    if let Some(block) = NonNull::new(ptr.cast()) {
        // SAFETY: the caller's promise.
        unsafe { discard(block, size, Operation::Freezero) }
    }
}

/// Changes an array of `old_count` elements of `size` bytes to `count` elements: what is new reads as
/// zero, and what is given up was wiped when this returns. For `NULL` as `calloc`. A block that does
/// not have `old_count * size` bytes stops the process. On failure `NULL`, with `ENOMEM`, or with
/// `EINVAL` where the old product overflows; the block stays as it is.
///
/// # Safety
/// - As [`free`](crate::standard::free), where a non-null pointer is returned.
#[no_mangle]
pub unsafe extern "C" fn recallocarray(
    ptr: *mut c_void,
    old_count: usize,
    count: usize,
    size: usize,
) -> *mut c_void {
    let Some(block) = NonNull::new(ptr.cast()) else {
        return calloc_here(count, size);
    };
    let Ok(request) = Request::array(count, size) else {
        return fail(libc::ENOMEM);
    };
    let Some(old) = old_count.checked_mul(size) else {
        return fail(libc::EINVAL);
    };
    let passed = Passed::to(Operation::Recallocarray).pointer(ptr.addr());
    let begun = begin_call(&passed.array(count, size));
    // SAFETY: the caller's promise.
    let made = match unsafe { recreate(block, old, request.zeroed(), Operation::Recallocarray) } {
        Recreated::Block(block) => Ok(block),
        Recreated::NoMemory => Err(libc::ENOMEM),
        Recreated::Refused => Err(libc::EINVAL),
    };
    record(begun, made);
    match made {
        Ok(block) => block.as_ptr().cast(),
        Err(errno) => fail(errno),
    }
}
