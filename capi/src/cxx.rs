// SPDX-License-Identifier: MIT OR Apache-2.0
//! C++ `operator new` and `operator delete`, all forms, by their names in the Itanium C++ ABI.
//!
//! They are here so that a block knows which family made it, and so that a sized `delete` is
//! checked against the size that was requested. What C++ demands besides (the new-handler, and
//! `std::bad_alloc`) belongs to the C++ library: its functions are found if it is there, and it is
//! there in every program that can call these.
#![allow(non_snake_case)] // the names are the ABI's

use core::arch::global_asm;
use core::ffi::{c_char, c_void};
use core::ptr::{null_mut, NonNull};

use secmalloc_heap::{
    allocate, allocate_quickly, begin_call, end_call, release, release_quickly, Claim, Passed,
};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;
use secmalloc_policy::slot_state::Kind;

// Weak references to the C++ library. Stable Rust has no word for them.
global_asm!(
    ".pushsection .data.rel.ro.secmalloc_cxx,\"aw\",@progbits",
    ".weak _ZSt15get_new_handlerv",
    ".weak _ZSt17__throw_bad_allocv",
    ".hidden secmalloc_cxx",
    ".globl secmalloc_cxx",
    ".p2align 3",
    ".type secmalloc_cxx,@object",
    ".size secmalloc_cxx,16",
    "secmalloc_cxx:",
    ".quad _ZSt15get_new_handlerv",
    ".quad _ZSt17__throw_bad_allocv",
    ".popsection",
);

type Handler = unsafe extern "C-unwind" fn();

/// What the C++ library has for us.
#[repr(C)]
struct Library {
    /// `std::get_new_handler()`.
    get_new_handler: Option<unsafe extern "C-unwind" fn() -> Option<Handler>>,
    /// `std::__throw_bad_alloc()`, of libstdc++.
    throw_bad_alloc: Option<unsafe extern "C-unwind" fn() -> !>,
}

extern "C" {
    static secmalloc_cxx: Library;
}

/// `std::align_val_t`.
type Alignment = usize;
/// `const std::nothrow_t &`, which carries nothing.
type Nothrow = *const c_char;

/// One kind of request, as often as it has to be tried.
#[derive(Clone, Copy)]
#[repr(C)]
struct Wanted {
    size: usize,
    alignment: Alignment,
    kind: Kind,
}

impl Wanted {
    fn attempt(self) -> *mut c_void {
        let operation = match self.kind {
            Kind::NewArray => Operation::NewArray,
            _ => Operation::New,
        };
        let request = if self.alignment == 0 {
            Request::bytes(self.size)
        } else {
            Request::aligned(self.alignment, self.size)
        };
        let passed = Passed::to(operation)
            .alignment(self.alignment)
            .size(self.size);
        let begun = begin_call(&passed);
        let block: *mut c_void = match request {
            Ok(request) => allocate(request.of_kind(self.kind), operation)
                .map_or(null_mut(), |block| block.as_ptr().cast()),
            Err(_) => null_mut(),
        };
        if let Some(begun) = begun {
            let errno = if block.is_null() { libc::ENOMEM } else { 0 };
            end_call(begun, block.addr(), errno);
        }
        block
    }
}

/// Asks the program's new-handler for memory as long as there is one ([new.delete.single]);
/// then throws, or returns null.
#[cold]
#[inline(never)]
extern "C-unwind" fn beg(wanted: Wanted, throws: bool) -> *mut c_void {
    // SAFETY: defined above; constant once the library is loaded.
    let library = unsafe { &secmalloc_cxx };
    loop {
        // SAFETY: a function of the C++ library, without arguments.
        let handler = library.get_new_handler.and_then(|get| unsafe { get() });
        let Some(handler) = handler else { break };
        // SAFETY: the program's own function, installed to be called here. It may throw: this
        // function and its callers let that pass.
        unsafe { handler() };
        let block = wanted.attempt();
        if !block.is_null() {
            return block;
        }
    }
    match library.throw_bad_alloc {
        _ if !throws => null_mut(),
        // SAFETY: throws through frames that let it pass.
        Some(throw) => unsafe { throw() },
        // SAFETY: ends the process: there is no C++ library that could throw.
        None => unsafe { libc::abort() },
    }
}

