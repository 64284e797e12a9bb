// SPDX-License-Identifier: MIT OR Apache-2.0
//! The end of a block, for `free` and `delete` in all their forms.
//!
//! What does not go the short way is a call in tail position, with arguments that stay in registers:
//! so the short way keeps nothing for it and needs no stack, and the return address that lies on
//! top of the stack then is that of the program's call. Only a message about a block of another
//! family needs it, to be said once for each place.

use core::arch::global_asm;
use core::ffi::c_void;
use core::ptr::NonNull;

use secmalloc_heap::{release, release_quickly, release_sensitive_quickly, release_small, Claim};
use secmalloc_policy::fault::Operation;

/// Which function ends a block, and what it claims. It fits a register.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct How {
    pub(crate) operation: Operation,
    pub(crate) sized: bool,
    pub(crate) aligned: bool,
}

impl How {
    /// Nothing is claimed.
    pub(crate) const fn plain(operation: Operation) -> How {
        How {
            operation,
            sized: false,
            aligned: false,
        }
    }

    #[inline(always)]
    fn claim(self, size: usize, alignment: usize) -> Claim {
        Claim {
            size: self.sized.then_some(size),
            alignment: self.aligned.then_some(alignment),
        }
    }
}

/// Ends the block at `ptr`, unless that is null.
///
/// # Safety
/// - If `ptr` is a live block, nothing uses it any more.
#[inline(always)]
pub(crate) unsafe fn end(how: How, ptr: *mut c_void, size: usize, alignment: usize) {
    if let Some(block) = NonNull::new(ptr.cast()) {
        // SAFETY: the caller's promise.
        unsafe {
            if !release_quickly(block, how.operation.family(), how.claim(size, alignment)) {
                match how.operation {
                    Operation::Free => free_further(block),
                    _ => end_further(block, how, size, alignment),
                }
            }
        }
    }
}

/// `free` keeps nothing for this but the block, which is in its register already.
#[inline(never)]
unsafe extern "C" fn free_further(block: NonNull<u8>) {
    let how = How::plain(Operation::Free);
    // SAFETY: the caller's promise.
    unsafe {
        let (kind, claim) = (how.operation.family(), Claim::NONE);
        if !release_small(block, kind, claim) && !release_sensitive_quickly(block, kind, claim) {
            secmalloc_end_slowly(block, how, 0, 0);
        }
    }
}

#[inline(never)]
unsafe extern "C" fn end_further(block: NonNull<u8>, how: How, size: usize, alignment: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if !release_small(block, how.operation.family(), how.claim(size, alignment)) {
            secmalloc_end_slowly(block, how, size, alignment);
        }
    }
}

extern "C" {
    /// [`end_slowly`], with the return address on top of the stack as one more argument.
    fn secmalloc_end_slowly(block: NonNull<u8>, how: How, size: usize, alignment: usize);
}

global_asm!(
    ".pushsection .text.secmalloc_end_slowly,\"ax\",@progbits",
    ".globl secmalloc_end_slowly",
    ".hidden secmalloc_end_slowly",
    ".type secmalloc_end_slowly,@function",
    "secmalloc_end_slowly:",
    #[cfg(target_arch = "x86_64")]
    "mov r8, [rsp]",
    #[cfg(target_arch = "x86_64")]
    "jmp {to}",
    #[cfg(target_arch = "aarch64")]
    "mov x4, x30",
    #[cfg(target_arch = "aarch64")]
    "b {to}",
    ".size secmalloc_end_slowly, . - secmalloc_end_slowly",
    ".popsection",
    to = sym end_slowly,
);

/// # Safety
/// - As [`end`].
unsafe extern "C" fn end_slowly(
    block: NonNull<u8>,
    how: How,
    size: usize,
    alignment: usize,
    caller: usize,
) {
    // Without optimisation a call in tail position is a call, and the return address is our own.
    let caller = if cfg!(debug_assertions) { 0 } else { caller };
    // SAFETY: the caller's promise.
    unsafe { release(block, how.operation, how.claim(size, alignment), caller) };
}
