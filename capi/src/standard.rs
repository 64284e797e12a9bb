// SPDX-License-Identifier: MIT OR Apache-2.0
//! The malloc family. Semantics are those of glibc 2.36 where programs depend on them, and of
//! C23 elsewhere.
//!
//! Every function may be called by any thread. A signal handler that interrupted one of them in the
//! same thread may be refused: memory with `ENOMEM`, a free by leaving the block unused. `free` and its
//! relatives keep `errno`.

use core::arch::global_asm;
use core::ffi::{c_int, c_void};
use core::mem::size_of;
use core::ptr::{null_mut, NonNull};

use secmalloc_heap::{
    allocate, allocate_aligned_quickly, allocate_quickly, allocate_small_quickly, begin_call,
    begin_change, begin_make, end_call, page_size, release, resize, resize_quickly, usable_size,
    usable_size_quickly, Begun, Claim, Making, Passed,
};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::{Refusal, Request};
use secmalloc_policy::slot_state::Kind;

use crate::end::{end, How};
use crate::replaced::Replaceable;

#[cold]
pub(crate) fn fail(errno: c_int) -> *mut c_void {
    // SAFETY: the C library's own, for this thread.
    unsafe { *libc::__errno_location() = errno };
    null_mut()
}

fn errno_of(refusal: Refusal) -> c_int {
    match refusal {
        Refusal::TooLarge => libc::ENOMEM,
        Refusal::BadAlignment => libc::EINVAL,
    }
}

/// What was asked for, or the `errno` that says why not.
fn attempt(request: Result<Request, Refusal>, passed: Passed) -> Result<NonNull<u8>, c_int> {
    let begun = match begin_make(&passed, &request) {
        Making::Made(block) => return Ok(block),
        Making::Begun(begun) => Some(begun),
        Making::Unrecorded => None,
    };
    let made = match request {
        Ok(request) => allocate(request, passed.operation).ok_or(libc::ENOMEM),
        Err(refusal) => Err(errno_of(refusal)),
    };
    record(begun, made);
    made
}

/// Ends the record of a call, where one was begun.
pub(crate) fn record(begun: Option<Begun>, made: Result<NonNull<u8>, c_int>) {
    if let Some(begun) = begun {
        match made {
            Ok(block) => end_call(begun, block.addr().get(), 0),
            Err(errno) => end_call(begun, 0, errno),
        }
    }
}

pub(crate) fn serve(request: Result<Request, Refusal>, passed: Passed) -> *mut c_void {
    match attempt(request, passed) {
        Ok(block) => block.as_ptr().cast(),
        Err(errno) => fail(errno),
    }
}

// What does not go the short way is a call in tail position, with the caller's own arguments: so
// the short way keeps nothing for it, and needs no stack.

#[inline(never)]
fn malloc_slowly(size: usize) -> *mut c_void {
    if let Some(block) = allocate_small_quickly(size, Kind::Malloc, false) {
        return block.as_ptr().cast();
    }
    serve(
        Request::bytes(size),
        Passed::to(Operation::Malloc).size(size),
    )
}

#[inline(never)]
fn calloc_slowly(count: usize, size: usize) -> *mut c_void {
    let block = count
        .checked_mul(size)
        .and_then(|total| allocate_small_quickly(total, Kind::Malloc, true));
    if let Some(block) = block {
        return block.as_ptr().cast();
    }
    serve(
        Request::array(count, size).map(Request::zeroed),
        Passed::to(Operation::Calloc).array(count, size),
    )
}

/// The short way of all functions that take an alignment: too much code for each to have its own.
#[inline(never)]
pub(crate) fn aligned_quickly(alignment: usize, size: usize, kind: Kind) -> Option<NonNull<u8>> {
    allocate_aligned_quickly(alignment, size, kind)
}

// What has more than one name. A call by an exported name would be one that a program can take over.

#[inline(always)]
pub(crate) fn malloc_here(size: usize) -> *mut c_void {
    match allocate_quickly(size, Kind::Malloc, false) {
        Some(block) => block.as_ptr().cast(),
        None => malloc_slowly(size),
    }
}

#[inline(always)]
pub(crate) fn calloc_here(count: usize, size: usize) -> *mut c_void {
    let block = count
        .checked_mul(size)
        .and_then(|total| allocate_quickly(total, Kind::Malloc, true));
    match block {
        Some(block) => block.as_ptr().cast(),
        None => calloc_slowly(count, size),
    }
}

#[inline(always)]
pub(crate) fn align_here(alignment: usize, size: usize, operation: Operation) -> *mut c_void {
    match aligned_quickly(alignment, size, Kind::Malloc) {
        Some(block) => block.as_ptr().cast(),
        None => serve(
            Request::aligned_rounding(alignment, size),
            Passed::to(operation).alignment(alignment).size(size),
        ),
    }
}

