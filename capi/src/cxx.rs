// SPDX-License-Identifier: MIT OR Apache-2.0
//! C++ `operator new` and `operator delete`, all forms, by their names in the Itanium C++ ABI.
//!
//! They are here so that a block knows which family made it, and so that a sized `delete` is
//! checked against the size that was requested. What C++ demands besides (the new-handler, and
//! `std::bad_alloc`) belongs to the C++ library: its functions are found if it is there, and it is
//! there in every program that can call these.
//!
//! A program may replace some of them by its own, and the standard says which of the others must
//! then lead there ([new.delete.single], [new.delete.array]): `new[]` to `new`, every form of
//! `delete` to a plainer one. The forms of `new` that answer null are not here at all: those of the
//! C++ library call the others, whoever's they are, and catch what these throw, which no code
//! without a C++ compiler can.
#![allow(non_snake_case)] // the names are the ABI's

use core::arch::global_asm;
use core::ffi::{c_char, c_void};
use core::mem::size_of;
use core::ptr::null_mut;

use secmalloc_heap::{
    allocate, allocate_quickly, allocate_small_quickly, begin_make, end_call, Making, Passed,
};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;
use secmalloc_policy::slot_state::Kind;

use crate::end::{end, How};
use crate::replaced::Replaceable;
use crate::standard::aligned_quickly;

// Weak references to the C++ library; each operator that a program may replace, as the program sees
// it; and our own, by names that nobody can replace. Stable Rust has no word for any of these.
macro_rules! library_table {
    ($($operator:literal $own:literal)*) => {
        global_asm!(
            ".pushsection .data.rel.ro.secmalloc_cxx,\"aw\",@progbits",
            ".weak _ZSt15get_new_handlerv",
            ".weak __cxa_allocate_exception",
            ".weak __cxa_throw",
            ".weak _ZTISt9bad_alloc",
            ".weak _ZTVSt9bad_alloc",
            ".weak _ZNSt9bad_allocD1Ev",
            ".hidden secmalloc_cxx",
            ".globl secmalloc_cxx",
            ".p2align 3",
            ".type secmalloc_cxx,@object",
            "secmalloc_cxx:",
            ".quad _ZSt15get_new_handlerv",
            ".quad __cxa_allocate_exception",
            ".quad __cxa_throw",
            ".quad _ZTISt9bad_alloc",
            ".quad _ZTVSt9bad_alloc",
            ".quad _ZNSt9bad_allocD1Ev",
            $(concat!(".quad ", $operator), concat!(".quad ", $own),)*
            ".size secmalloc_cxx, . - secmalloc_cxx",
            ".popsection",
            $(
                concat!(".set ", $own, ", ", $operator),
            )*
        );
    };
}

library_table! {
    "_Znwm" "secmalloc_own_new"
    "_ZnwmSt11align_val_t" "secmalloc_own_new_aligned"
    "_ZdlPv" "secmalloc_own_delete"
    "_ZdaPv" "secmalloc_own_delete_array"
    "_ZdlPvSt11align_val_t" "secmalloc_own_delete_aligned"
    "_ZdaPvSt11align_val_t" "secmalloc_own_delete_array_aligned"
}

type Handler = unsafe extern "C-unwind" fn();

/// What the C++ library has for us.
#[repr(C)]
struct Library {
    /// `std::get_new_handler()`.
    get_new_handler: Option<unsafe extern "C-unwind" fn() -> Option<Handler>>,
    /// `__cxa_allocate_exception()`: room for what is thrown.
    allocate_exception: Option<unsafe extern "C" fn(usize) -> *mut *const c_void>,
    /// `__cxa_throw()`: the object, its type, its destructor.
    throw: Option<unsafe extern "C-unwind" fn(*mut *const c_void, Name, Name) -> !>,
    /// Of `std::bad_alloc`: type information, virtual table, destructor.
    bad_alloc: [Name; 3],
    new: Replaceable<unsafe extern "C-unwind" fn(usize) -> *mut c_void>,
    new_aligned: Replaceable<unsafe extern "C-unwind" fn(usize, Alignment) -> *mut c_void>,
    delete: Replaceable<Delete>,
    delete_array: Replaceable<Delete>,
    delete_aligned: Replaceable<DeleteAligned>,
    delete_array_aligned: Replaceable<DeleteAligned>,
}

