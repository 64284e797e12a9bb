// SPDX-License-Identifier: MIT OR Apache-2.0
//! Normal exit: what is still in sensitive memory is wiped.
//!
//! The kernel gives no page to another process before it is cleared, but says nothing of when. Whoever still uses
//! sensitive memory after this, in a destructor of another module or in a thread that has not ended, finds
//! zeros; option `sensitive_exit` is for such programs.

use secmalloc_policy::size_class::{is_sensitive, is_zero, COUNT};

use super::around;
use super::fork::note_wiped;
use crate::inspect;
use crate::large;
use crate::pool::fixed;
use crate::wipe;

/// Wipes all live blocks of the vault, with what is around them.
pub(crate) fn end() {
    if !fixed().options.sensitive().wiped_at_exit {
        return;
    }
    note_wiped();
    let _window = around();
    for class in (0..COUNT).filter(|&class| is_sensitive(class) && !is_zero(class)) {
        inspect::each_live_slot(class, |slot| {
            // SAFETY: a live slot of a slab that has its memory as long as the lock is held.
            unsafe { wipe::zero_bytes(slot.address, slot.size()) };
        });
    }
    large::each_sensitive(|descriptor| {
        let mapping = &descriptor.mapping;
        // SAFETY: a live block's pages; the lock is held.
        unsafe { wipe::zero_bytes(mapping.data, mapping.data_size) };
    });
}
