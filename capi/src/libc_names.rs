// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second names that glibc's malloc has, `__libc_malloc` and its relatives.
//!
//! Who defines a `malloc` of its own that only counts, or looks, calls the real one by these: in the
//! program itself, where its own `malloc` comes before ours. Half of that program's blocks (those of
//! `posix_memalign`, say, or of `strdup`) would else be ours, and half of them glibc's; and in a static
//! program the name would bring the whole of glibc's malloc, and every name twice.
//!
//! So nothing here may call a function by a name that the program can define: it would call
//! itself.

use core::ffi::{c_int, c_void};

use secmalloc_heap::{page_size, Passed};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;

use crate::end::{end, How};
use crate::glibc::{mallinfo_here, mallopt_here};
use crate::standard::{align_here, calloc_here, change, malloc_here, serve};

/// As [`malloc`](crate::standard::malloc).
#[no_mangle]
pub extern "C" fn __libc_malloc(size: usize) -> *mut c_void {
    malloc_here(size)
}

/// As [`calloc`](crate::standard::calloc).
#[no_mangle]
pub extern "C" fn __libc_calloc(count: usize, size: usize) -> *mut c_void {
    calloc_here(count, size)
}

/// As [`free`](crate::standard::free).
///
/// # Safety
/// - As there.
#[no_mangle]
pub unsafe extern "C" fn __libc_free(ptr: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { end(How::plain(Operation::Free), ptr, 0, 0) }
}

/// As [`realloc`](crate::standard::realloc).
///
/// # Safety
/// - As there.
#[no_mangle]
pub unsafe extern "C" fn __libc_realloc(ptr: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe {
        change(
            ptr,
            Request::bytes(size),
            Passed::to(Operation::Realloc).size(size),
        )
    }
}

/// As [`memalign`](crate::standard::memalign).
#[no_mangle]
pub extern "C" fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void {
    align_here(alignment, size, Operation::Memalign)
}

/// As [`valloc`](crate::standard::valloc).
#[no_mangle]
pub extern "C" fn __libc_valloc(size: usize) -> *mut c_void {
    serve(
        Request::aligned(page_size(), size),
        Passed::to(Operation::Valloc).size(size),
    )
}

/// As [`pvalloc`](crate::standard::pvalloc).
#[no_mangle]
pub extern "C" fn __libc_pvalloc(size: usize) -> *mut c_void {
    serve(
        Request::pages(size, page_size()),
        Passed::to(Operation::Pvalloc).size(size),
    )
}

/// As [`mallopt`](crate::glibc::mallopt).
#[no_mangle]
pub extern "C" fn __libc_mallopt(parameter: c_int, value: c_int) -> c_int {
    mallopt_here(parameter, value)
}

/// As [`mallinfo`](crate::glibc::mallinfo).
#[no_mangle]
pub extern "C" fn __libc_mallinfo() -> libc::mallinfo {
    mallinfo_here()
}