/// `size` bytes, uninitialised, aligned to 16. `NULL` with `ENOMEM` if they cannot be had. Size 0
/// gives a unique pointer that must not be dereferenced.
#[no_mangle]
pub extern "C" fn malloc(size: usize) -> *mut c_void {
    malloc_here(size)
}

/// `count * size` bytes that read as zero. `ENOMEM` also where the product overflows.
#[no_mangle]
pub extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    calloc_here(count, size)
}

/// Ends a block. `NULL` is allowed.
///
/// # Safety
/// - `ptr` is null or a live block of this heap, which nothing uses any more. Anything else is
///   found out and stops the process.
#[no_mangle]
pub unsafe extern "C" fn free(ptr: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { end(How::plain(Operation::Free), ptr, 0, 0) }
}

/// The name of `free` in very old programs.
///
/// # Safety
/// - As [`free`].
#[no_mangle]
pub unsafe extern "C" fn cfree(ptr: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { end(How::plain(Operation::Free), ptr, 0, 0) }
}

/// Ends a block that was requested with `size` bytes (C23 7.24.3.4). Another size stops the
/// process.
///
/// # Safety
/// - As [`free`].
#[no_mangle]
pub unsafe extern "C" fn free_sized(ptr: *mut c_void, size: usize) {
    let how = How {
        sized: true,
        ..How::plain(Operation::FreeSized)
    };
    // SAFETY: the caller's promise.
    unsafe { end(how, ptr, size, 0) }
}

/// Ends a block that was requested with this alignment and size (C23 7.24.3.5).
///
/// # Safety
/// - As [`free`].
#[no_mangle]
pub unsafe extern "C" fn free_aligned_sized(ptr: *mut c_void, alignment: usize, size: usize) {
    let how = How {
        sized: true,
        aligned: true,
        ..How::plain(Operation::FreeAlignedSized)
    };
    // SAFETY: the caller's promise.
    unsafe { end(how, ptr, size, alignment) }
}

/// The block that a change of size makes of `NULL`: for interpreters, most of their blocks.
#[inline(never)]
fn make_of_nothing(request: Result<Request, Refusal>, passed: Passed) -> *mut c_void {
    let block = request
        .ok()
        .filter(|request| request.is_usual() && !request.sensitive)
        .and_then(|request| allocate_small_quickly(request.size, request.kind, request.zeroed));
    match block {
        Some(block) => block.as_ptr().cast(),
        None => serve(request, passed),
    }
}

/// # Safety
/// - As [`realloc`].
#[inline(always)]
pub(crate) unsafe fn change(
    ptr: *mut c_void,
    request: Result<Request, Refusal>,
    passed: Passed,
) -> *mut c_void {
    let Some(block) = NonNull::new(ptr.cast()) else {
        return make_of_nothing(request, passed);
    };
    // SAFETY: the caller's promise.
    let begun = match unsafe { begin_change(&passed.pointer(ptr.addr()), block, &request) } {
        Making::Made(block) => return block.as_ptr().cast(),
        Making::Begun(begun) => Some(begun),
        Making::Unrecorded => None,
    };
    let made = match request {
        // glibc frees the block and returns NULL.
        Ok(Request { size: 0, .. }) => {
            // SAFETY: the caller's promise.
            unsafe { release(block, passed.operation, Claim::NONE, 0) };
            if let Some(begun) = begun {
                end_call(begun, 0, 0);
            }
            return null_mut();
        }
        Ok(Request { size, .. }) => {
            // SAFETY: the caller's promise.
            unsafe { resize(block, size, passed.operation) }.ok_or(libc::ENOMEM)
        }
        Err(refusal) => Err(errno_of(refusal)),
    };
    record(begun, made);
    match made {
        Ok(block) => block.as_ptr().cast(),
        Err(errno) => fail(errno),
    }
}

/// Changes the size of a block; it may move, and keeps its contents up to the smaller size. For
/// `NULL` as [`malloc`]. Size 0 frees the block and returns `NULL`, as glibc does. On failure the
/// block stays as it is.
///
/// # Safety
/// - As [`free`], where a non-null pointer, or `NULL` for size 0, is returned.
#[no_mangle]
pub unsafe extern "C" fn realloc(ptr: *mut c_void, size: usize) -> *mut c_void {
    // Programs that have one function for all that memory needs make every block this way.
    let quickly = match NonNull::new(ptr.cast()) {
        None => allocate_quickly(size, Kind::Malloc, false),
        // SAFETY: the caller's promise.
        Some(block) => unsafe { resize_quickly(block, size) },
    };
    if let Some(block) = quickly {
        return block.as_ptr().cast();
    }
    // SAFETY: the caller's promise.
    unsafe {
        change(
            ptr,
            Request::bytes(size),
            Passed::to(Operation::Realloc).size(size),
        )
    }
}

