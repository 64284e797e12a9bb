// SPDX-License-Identifier: MIT OR Apache-2.0
//! What protects sensitive memory: asked of the kernel for each new piece, and why it was refused where it was.

use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use super::look;
use crate::pool::fixed;
use crate::sys::files::Errno;
use crate::sys::{self, sensitive, Access};

/// A thing that the kernel does for sensitive memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protection {
    /// Left out of core files.
    Excluded,
    /// Never in swap.
    Locked,
    /// Zero in forked children, or not there at all.
    WipedOnFork,
    /// Backed by secret memory.
    Secret,
}

/// How many there are.
pub(crate) const PROTECTIONS: usize = 4;

/// Why each was last refused; 0 where it never was.
static WHY: [AtomicI32; PROTECTIONS] = [const { AtomicI32::new(0) }; PROTECTIONS];

/// The reason for the last refusal of a protection, as an errno; 0 where there was none.
pub(crate) fn why(protection: Protection) -> Errno {
    // Relaxed: told to people.
    WHY[protection as usize].load(Relaxed)
}

/// [`protect`], as option `sensitive` has it: `false` where a wanted protection is refused and that is not to be borne.
///
/// # Safety
/// - As [`protect`].
pub(crate) unsafe fn protect_or_refuse(at: usize, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let protected = unsafe { protect(at, size) };
    protected.is_ok() || !fixed().options.sensitive().strict
}

/// Asks for all that the options want for a piece of memory. `Err` says why a wanted one was refused; the
/// others hold all the same, and whether that is good enough is for the caller: see option `sensitive`.
///
/// # Safety
/// - Whole pages of ours, private and anonymous, writable; nobody uses them yet, and what is in them is not
///   wanted: secret memory takes their place.
pub(crate) unsafe fn protect(at: usize, size: usize) -> Result<(), Errno> {
    let wanted = fixed().options.sensitive();
    let mut all = Ok(());
    let mut note = |protection: Protection, done: Result<(), Errno>| {
        if let Err(why) = done {
            WHY[protection as usize].store(why, Relaxed);
            all = all.and(Err(why));
        }
        done.is_ok()
    };
    // SAFETY: the caller's promise, here and below.
    unsafe {
        let backed = |alone| sensitive::back_with_secret(at, size, alone);
        if wanted.secret && note(Protection::Secret, backed(wanted.wiped_on_fork)) {
            // Secret memory is locked and left out of core files, and cannot be wiped for a child: the child
            // finds none, and puts zeros there (`fork`).
            if wanted.wiped_on_fork {
                let left_out = sensitive::leave_out_of_children(at, size);
                note(Protection::WipedOnFork, left_out);
            }
            look::changed();
            return all;
        }
        if wanted.excluded {
            note(Protection::Excluded, sensitive::exclude(at, size));
        }
        if wanted.wiped_on_fork {
            note(Protection::WipedOnFork, sensitive::wipe_on_fork(at, size));
        }
        if wanted.locked {
            note(Protection::Locked, sensitive::lock(at, size));
        }
    }
    look::changed();
    all
}

/// In a forked child: asks again for what a fork does not pass on. Locks are not; and secret memory, which was left
/// out, is replaced by new.
///
/// # Safety
/// - Whole pages that [`protect`] was asked for in the parent, and which are still ours.
pub(crate) unsafe fn renew(at: usize, size: usize) {
    let wanted = fixed().options.sensitive();
    // SAFETY: the caller's promise. Nothing is replaced that is there: only what was left out is mapped anew.
    unsafe {
        if wanted.secret && sys::map_at(at, size, Access::Write) {
            let _ = protect(at, size);
        } else if wanted.locked {
            let _ = sensitive::lock(at, size);
        }
    }
    look::changed();
}
