// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sensitive memory in a forked child: the kernel put zeros in the place of secrets, and of canaries with them.
//!
//! Which blocks are live is written down elsewhere, and the child may use and free them. A block around which
//! all is zero is therefore sound in a child; one that the child made, or wrote to behind its end, is not zero.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use secmalloc_policy::size_class::{is_sensitive, is_zero};

use super::{look, window};
use crate::large;
use crate::life;
use crate::pool::{fixed, shared};
use crate::sys::{self, sensitive};

/// Whether this is a child, or all was wiped for another reason.
static WIPED: AtomicBool = AtomicBool::new(false);

/// Whether zeros may stand where canaries stood. Also in a child of which the C library knows nothing.
pub(crate) fn may_be_wiped() -> bool {
    // Relaxed: set in a process of one thread, or of which nothing more is asked than this.
    WIPED.load(Relaxed) || (fixed().options.sensitive().wiped_on_fork && life::is_a_fork())
}

/// From now on zeros may.
pub(super) fn note_wiped() {
    WIPED.store(true, Relaxed);
}

/// In a forked child, which has one thread yet and all locks of the heap. Locks of memory are not inherited
/// (mlock(2)), secret memory was left out: both are seen to again.
pub(crate) fn after_fork_child() {
    let wanted = fixed().options.sensitive();
    window::forked();
    look::after_fork_child();
    if wanted.wiped_on_fork {
        note_wiped();
    }
    let renew = |at: usize, size: usize| {
        // SAFETY: sensitive memory of ours. Where it was left out of this process, nothing is mapped: all of it,
        // and the guards between, is memory that reads as zero then.
        unsafe {
            if wanted.secret && wanted.wiped_on_fork && sys::map_at(at, size, sys::Access::Write) {
                let _ = sensitive::exclude(at, size);
                let _ = sensitive::wipe_on_fork(at, size);
            }
            if wanted.locked {
                let _ = sensitive::lock(at, size);
            }
        }
    };
    for (class, store) in shared().stores.iter().enumerate() {
        let size = store.committed_bytes();
        if is_sensitive(class) && !is_zero(class) && size > 0 {
            renew(fixed().classes[class].base(), size);
        }
    }
    large::each_sensitive(|descriptor| {
        if descriptor.mapping.data_size > 0 {
            renew(descriptor.mapping.data, descriptor.mapping.data_size);
        }
    });
}
