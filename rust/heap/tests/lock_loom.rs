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

    pub(crate) fn futex_wait_low(word: &AtomicUsize, value: usize) {
        let held = KERNEL.0.lock().unwrap();
        if word.load(Ordering::SeqCst) == value {
            drop(KERNEL.1.wait(held).unwrap());
        }
    }

    pub(crate) fn futex_wake_low(_: &AtomicUsize) {
        let _held = KERNEL.0.lock().unwrap();
        KERNEL.1.notify_one();
    }

    pub(crate) fn is_forking() -> bool {
        false
    }

    /// Even, as addresses are.
    pub(crate) fn thread_identity() -> usize {
        2
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