#[inline(always)]
extern "C-unwind" fn make(wanted: Wanted, throws: bool) -> *mut c_void {
    if wanted.alignment == 0 {
        if let Some(block) = allocate_quickly(wanted.size, wanted.kind, false) {
            return block.as_ptr().cast();
        }
    }
    make_slowly(wanted, throws)
}

#[inline(never)]
extern "C-unwind" fn make_slowly(wanted: Wanted, throws: bool) -> *mut c_void {
    let block = wanted.attempt();
    if block.is_null() {
        return beg(wanted, throws);
    }
    block
}

/// # Safety
/// - `ptr` is null or a live block that nothing uses any more; anything else is found out.
#[inline(always)]
unsafe fn end(ptr: *mut c_void, kind: Kind, claim: Claim) {
    let operation = match kind {
        Kind::NewArray => Operation::DeleteArray,
        _ => Operation::Delete,
    };
    if let Some(block) = NonNull::new(ptr.cast()) {
        // SAFETY: the caller's promise.
        unsafe {
            if !release_quickly(block, claim) {
                release(block, operation, claim);
            }
        }
    }
}

macro_rules! operators_new {
    ($($name:ident ( $($argument:ident : $type:ty),* ) $kind:ident, $alignment:expr, $throws:expr;)*) => {$(
        /// C++ `operator new`, in the form that the name says.
        #[no_mangle]
        pub extern "C-unwind" fn $name(size: usize $(, $argument: $type)*) -> *mut c_void {
            make(Wanted { size, alignment: $alignment, kind: Kind::$kind }, $throws)
        }
    )*};
}

operators_new! {
    _Znwm() New, 0, true;
    _Znam() NewArray, 0, true;
    _ZnwmRKSt9nothrow_t(_no: Nothrow) New, 0, false;
    _ZnamRKSt9nothrow_t(_no: Nothrow) NewArray, 0, false;
    _ZnwmSt11align_val_t(alignment: Alignment) New, alignment, true;
    _ZnamSt11align_val_t(alignment: Alignment) NewArray, alignment, true;
    _ZnwmSt11align_val_tRKSt9nothrow_t(alignment: Alignment, _no: Nothrow) New, alignment, false;
    _ZnamSt11align_val_tRKSt9nothrow_t(alignment: Alignment, _no: Nothrow) NewArray, alignment, false;
}

macro_rules! operators_delete {
    ($($name:ident ( $($argument:ident : $type:ty),* ) $kind:ident, $size:expr, $alignment:expr;)*) => {$(
        /// C++ `operator delete`, in the form that the name says.
        ///
        /// # Safety
        /// - `ptr` is null or a live block of this heap, which nothing uses any more. Anything
        ///   else is found out.
        #[no_mangle]
        pub unsafe extern "C" fn $name(ptr: *mut c_void $(, $argument: $type)*) {
            let claim = Claim { size: $size, alignment: $alignment };
            // SAFETY: the caller's promise.
            unsafe { end(ptr, Kind::$kind, claim) }
        }
    )*};
}

operators_delete! {
    _ZdlPv() New, None, None;
    _ZdaPv() NewArray, None, None;
    _ZdlPvm(size: usize) New, Some(size), None;
    _ZdaPvm(size: usize) NewArray, Some(size), None;
    _ZdlPvRKSt9nothrow_t(_no: Nothrow) New, None, None;
    _ZdaPvRKSt9nothrow_t(_no: Nothrow) NewArray, None, None;
    _ZdlPvSt11align_val_t(alignment: Alignment) New, None, Some(alignment);
    _ZdaPvSt11align_val_t(alignment: Alignment) NewArray, None, Some(alignment);
    _ZdlPvmSt11align_val_t(size: usize, alignment: Alignment) New, Some(size), Some(alignment);
    _ZdaPvmSt11align_val_t(size: usize, alignment: Alignment) NewArray, Some(size), Some(alignment);
    _ZdlPvSt11align_val_tRKSt9nothrow_t(alignment: Alignment, _no: Nothrow) New, None, Some(alignment);
    _ZdaPvSt11align_val_tRKSt9nothrow_t(alignment: Alignment, _no: Nothrow) NewArray, None, Some(alignment);
}