/// The address that a name stands for; null where nobody defines it.
type Name = *const c_void;
type Delete = unsafe extern "C" fn(*mut c_void);
type DeleteAligned = unsafe extern "C" fn(*mut c_void, Alignment);

extern "C" {
    static secmalloc_cxx: Library;
}

/// `std::align_val_t`.
type Alignment = usize;
/// `const std::nothrow_t &` of a `delete`, which carries nothing.
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
        let request = request.map(|request| request.of_kind(self.kind));
        let begun = match begin_make(&passed, &request) {
            Making::Made(block) => return block.as_ptr().cast(),
            Making::Begun(begun) => Some(begun),
            Making::Unrecorded => None,
        };
        let block: *mut c_void = match request {
            Ok(request) => {
                allocate(request, operation).map_or(null_mut(), |block| block.as_ptr().cast())
            }
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
/// then throws.
#[cold]
#[inline(never)]
extern "C-unwind" fn beg(wanted: Wanted) -> *mut c_void {
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
    throw_bad_alloc(library)
}

/// Throws `std::bad_alloc` as the C++ ABI of Itanium lays it down, which all C++ libraries share: an
/// object of one word, the address behind the first two entries of its virtual table. A static
/// program has all of this where it names the type, as it must to catch it.
extern "C-unwind" fn throw_bad_alloc(library: &Library) -> ! {
    const ENTRIES_BEFORE: usize = 2;
    let [information, table, destructor] = library.bad_alloc;
    // SAFETY: functions of the C++ library, called as its ABI says. The exception passes through
    // frames that let it pass. Where there is no such library, nothing could catch it: the end.
    unsafe {
        match (library.allocate_exception, library.throw) {
            (Some(allocate), Some(throw)) if !information.is_null() && !table.is_null() => {
                let thrown = allocate(size_of::<Name>());
                thrown.write(table.cast::<Name>().add(ENTRIES_BEFORE).cast());
                throw(thrown, information, destructor)
            }
            _ => libc::abort(),
        }
    }
}

#[inline(always)]
extern "C-unwind" fn make(wanted: Wanted) -> *mut c_void {
    let quickly = match wanted.alignment {
        0 => allocate_quickly(wanted.size, wanted.kind, false),
        alignment => aligned_quickly(alignment, wanted.size, wanted.kind),
    };
    match quickly {
        Some(block) => block.as_ptr().cast(),
        None => make_slowly(wanted),
    }
}

#[inline(never)]
extern "C-unwind" fn make_slowly(wanted: Wanted) -> *mut c_void {
    if wanted.alignment == 0 {
        if let Some(block) = allocate_small_quickly(wanted.size, wanted.kind, false) {
            return block.as_ptr().cast();
        }
    }
    let block = wanted.attempt();
    if block.is_null() {
        return beg(wanted);
    }
    block
}

/// The program's own `operator delete`, by its form.
enum Elsewhere {
    Plain(Delete),
    Aligned(DeleteAligned),
}

/// Where a form of `operator delete` that the program did not replace leads, if to one that it did: a plain `delete[]` to
/// `delete`, every derived form to the plain one first ([new.delete.single], [new.delete.array]). Asked before anything
/// is done with the block, which may well be one of ours.
#[inline(always)]
fn elsewhere(array: bool, aligned: bool, derived: bool) -> Option<Elsewhere> {
    // SAFETY: defined above; constant once the library is loaded.
    let library = unsafe { &secmalloc_cxx };
    let (of_array, of_one) = (array && derived, array || derived);
    macro_rules! first_replaced {
        ($array:ident, $one:ident) => {
            (of_array.then(|| library.$array.replaced()).flatten())
                .or_else(|| of_one.then(|| library.$one.replaced()).flatten())
        };
    }
    if aligned {
        first_replaced!(delete_array_aligned, delete_aligned).map(Elsewhere::Aligned)
    } else {
        first_replaced!(delete_array, delete).map(Elsewhere::Plain)
    }
}

/// C++ `operator new`.
#[no_mangle]
pub extern "C-unwind" fn _Znwm(size: usize) -> *mut c_void {
    make(Wanted {
        size,
        alignment: 0,
        kind: Kind::New,
    })
}

/// C++ `operator new`, aligned.
#[no_mangle]
pub extern "C-unwind" fn _ZnwmSt11align_val_t(size: usize, alignment: Alignment) -> *mut c_void {
    make(Wanted {
        size,
        alignment,
        kind: Kind::New,
    })
}

/// C++ `operator new[]`.
#[no_mangle]
pub extern "C-unwind" fn _Znam(size: usize) -> *mut c_void {
    // SAFETY: the table is defined above, and constant once the library is loaded.
    if let Some(new) = unsafe { secmalloc_cxx.new.replaced() } {
        // SAFETY: the program's own function, which takes any size. It may throw.
        return unsafe { new(size) };
    }
    make(Wanted {
        size,
        alignment: 0,
        kind: Kind::NewArray,
    })
}

/// C++ `operator new[]`, aligned.
#[no_mangle]
pub extern "C-unwind" fn _ZnamSt11align_val_t(size: usize, alignment: Alignment) -> *mut c_void {
    // SAFETY: as above.
    if let Some(new) = unsafe { secmalloc_cxx.new_aligned.replaced() } {
        // SAFETY: as above.
        return unsafe { new(size, alignment) };
    }
    make(Wanted {
        size,
        alignment,
        kind: Kind::NewArray,
    })
}

macro_rules! operators_delete {
    ($($name:ident ( $($argument:ident : $type:ty),* ) $kind:ident,
       size $size:expr, alignment $alignment:expr, derived $derived:expr;)*) => {$(
        /// C++ `operator delete`, in the form that the name says.
        ///
        /// # Safety
        /// - `ptr` is null or a live block of this heap, which nothing uses any more. Anything
        ///   else is found out.
        #[no_mangle]
        pub unsafe extern "C" fn $name(ptr: *mut c_void $(, $argument: $type)*) {
            let (size, alignment): (Option<usize>, Option<Alignment>) = ($size, $alignment);
            let how = How {
                operation: Operation::$kind,
                sized: size.is_some(),
                aligned: alignment.is_some(),
            };
            let array = matches!(Operation::$kind, Operation::DeleteArray);
            let (size, alignment) = (size.unwrap_or(0), alignment.unwrap_or(0));
            // SAFETY: the caller's promise, also to the program's own functions.
            unsafe {
                match elsewhere(array, how.aligned, $derived) {
                    None => end(how, ptr, size, alignment),
                    Some(Elsewhere::Plain(delete)) => delete(ptr),
                    Some(Elsewhere::Aligned(delete)) => delete(ptr, alignment),
                }
            }
        }
    )*};
}

#[rustfmt::skip] // a table
operators_delete! {
    _ZdlPv() Delete, size None, alignment None, derived false;
    _ZdaPv() DeleteArray, size None, alignment None, derived false;
    _ZdlPvm(size: usize) Delete, size Some(size), alignment None, derived true;
    _ZdaPvm(size: usize) DeleteArray, size Some(size), alignment None, derived true;
    _ZdlPvRKSt9nothrow_t(_no: Nothrow) Delete, size None, alignment None, derived true;
    _ZdaPvRKSt9nothrow_t(_no: Nothrow) DeleteArray, size None, alignment None, derived true;
    _ZdlPvSt11align_val_t(align: Alignment) Delete, size None, alignment Some(align), derived false;
    _ZdaPvSt11align_val_t(align: Alignment) DeleteArray, size None, alignment Some(align), derived false;
    _ZdlPvmSt11align_val_t(size: usize, align: Alignment) Delete, size Some(size), alignment Some(align), derived true;
    _ZdaPvmSt11align_val_t(size: usize, align: Alignment) DeleteArray, size Some(size), alignment Some(align), derived true;
    _ZdlPvSt11align_val_tRKSt9nothrow_t(align: Alignment, _no: Nothrow) Delete, size None, alignment Some(align), derived true;
    _ZdaPvSt11align_val_tRKSt9nothrow_t(align: Alignment, _no: Nothrow) DeleteArray, size None, alignment Some(align), derived true;
}
