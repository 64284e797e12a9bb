// SPDX-License-Identifier: MIT OR Apache-2.0
//! A mutual exclusion lock: one word, a futex when it is contended, and a note of its holder.
//!
//! The holder is noted for `fork` in a signal handler: the handler may have interrupted the very
//! thread that holds a lock, and waiting for oneself never ends.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

// From `sys`, so that a model checker can put its own in their place.
use crate::sys::{self, AtomicU32, AtomicUsize};

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody sleeps on it.
const AWAITED: u32 = 2;

/// The lock. All zero is an unlocked lock.
pub(crate) struct Lock {
    word: AtomicU32,
    holder: AtomicUsize,
}

/// Proof that the lock is held; and the lock, if it is to be given back in the end.
pub(crate) struct Held<'a>(Option<&'a Lock>);

impl Lock {
    pub(crate) const fn new() -> Lock {
        Lock {
            word: AtomicU32::new(FREE),
            holder: AtomicUsize::new(0),
        }
    }

    /// Takes the lock, waiting for it.
    #[inline]
    pub(crate) fn hold(&self) -> Held<'_> {
        Held(self.acquire().then_some(self))
    }

    /// Whether the calling thread holds it.
    pub(crate) fn is_mine(&self) -> bool {
        // Relaxed: only this thread writes its own identity here, and it reads its own writes.
        self.holder.load(Relaxed) == sys::thread_identity()
    }

    /// Takes the lock without a guard to give it back: for `fork`, which takes and gives back in
    /// two functions. `false` if this thread is forking and holds all locks already: handlers of
    /// others that run meanwhile may allocate.
    #[inline]
    pub(crate) fn acquire(&self) -> bool {
        // Acquire: what the last holder wrote is seen before anything we do.
        let free = self.word.compare_exchange(FREE, HELD, Acquire, Relaxed);
        if free.is_err() {
            if sys::is_forking() {
                return false;
            }
            self.wait();
        }
        self.holder.store(sys::thread_identity(), Relaxed);
        true
    }

    #[cold]
    #[inline(never)]
    fn wait(&self) {
        for _ in 0..sys::SPINS {
            if self.word.load(Relaxed) == FREE
                && self
                    .word
                    .compare_exchange(FREE, HELD, Acquire, Relaxed)
                    .is_ok()
            {
                return;
            }
            core::hint::spin_loop();
        }
        // From here on the word says that somebody sleeps, even when nobody else does: one
        // wake-up too many at the end, but never one too few.
        while self.word.swap(AWAITED, Acquire) != FREE {
            sys::futex_wait(&self.word, AWAITED);
        }
    }

    /// Gives the lock back.
    ///
    /// The caller took it with [`Lock::acquire`].
    #[inline]
    pub(crate) fn release(&self) {
        self.holder.store(0, Relaxed);
        // Release: whoever takes it next sees what we wrote.
        if self.word.swap(FREE, Release) == AWAITED {
            sys::futex_wake(&self.word);
        }
    }

    /// Makes the lock free whatever it was: in a forked child, where its holder does not exist.
    pub(crate) fn reset(&self) {
        self.holder.store(0, Relaxed);
        self.word.store(FREE, Release);
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(lock) = self.0 {
            lock.release();
        }
    }
}
