// SPDX-License-Identifier: MIT OR Apache-2.0
//! A mutual exclusion lock: one word, a futex when it is contended, and a note of its holder.
//!
//! The holder is noted for signal handlers: one may have interrupted the very thread that holds a
//! lock, and waiting for oneself never ends. So whoever holds one has its heap closed: the handler finds
//! that, and waits for nothing that this thread may have. A handler that forks then says so on the lock
//! ([`Lock::announce`]): two threads that do so at once must not wait for each other.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

// From `sys`, so that a model checker can put its own in their place.
use crate::sys::{self, AtomicUsize};
use crate::thread::word;

const FREE: usize = 0;
/// Beside the holder's identity, whose two lowest bits are 0: somebody sleeps on the lock.
const AWAITED: usize = 1;
/// Beside it too: the holder forks, in a handler that interrupted it. It gives the lock back after
/// that and not before.
const ANNOUNCED: usize = 2;

/// The lock: its holder's identity, in the one word that says whether it is held, so that a signal
/// handler never finds it taken by nobody. All zero is an unlocked lock.
pub(crate) struct Lock {
    word: AtomicUsize,
}

/// Proof that the lock is held, and what is to be given back in the end.
pub(crate) struct Held<'a> {
    /// None where the thread forks, and has all locks already.
    lock: Option<&'a Lock>,
    /// The thread word as it was.
    word: usize,
}

impl Lock {
    pub(crate) const fn new() -> Lock {
        Lock {
            word: AtomicUsize::new(FREE),
        }
    }

    /// Takes the lock, waiting for it.
    #[inline]
    pub(crate) fn hold(&self) -> Held<'_> {
        let word = word::close();
        Held {
            lock: self.acquire().then_some(self),
            word,
        }
    }

    /// Whether the calling thread holds it.
    pub(crate) fn is_mine(&self) -> bool {
        // Relaxed: only this thread writes its own identity here, and it reads its own writes.
        self.word.load(Relaxed) & !(AWAITED | ANNOUNCED) == sys::thread_identity()
    }

    /// Takes the lock without a guard to give it back: for `fork`, which takes and gives back in
    /// two functions. `false` if this thread is forking and holds all locks already: handlers of
    /// others that run meanwhile may allocate.
    #[inline]
    pub(crate) fn acquire(&self) -> bool {
        if !self.try_acquire() {
            if sys::is_forking() {
                return false;
            }
            self.wait(false);
        }
        true
    }

    /// Takes the lock if it is free.
    #[inline]
    fn try_acquire(&self) -> bool {
        // Acquire: what the last holder wrote is seen before anything we do.
        self.word
            .compare_exchange(FREE, sys::thread_identity(), Acquire, Relaxed)
            .is_ok()
    }

    /// Takes the lock if it comes free soon: for those who must not wait for it.
    pub(crate) fn acquire_soon(&self) -> bool {
        (0..sys::SPINS).any(|_| {
            let taken = self.try_acquire();
            if !taken {
                sys::pause();
            }
            taken
        })
    }

    /// Takes the lock, unless its holder forks or comes to fork meanwhile.
    pub(crate) fn acquire_unless_announced(&self) -> bool {
        self.try_acquire() || self.wait(true)
    }

    /// Says that the holder, who calls this, forks. Whether that had not been said.
    pub(crate) fn announce(&self) -> bool {
        // Relaxed: it says nothing of what the lock guards.
        let before = self.word.fetch_or(ANNOUNCED, Relaxed);
        // Every sleeper, noted or not: one may have been woken to take the lock, and leaves it now.
        sys::futex_wake_low(&self.word, u32::MAX >> 1);
        before & ANNOUNCED == 0
    }

    /// Takes back what [`Lock::announce`] said.
    pub(crate) fn unannounce(&self) {
        self.word.fetch_and(!ANNOUNCED, Relaxed);
    }

    /// Waits for the lock and takes it. `false`: it was announced, and `leaves` says not to wait then.
    #[cold]
    #[inline(never)]
    fn wait(&self, leaves: bool) -> bool {
        let mine = sys::thread_identity();
        for _ in 0..sys::SPINS {
            if self.word.load(Relaxed) == FREE && self.try_acquire() {
                return true;
            }
            core::hint::spin_loop();
        }
        // From here on the word says that somebody sleeps, even when nobody else does: one
        // wake-up too many at the end, but never one too few.
        let mut seen = self.word.load(Relaxed);
        let mut turn = 0;
        loop {
            if leaves && seen & ANNOUNCED != 0 {
                return false;
            }
            let wanted = if seen == FREE { mine } else { seen } | AWAITED;
            match self.word.compare_exchange(seen, wanted, Acquire, Relaxed) {
                Ok(FREE) => return true,
                Ok(_) => {
                    sys::futex_wait_low(&self.word, wanted, turn);
                    turn += 1;
                    seen = self.word.load(Relaxed);
                }
                Err(now) => seen = now,
            }
        }
    }

    /// Gives the lock back.
    ///
    /// The caller took it with [`Lock::acquire`].
    #[inline]
    pub(crate) fn release(&self) {
        // Release: whoever takes it next sees what we wrote.
        if self.word.swap(FREE, Release) & AWAITED != 0 {
            sys::futex_wake_low(&self.word, 1);
        }
    }

    /// Makes the lock free whatever it was: in a forked child, where its holder does not exist.
    pub(crate) fn reset(&self) {
        self.word.store(FREE, Release);
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(lock) = self.lock {
            lock.release();
        }
        word::reopen(self.word);
    }
}
