// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading words of a stack that may be broken.
//!
//! No word is read unless its page is known to be readable: it lies between where we run and the
//! end of the thread's stack, or the caller's `readable` has just said so of its page.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::machine;

/// The smallest page there is. Larger ones are asked about more than once.
const PAGE: usize = 4096;
/// The kernel places nothing but a growing stack this close below one (`stack_guard_gap`), unless
/// a program insists on the address.
const MAIN: usize = 1 << 20;
/// As many pages as one walk asks about to learn a thread's stack.
const ASK: usize = 64;
/// Where a stack turned out not to be the thread's own, it is not tried again this near.
const NEAR: u32 = 16;

/// What is known of one thread's stack. The caller keeps one for each thread, in memory that only
/// this thread uses, and begins with a new one in each new thread; with it, a walk in that thread
/// asks about no page twice.
///
/// A thread of the C library has its control block above its stack, in the same mapping (glibc,
/// nptl/allocatestack.c: `pd` is at the end of the block; musl, `pthread_create`: `tsd` too), so
/// that pages without a gap from here to the thread pointer are the thread's stack, which stays
/// while the thread runs. A coroutine or a signal handler runs on other memory: a guard or another
/// gap lies between, nothing is learnt, and each walk asks anew.
#[derive(Debug, Default)]
pub struct Stack {
    low: AtomicUsize,
    high: AtomicUsize,
    refused: AtomicUsize,
}

impl Stack {
    /// Nothing known.
    #[must_use]
    pub const fn new() -> Stack {
        Stack {
            low: AtomicUsize::new(0),
            high: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        }
    }

    /// The part of the stack that is known, if `here` is on it; asks for it, if it is not yet known.
    fn around(&self, here: usize, readable: fn(usize) -> bool) -> Option<(usize, usize)> {
        let (low, high) = (self.low.load(Relaxed), self.high.load(Relaxed));
        if low <= here && here < high {
            return Some((low, high));
        }
        let top = machine::thread_pointer() & !(PAGE - 1);
        let bottom = here & !(PAGE - 1);
        // What is known already need not be asked about, if that is where we would get to.
        let known = if high == top && low > bottom {
            low
        } else {
            top
        };
        if known < bottom
            || known - bottom > ASK * PAGE
            || self.refused.load(Relaxed) == bottom >> NEAR
        {
            return None;
        }
        let mut pages = (bottom..=known).step_by(PAGE);
        if !pages.all(readable) {
            self.refused.store(bottom >> NEAR, Relaxed);
            return None;
        }
        // A signal handler that comes between these sees an empty range, or a smaller one.
        self.high.store(top, Relaxed);
        self.low.store(bottom, Relaxed);
        Some((bottom, top))
    }
}

/// The reader of one walk.
pub(crate) struct Memory {
    /// The stack as far as it is known.
    known: (usize, usize),
    /// Pages that were asked about.
    asked: (usize, usize),
    readable: fn(usize) -> bool,
}

impl Memory {
    /// Learns what is cheap to know of the stack that we run on.
    pub(crate) fn new(stack: Option<&Stack>, readable: fn(usize) -> bool) -> Memory {
        let here = machine::stack_pointer();
        let end = machine::initial_stack_end();
        let known = if here < end && end - here < MAIN {
            // The initial stack is one mapping that ends above `end`, where the kernel put the
            // arguments, and we run on it.
            Some((here, end))
        } else {
            stack.and_then(|stack| stack.around(here, readable))
        };
        Memory {
            known: known.map_or((0, 0), |(low, high)| (low & !7, high & !7)),
            asked: (0, 0),
            readable,
        }
    }

    /// The word at an address, if it can be read.
    #[inline]
    pub(crate) fn word(&mut self, at: usize) -> Option<usize> {
        if let Some(word) = self.known_word(at) {
            return Some(word);
        }
        if at % 8 != 0 || !self.can_read(at) {
            return None;
        }
        // SAFETY: aligned, and in a page that can be read.
        Some(unsafe { read(at) })
    }

    /// The word at an address of the stack as far as it is known.
    #[inline]
    pub(crate) fn known_word(&self, at: usize) -> Option<usize> {
        // SAFETY: aligned, and in a range of whole words that can be read: see `new`.
        (at % 8 == 0 && within(self.known, at)).then(|| unsafe { read(at) })
    }

    /// Whether words from one place to another, both included, are in the part of the stack that is known.
    #[inline]
    pub(crate) fn knows(&self, lowest: usize, highest: usize) -> bool {
        let (low, high) = self.known;
        low <= lowest && highest < high
    }

    /// Whether the page of an address can be read; asks, if it has not been asked about.
    pub(crate) fn can_read(&mut self, at: usize) -> bool {
        if within(self.asked, at) {
            return true;
        }
        let page = at & !(PAGE - 1);
        let Some(end) = page.checked_add(PAGE) else {
            return false;
        };
        if page == 0 || !(self.readable)(page) {
            return false;
        }
        // A walk goes upwards, page by page.
        self.asked = if self.asked.1 == page {
            (self.asked.0, end)
        } else {
            (page, end)
        };
        true
    }
}

#[inline]
fn within((low, high): (usize, usize), at: usize) -> bool {
    at.wrapping_sub(low) < high - low
}

/// Whose the word is we cannot know, and it may be written meanwhile: volatile, and any value will do.
///
/// # Safety
/// - `at` is aligned to 8 and its page can be read.
#[inline]
pub(crate) unsafe fn read(at: usize) -> usize {
    let word: *const usize = core::ptr::with_exposed_provenance(at);
    // SAFETY: the caller's promise.
    unsafe { word.read_volatile() }
}
