// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel does for memory that holds secrets. Each call answers why it failed: the reason is what
//! `secmalloc_sensitive_status` tells.

use super::files::Errno;
use super::{advise, call};

/// `mlock2`'s flag: pages are locked as they are touched, not all at once (Linux 4.4).
const MLOCK_ONFAULT: usize = 1;
/// `MADV_DONTNEED_LOCKED`, Linux 5.18.
const MADV_DONTNEED_LOCKED: i32 = 24;
/// `memfd_secret`, Linux 5.14; the same number everywhere.
const SYS_MEMFD_SECRET: i64 = 447;

/// Leaves a range out of core files.
///
/// # Safety
/// - The range is ours, here and below.
pub(crate) unsafe fn exclude(at: usize, size: usize) -> Result<(), Errno> {
    // SAFETY: passed on to the caller, here and below.
    unsafe { advise_or_why(at, size, libc::MADV_DONTDUMP) }
}

/// Has a range read as zero in forked children (Linux 4.14).
///
/// # Safety
/// - As [`exclude`]; the range is private and anonymous.
pub(crate) unsafe fn wipe_on_fork(at: usize, size: usize) -> Result<(), Errno> {
    // SAFETY: as above.
    unsafe { advise_or_why(at, size, libc::MADV_WIPEONFORK) }
}

/// Has forked children find nothing mapped in a range.
///
/// # Safety
/// - As [`exclude`].
pub(crate) unsafe fn leave_out_of_children(at: usize, size: usize) -> Result<(), Errno> {
    // SAFETY: as above.
    unsafe { advise_or_why(at, size, libc::MADV_DONTFORK) }
}

/// Keeps a range out of swap: what is in memory stays there, and what comes to be.
///
/// # Safety
/// - As [`exclude`].
pub(crate) unsafe fn lock(at: usize, size: usize) -> Result<(), Errno> {
    // SAFETY: as above.
    let locked = unsafe { call(libc::SYS_mlock2, [at, size, MLOCK_ONFAULT, 0, 0, 0]) };
    match locked {
        Err(libc::ENOSYS) => {
            // SAFETY: as above.
            unsafe { call(libc::SYS_mlock, [at, size, 0, 0, 0, 0]) }.map(|_| ())
        }
        other => other.map(|_| ()),
    }
}

/// Drops pages that may be locked: they read as zero from now on, and stay locked. `false` where the
/// kernel does not do so; nothing was changed then.
///
/// # Safety
/// - As [`exclude`], and the contents are not wanted any more.
pub(crate) unsafe fn drop_locked_pages(at: usize, size: usize) -> bool {
    // SAFETY: as above. A range that is not locked is dropped by either; an older kernel drops only that.
    unsafe { advise(at, size, MADV_DONTNEED_LOCKED) || advise(at, size, libc::MADV_DONTNEED) }
}

/// Puts secret memory in the place of what is there. It is locked, left out of core files, and reached by
/// nobody but through this mapping: not by children either, if `alone`. On failure there is ordinary memory as it was:
/// it is mapped elsewhere first, since what is refused for want of locked memory is refused after what was at a fixed
/// place is gone.
///
/// # Safety
/// - As [`drop_locked_pages`].
pub(crate) unsafe fn back_with_secret(at: usize, size: usize, alone: bool) -> Result<(), Errno> {
    let access = super::Access::Write.bits();
    let shared = libc::MAP_SHARED as usize;
    let to_there = (libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED) as usize;
    // SAFETY: a new file that only we know, mapped where nothing is, and moved to the caller's place or dropped.
    unsafe {
        let file = call(SYS_MEMFD_SECRET, [libc::O_CLOEXEC as usize, 0, 0, 0, 0, 0])?;
        let made = call(libc::SYS_ftruncate, [file, size, 0, 0, 0, 0])
            .and_then(|_| call(libc::SYS_mmap, [0, size, access, shared, file, 0]));
        let _ = call(libc::SYS_close, [file, 0, 0, 0, 0, 0]);
        let made = made?;
        if alone {
            // Before anybody's fork can meet it where it is to be; who asks whether that holds asks again, there.
            let _ = leave_out_of_children(made, size);
        }
        let moved = call(libc::SYS_mremap, [made, size, size, to_there, at, 0]);
        if moved.is_err() {
            let _ = call(libc::SYS_munmap, [made, size, 0, 0, 0, 0]);
            // What was there may be gone, where the kernel had no memory for its own books.
            super::map_at(at, size, super::Access::Write);
        }
        moved.map(|_| ())
    }
}

/// # Safety
/// - As for the advice that is given.
unsafe fn advise_or_why(at: usize, size: usize, advice: i32) -> Result<(), Errno> {
    // SAFETY: passed on to the caller.
    unsafe { call(libc::SYS_madvise, [at, size, advice as usize, 0, 0, 0]) }.map(|_| ())
}
