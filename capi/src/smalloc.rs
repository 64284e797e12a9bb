// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory for secrets: the four functions of Scrash (Broadwell, Harren, Sastry, "Scrash: A System for Generating
//! Secure Crash Information", USENIX Security 2003), and two of OpenBSD. `smalloc.h` declares them.
//!
//! `free` and `realloc` know sensitive blocks too: the region is found from the address, and a block never leaves it.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use secmalloc_heap::{
    allocate_sensitive_quickly, is_sensitive, release_sensitive_quickly, resize_sensitive_quickly,
    Claim, Passed,
};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;
use secmalloc_policy::slot_state::Kind;

use crate::end::{end, How};
use crate::standard::{calloc_here, change, malloc_here, serve};

#[inline(always)]
fn sensitive(size: usize) -> *mut c_void {
    match allocate_sensitive_quickly(size, false) {
        Some(block) => block.as_ptr().cast(),
        None => sensitive_slowly(size),
    }
}

#[inline(never)]
fn sensitive_slowly(size: usize) -> *mut c_void {
    serve(
        Request::bytes(size).map(|request| request.with_secrets(true)),
        Passed::to(Operation::Malloc).size(size),
    )
}

fn sensitive_array(count: usize, size: usize) -> *mut c_void {
    let block = count
        .checked_mul(size)
        .and_then(|total| allocate_sensitive_quickly(total, true));
    match block {
        Some(block) => block.as_ptr().cast(),
        None => serve(
            Request::array(count, size).map(|request| request.zeroed().with_secrets(true)),
            Passed::to(Operation::Calloc).array(count, size),
        ),
    }
}

/// `size` bytes, aligned to 16: in the sensitive region unless `sensitive` is 0, else as `malloc`. `NULL` with
/// `ENOMEM` if they cannot be had; with option `sensitive=strict` also where a protection cannot.
#[no_mangle]
pub extern "C" fn smalloc(size: usize, sensitive: c_int) -> *mut c_void {
    if sensitive == 0 {
        malloc_here(size)
    } else {
        self::sensitive(size)
    }
}

/// `count * size` bytes that read as zero, in the sensitive region unless `sensitive` is 0. As `smalloc`, also
/// where the product overflows.
#[no_mangle]
pub extern "C" fn scalloc(count: usize, size: usize, sensitive: c_int) -> *mut c_void {
    if sensitive == 0 {
        calloc_here(count, size)
    } else {
        sensitive_array(count, size)
    }
}

/// Changes a block's size to `size` bytes, as `realloc`; it stays in its region. What a sensitive block loses, or
/// leaves behind, is wiped when this returns. For `NULL` it makes a sensitive block.
///
/// # Safety
/// - As [`free`](crate::standard::free), where a non-null pointer is returned or `size` is 0.
#[no_mangle]
pub unsafe extern "C" fn srealloc(ptr: *mut c_void, size: usize) -> *mut c_void {
    let Some(block) = NonNull::new(ptr.cast()) else {
        return sensitive(size);
    };
    // SAFETY: the caller's promise.
    if let Some(block) = unsafe { resize_sensitive_quickly(block, size) } {
        return block.as_ptr().cast();
    }
    let request = Request::bytes(size).map(|request| request.with_secrets(is_sensitive(block)));
    // SAFETY: the caller's promise.
    unsafe { change(ptr, request, Passed::to(Operation::Realloc).size(size)) }
}

/// Ends a block of either region, as `free`. A sensitive one is wiped when this returns. `NULL` is allowed.
///
/// # Safety
/// - As [`free`](crate::standard::free).
#[no_mangle]
pub unsafe extern "C" fn sfree(ptr: *mut c_void) {
    let done = NonNull::new(ptr.cast()).is_none_or(|block| {
        // SAFETY: the caller's promise.
        unsafe { release_sensitive_quickly(block, Kind::Malloc, Claim::NONE) }
    });
    if !done {
        // SAFETY: the caller's promise.
        unsafe { end(How::plain(Operation::Free), ptr, 0, 0) }
    }
}

/// `smalloc(size, 1)` under its name on OpenBSD (malloc_conceal(3)). `free` wipes the block there too.
#[no_mangle]
pub extern "C" fn malloc_conceal(size: usize) -> *mut c_void {
    sensitive(size)
}

/// `scalloc(count, size, 1)` under its name on OpenBSD.
#[no_mangle]
pub extern "C" fn calloc_conceal(count: usize, size: usize) -> *mut c_void {
    sensitive_array(count, size)
}
