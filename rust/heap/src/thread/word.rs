// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the thread word says, see the module above, and how it is closed.

use core::sync::atomic::{compiler_fence, Ordering::SeqCst};

use crate::sys;

/// The thread word of a thread without a heap of its own.
pub(crate) const NONE: usize = 1;

/// Closes what the calling thread has, and answers what its word was, for [`reopen`]. A signal handler
/// that wants the heap then finds that this thread has some.
#[inline]
pub(crate) fn close() -> usize {
    let word = sys::thread_word();
    sys::set_thread_word(match word as isize {
        // No handler is to get a heap for this thread now: it would do so in the middle of something.
        0 => NONE,
        open if open > NONE as isize => open.wrapping_neg() as usize,
        // Open and recorded: inverted, which is one less than negated.
        open if open < 0 && open & 1 == 1 => open.wrapping_add(1) as usize,
        _ => word,
    });
    // A handler in this thread must see the word before any change.
    compiler_fence(SeqCst);
    word
}

/// Ends what [`close`] began.
#[inline]
pub(crate) fn reopen(word: usize) {
    compiler_fence(SeqCst);
    sys::set_thread_word(word);
}