type Realloc = unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void;

extern "C" {
    static secmalloc_realloc: Replaceable<Realloc>;
}

// A program that is linked with another allocator, under the usual names, has our preloaded functions
// only for names that this one lacks. `reallocarray` is the one that would get its blocks; glibc's
// leads to whoever's `realloc` is there, too.
global_asm!(
    ".pushsection .data.rel.ro.secmalloc_realloc,\"aw\",@progbits",
    ".hidden secmalloc_realloc",
    ".globl secmalloc_realloc",
    ".p2align 3",
    ".type secmalloc_realloc,@object",
    "secmalloc_realloc:",
    ".quad realloc",
    ".quad secmalloc_own_realloc",
    ".size secmalloc_realloc, . - secmalloc_realloc",
    ".popsection",
    ".set secmalloc_own_realloc, realloc",
);

/// [`realloc`] to `count * size` bytes; `ENOMEM` where the product overflows.
///
/// # Safety
/// - As [`realloc`].
#[no_mangle]
pub unsafe extern "C" fn reallocarray(ptr: *mut c_void, count: usize, size: usize) -> *mut c_void {
    // SAFETY: the table is defined below, and constant once the library is loaded.
    if let Some(realloc) = unsafe { secmalloc_realloc.replaced() } {
        return match count.checked_mul(size) {
            // SAFETY: the caller's promise, to the program's own function.
            Some(size) => unsafe { realloc(ptr, size) },
            None => fail(libc::ENOMEM),
        };
    }
    // SAFETY: the caller's promise.
    unsafe {
        change(
            ptr,
            Request::array(count, size),
            Passed::to(Operation::Reallocarray).array(count, size),
        )
    }
}

/// `size` bytes at a multiple of `alignment`, which is rounded up to a power of two, as glibc
/// 2.36 does. `EINVAL` where that cannot be.
#[no_mangle]
pub extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    align_here(alignment, size, Operation::AlignedAlloc)
}

/// As [`aligned_alloc`].
#[no_mangle]
pub extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    align_here(alignment, size, Operation::Memalign)
}

/// `size` bytes at a multiple of `alignment`, through `result`. Returns 0, `EINVAL` if the
/// alignment is not a power of two and a multiple of `sizeof(void *)`, or `ENOMEM`; `errno` and,
/// on failure, `*result` are not changed (POSIX.1-2017).
///
/// # Safety
/// - `result` may be written.
#[no_mangle]
pub unsafe extern "C" fn posix_memalign(
    result: *mut *mut c_void,
    alignment: usize,
    size: usize,
) -> c_int {
    if alignment >= size_of::<*mut c_void>() {
        if let Some(block) = aligned_quickly(alignment, size, Kind::Malloc) {
            // SAFETY: the caller's promise.
            unsafe { result.write(block.as_ptr().cast()) };
            return 0;
        }
    }
    let request = if alignment % size_of::<*mut c_void>() == 0 {
        Request::aligned(alignment, size)
    } else {
        Err(Refusal::BadAlignment)
    };
    let passed = Passed::to(Operation::PosixMemalign);
    match attempt(request, passed.alignment(alignment).size(size)) {
        Ok(block) => {
            // SAFETY: the caller's promise.
            unsafe { result.write(block.as_ptr().cast()) };
            0
        }
        Err(errno) => errno,
    }
}

/// `size` bytes at the start of a page.
#[no_mangle]
pub extern "C" fn valloc(size: usize) -> *mut c_void {
    serve(
        Request::aligned(page_size(), size),
        Passed::to(Operation::Valloc).size(size),
    )
}

/// `size` bytes, rounded up to whole pages, at the start of a page.
#[no_mangle]
pub extern "C" fn pvalloc(size: usize) -> *mut c_void {
    serve(
        Request::pages(size, page_size()),
        Passed::to(Operation::Pvalloc).size(size),
    )
}

/// Bytes that a program may use at `ptr`: the requested size, exactly, so that slack stays under
/// guard (see the option `usable_size`). 0 for `NULL`.
///
/// # Safety
/// - `ptr` is null or a live block. Anything else is found out.
#[no_mangle]
pub unsafe extern "C" fn malloc_usable_size(ptr: *mut c_void) -> usize {
    let Some(block) = NonNull::new(ptr.cast()) else {
        return 0;
    };
    if let Some(size) = usable_size_quickly(block) {
        return size;
    }
    let begun = begin_call(&Passed::to(Operation::UsableSize).pointer(ptr.addr()));
    let size = usable_size(block, Operation::UsableSize);
    if let Some(begun) = begun {
        end_call(begun, size, 0);
    }
    size
}
