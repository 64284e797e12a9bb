// SPDX-License-Identifier: MIT OR Apache-2.0
//! Thread-local storage in the initial-exec model, which needs no allocation and no call: `thread_local!` in a
//! shared object would use the dynamic model, whose storage comes from malloc (glibc manual, "Replacing malloc").
//!
//! How a thread finds its own differs by processor: see `machine`.

use core::arch::global_asm;

/// Bytes of what is kept of a thread's sensitive stack.
pub(crate) const LOCAL_STACK: usize = 56;

// The thread word (`thread::word`).
global_asm!(
    ".pushsection .tbss,\"awT\",@nobits",
    ".globl secmalloc_thread_word",
    ".hidden secmalloc_thread_word",
    ".type secmalloc_thread_word,@object",
    ".size secmalloc_thread_word,8",
    ".p2align 3",
    "secmalloc_thread_word:",
    ".zero 8",
    ".popsection",
);

// The calling thread's sensitive stack, as far as it is known (`vault::stack`): here, for destructors of others may use
// it until the thread is gone.
global_asm!(
    ".pushsection .tbss,\"awT\",@nobits",
    ".globl secmalloc_local_stack",
    ".hidden secmalloc_local_stack",
    ".type secmalloc_local_stack,@object",
    ".size secmalloc_local_stack,{bytes}",
    ".p2align 3",
    "secmalloc_local_stack:",
    ".zero {bytes}",
    ".popsection",
    bytes = const LOCAL_STACK,
);
