// SPDX-License-Identifier: MIT OR Apache-2.0
//! Watched secrets: what `secmalloc.h` declares about them.
#![allow(non_camel_case_types)] // they are C's names

use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::NonNull;

use secmalloc_heap::{check_residue, unwatch_secret, watch_secret, ResidueRequest, Watched};

use crate::own::{SECMALLOC_INVALID_ARGUMENT, SECMALLOC_OK, SECMALLOC_UNAVAILABLE};

/// The dead part of the stacks of all threads: what lies below their stack pointers.
pub const SECMALLOC_RESIDUE_STACKS: u32 = 1;
/// Ordinary blocks that are in use: for when no copy is to be left.
pub const SECMALLOC_RESIDUE_BLOCKS: u32 = 2;

/// What a look for watched secrets saw.
#[repr(C)]
pub struct secmalloc_residue {
    /// To be set to `sizeof(struct secmalloc_residue)` by the caller.
    pub struct_size: usize,
    /// Stacks that were looked at.
    pub stacks: u64,
    /// Stacks in whose dead part a secret was found.
    pub stacks_found: u64,
    /// Blocks that were looked at.
    pub blocks: u64,
    /// Blocks in which a secret was found.
    pub blocks_found: u64,
    /// Other threads that could not be stopped within a second, and whose stacks were not looked at.
    pub threads_running: u64,
}

/// Watches the secret of `size` bytes at `secret` from now on: an ordinary block that is freed, moved by `realloc` or
/// shrunk while it holds these bytes is the fault `secret-residue`, which by default stops the process. Blocks are
/// looked through before they are wiped; blocks that `freezero` and `recallocarray` end were wiped before. The
/// bytes are read now, and not kept: only keyed hashes of them are. 8 to 4096 bytes that are not all the same, else
/// SECMALLOC_INVALID_ARGUMENT; SECMALLOC_UNAVAILABLE where 64 are watched already. A secret that is watched twice takes
/// two calls of `secmalloc_unwatch_secret`. A forked child watches what its parent does. While anything is watched,
/// every free takes longer, by the size of its block. Any thread; not in signal handlers. Where another thread frees a
/// block at the same time, either may come first.
///
/// # Safety
/// - `secret` is null, or `size` bytes can be read there, which nobody changes meanwhile.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_watch_secret(secret: *const c_void, size: usize) -> i32 {
    let Some(secret) = NonNull::new(secret.cast_mut().cast()) else {
        return SECMALLOC_INVALID_ARGUMENT;
    };
    // SAFETY: the caller's promise.
    status(unsafe { watch_secret(secret, size) })
}

/// Does not watch a secret any more, whose bytes are these once more: before its last copy is cleared. Returns
/// SECMALLOC_OK, SECMALLOC_INVALID_ARGUMENT for bytes that are not watched, or SECMALLOC_UNAVAILABLE. Any thread; not in
/// signal handlers.
///
/// # Safety
/// - As for `secmalloc_watch_secret`.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_unwatch_secret(secret: *const c_void, size: usize) -> i32 {
    let Some(secret) = NonNull::new(secret.cast_mut().cast()) else {
        return SECMALLOC_INVALID_ARGUMENT;
    };
    // SAFETY: the caller's promise.
    status(unsafe { unwatch_secret(secret, size) })
}

fn status(done: Watched) -> i32 {
    match done {
        Watched::Done => SECMALLOC_OK,
        Watched::NotASecret => SECMALLOC_INVALID_ARGUMENT,
        Watched::Unavailable => SECMALLOC_UNAVAILABLE,
    }
}

/// Looks for watched secrets now, where `places` says: SECMALLOC_RESIDUE_STACKS, SECMALLOC_RESIDUE_BLOCKS, or both. Of each
/// stack and each block that holds one, the first is the fault `secret-residue`. All other threads are stopped meanwhile,
/// as for `secmalloc_leak_check`; what the kernel saves of their registers, up to some KiB below their stack pointers, is not
/// looked at, nor are stacks of threads that have ended. `residue` may be null. Returns SECMALLOC_OK,
/// SECMALLOC_INVALID_ARGUMENT, or SECMALLOC_UNAVAILABLE where there is no memory for it. Any thread, with 32 KiB of stack
/// left; not in signal handlers, nor between `fork` and its handlers.
///
/// # Safety
/// - `residue` is null, or a structure whose `struct_size` is set and which may be written.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_check_residue(
    places: u32,
    residue: *mut secmalloc_residue,
) -> i32 {
    const ALL: u32 = SECMALLOC_RESIDUE_STACKS | SECMALLOC_RESIDUE_BLOCKS;
    // SAFETY: the caller's promise.
    let to = unsafe { residue.as_mut() };
    let fits = |to: &&mut secmalloc_residue| to.struct_size == size_of::<secmalloc_residue>();
    if places == 0 || places & !ALL != 0 || to.as_ref().is_some_and(|to| !fits(to)) {
        return SECMALLOC_INVALID_ARGUMENT;
    }
    let Some(seen) = check_residue(ResidueRequest {
        stacks: places & SECMALLOC_RESIDUE_STACKS != 0,
        blocks: places & SECMALLOC_RESIDUE_BLOCKS != 0,
    }) else {
        return SECMALLOC_UNAVAILABLE;
    };
    if let Some(to) = to {
        *to = secmalloc_residue {
            struct_size: to.struct_size,
            stacks: seen.stacks,
            stacks_found: seen.stacks_found,
            blocks: seen.blocks,
            blocks_found: seen.blocks_found,
            threads_running: seen.running,
        };
    }
    SECMALLOC_OK
}
