// SPDX-License-Identifier: MIT OR Apache-2.0
//! glibc's list of open files, which `fork` locks after the fork handlers and before its own malloc.
//!
//! Who holds the list may wait for a file (`fflush(NULL)`), and who holds a file for memory (`getline`). So whoever
//! holds the heap's locks must not wait for the list: a fork takes it before them. Its lock is recursive: `fork`
//! takes it once more. Other C libraries have no such functions, and nothing is done here.

use core::arch::global_asm;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};

use super::{block_signals, set_signals, thread_identity};

// Weak references; stable Rust has no word for them.
global_asm!(
    ".pushsection .data.rel.ro.secmalloc_open_files,\"aw\",@progbits",
    ".weak _IO_list_lock",
    ".weak _IO_list_unlock",
    ".weak _IO_list_resetlock",
    ".weak __libc_single_threaded",
    ".hidden secmalloc_open_files",
    ".globl secmalloc_open_files",
    ".p2align 3",
    ".type secmalloc_open_files,@object",
    "secmalloc_open_files:",
    ".quad _IO_list_lock",
    ".quad _IO_list_unlock",
    ".quad _IO_list_resetlock",
    ".quad __libc_single_threaded",
    ".size secmalloc_open_files, . - secmalloc_open_files",
    ".popsection",
);

#[repr(C)]
struct Library {
    lock: Option<unsafe extern "C" fn()>,
    unlock: Option<unsafe extern "C" fn()>,
    reset: Option<unsafe extern "C" fn()>,
    /// A `char` that changes as threads come and go.
    single_threaded: Option<&'static AtomicU8>,
}

extern "C" {
    #[link_name = "secmalloc_open_files"]
    static LIBRARY: Library;
}

fn library() -> &'static Library {
    // SAFETY: four words, each 0 or an address that the linker or the loader put there: of functions
    // without arguments or results (glibc's libio/libio.h), and of a `char` that lives as long as the C
    // library (sys/single_threaded.h), which is only read here. Nobody writes to them afterwards.
    unsafe { &LIBRARY }
}

/// The thread that holds the list through [`lock`], and how many of its forks do. Guarded by the list's lock, but
/// that any thread may ask whether it is the one.
static HOLDER: AtomicUsize = AtomicUsize::new(0);
static TIMES: AtomicUsize = AtomicUsize::new(0);

/// Locks the list, before a fork; nothing where there is one thread, which needs no lock: its `fork` would not
/// make the list free in the child.
pub(crate) fn lock() {
    let library = library();
    let Some(lock) = library.lock else { return };
    // Relaxed: says whether other threads were made, which is seen by whoever made them and by them.
    if library
        .single_threaded
        .is_some_and(|yes| yes.load(Relaxed) != 0)
    {
        return;
    }
    // A handler that forked within the list's own lock would wait for its own thread.
    let signals = block_signals();
    // SAFETY: gives back what it takes in `unlock` or `forget`.
    unsafe { lock() };
    // Relaxed, here and below: only the holder writes, and finds its own identity only where it wrote it.
    HOLDER.store(thread_identity(), Relaxed);
    TIMES.store(TIMES.load(Relaxed) + 1, Relaxed);
    set_signals(signals);
}

fn is_mine() -> bool {
    HOLDER.load(Relaxed) == thread_identity()
}

/// After the fork, in the parent: gives back what [`lock`] took.
pub(crate) fn unlock() {
    let Some(unlock) = library().unlock else {
        return;
    };
    if !is_mine() {
        return;
    }
    let signals = block_signals();
    let times = TIMES.load(Relaxed) - 1;
    TIMES.store(times, Relaxed);
    if times == 0 {
        HOLDER.store(0, Relaxed);
    }
    // SAFETY: this thread took it in `lock`.
    unsafe { unlock() };
    set_signals(signals);
}

/// In the child: the list is free, as glibc has made it already, whatever it was in the parent.
pub(crate) fn forget() {
    let Some(reset) = library().reset else { return };
    if is_mine() {
        HOLDER.store(0, Relaxed);
        TIMES.store(0, Relaxed);
        // SAFETY: there is one thread, which held the list, so nobody is in the middle of a change to it.
        unsafe { reset() };
    }
}
