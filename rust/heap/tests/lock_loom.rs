// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lock under loom, which tries every order in which threads can meet.
//!
//! The futex is modelled by what futex(2) promises: a sleeper re-checks the word under the
//! kernel's own lock, and a wake-up wakes one of those that sleep.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

#[path = "../src/lock.rs"]
mod lock;

/// What the lock asks of the system, as the model has it.
mod sys {
    use std::sync::atomic::Ordering;
    use std::sync::OnceLock;

    use loom::sync::{Condvar, Mutex};

    loom::lazy_static! {
        static ref KERNEL: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    }

    pub(crate) const SPINS: u32 = 1;

    /// One of loom's atomics, made when it is first used: they cannot be made in constants.
    macro_rules! late {
        ($name:ident, $type:ty) => {
            pub(crate) struct $name($type, OnceLock<loom::sync::atomic::$name>);

            impl $name {
                pub(crate) const fn new(value: $type) -> Self {
                    Self(value, OnceLock::new())
                }

                fn get(&self) -> &loom::sync::atomic::$name {
                    self.1
                        .get_or_init(|| loom::sync::atomic::$name::new(self.0))
                }

                pub(crate) fn load(&self, order: Ordering) -> $type {
                    self.get().load(order)
                }

                pub(crate) fn store(&self, value: $type, order: Ordering) {
                    self.get().store(value, order);
                }

                pub(crate) fn swap(&self, value: $type, order: Ordering) -> $type {
                    self.get().swap(value, order)
                }

                pub(crate) fn fetch_or(&self, bits: $type, order: Ordering) -> $type {
                    self.get().fetch_or(bits, order)
                }

                pub(crate) fn fetch_and(&self, bits: $type, order: Ordering) -> $type {
                    self.get().fetch_and(bits, order)
                }

                pub(crate) fn compare_exchange(
                    &self,
                    now: $type,
                    then: $type,
                    order: Ordering,
                    other: Ordering,
                ) -> Result<$type, $type> {
                    self.get().compare_exchange(now, then, order, other)
                }
            }
        };
    }

    late!(AtomicUsize, usize);

    pub(crate) fn futex_wait_low(word: &AtomicUsize, value: usize, _turn: u32) {
        let held = KERNEL.0.lock().unwrap();
        if word.load(Ordering::SeqCst) == value {
            drop(KERNEL.1.wait(held).unwrap());
        }
    }

    pub(crate) fn futex_wake_low(_: &AtomicUsize, count: u32) {
        let _held = KERNEL.0.lock().unwrap();
        if count == 1 {
            KERNEL.1.notify_one();
        } else {
            KERNEL.1.notify_all();
        }
    }

    pub(crate) fn pause() {
        loom::thread::yield_now();
    }

    pub(crate) fn is_forking() -> bool {
        false
    }

    /// A multiple of 4, as addresses of thread control blocks are.
    pub(crate) fn thread_identity() -> usize {
        4
    }
}

/// The thread word, which is of no use without signal handlers.
mod thread {
    pub(crate) mod word {
        pub(crate) fn close() -> usize {
            0
        }

        pub(crate) fn reopen(_: usize) {}
    }
}

use loom::cell::UnsafeCell;
use loom::sync::Arc;

struct Guarded {
    lock: lock::Lock,
    value: UnsafeCell<u32>,
}

// SAFETY: `value` is only touched under `lock`; loom reports it if not.
unsafe impl Sync for Guarded {}
// SAFETY: as above.
unsafe impl Send for Guarded {}

fn guarded() -> Arc<Guarded> {
    let guarded = Guarded {
        lock: lock::Lock::new(),
        value: UnsafeCell::new(0),
    };
    // Makes the lock's atomics before there are others that could meet them half made.
    drop(guarded.lock.hold());
    Arc::new(guarded)
}

fn add(guarded: &Guarded) {
    let _held = guarded.lock.hold();
    // SAFETY: the lock is held.
    guarded.value.with_mut(|value| unsafe { *value += 1 });
}

#[test]
fn two_threads_exclude_each_other_and_both_finish() {
    loom::model(|| {
        let guarded = guarded();
        let other = Arc::clone(&guarded);
        let thread = loom::thread::spawn(move || add(&other));
        add(&guarded);
        thread.join().unwrap();
        // SAFETY: the other thread has ended.
        guarded.value.with(|value| assert_eq!(unsafe { *value }, 2));
    });
}

#[test]
fn three_threads_lose_no_wake_up() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let guarded = guarded();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let guarded = Arc::clone(&guarded);
                loom::thread::spawn(move || add(&guarded))
            })
            .collect();
        add(&guarded);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        // SAFETY: the other threads have ended.
        guarded.value.with(|value| assert_eq!(unsafe { *value }, 3));
    });
}

/// Two threads fork in handlers that interrupted them, each with a lock, and want the other's: neither
/// waits for what the other has announced.
#[test]
fn two_that_announce_do_not_wait_for_each_other() {
    let mut model = loom::model::Builder::new();
    // All orders take minutes, and were tried once.
    model.preemption_bound = Some(2);
    model.check(|| {
        let both = Arc::new([lock::Lock::new(), lock::Lock::new()]);
        for lock in both.iter() {
            drop(lock.hold());
        }
        let other = Arc::clone(&both);
        let fork = |own: &lock::Lock, wanted: &lock::Lock| {
            own.acquire();
            own.announce();
            if wanted.acquire_unless_announced() {
                wanted.release();
            }
            own.unannounce();
            own.release();
        };
        let thread = loom::thread::spawn(move || fork(&other[0], &other[1]));
        fork(&both[1], &both[0]);
        thread.join().unwrap();
    });
}

/// One sleeper that may leave, one that may not, and a holder that announces: the one that stays gets the
/// lock, also where the other was woken for it and left.
#[test]
fn who_leaves_takes_no_wake_up_along() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let guarded = guarded();
        let (stays, leaves) = (Arc::clone(&guarded), Arc::clone(&guarded));
        let stays = loom::thread::spawn(move || add(&stays));
        let leaves = loom::thread::spawn(move || {
            if leaves.lock.acquire_unless_announced() {
                leaves.lock.release();
            }
        });
        guarded.lock.acquire();
        guarded.lock.announce();
        guarded.lock.unannounce();
        guarded.lock.release();
        stays.join().unwrap();
        leaves.join().unwrap();
        // SAFETY: the other threads have ended.
        guarded.value.with(|value| assert_eq!(unsafe { *value }, 1));
    });
}
