// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lock under loom, which tries every order in which threads can meet.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p secmalloc-heap --test lock_loom --release`
//!
//! The futex is modelled by what futex(2) promises: a sleeper re-checks the word under the
//! kernel's own lock, and a wake-up wakes one of those that sleep.
#![cfg(loom)]
#![allow(dead_code, missing_docs)]

#[path = "../src/lock.rs"]
mod lock;

mod sys {
    use loom::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use loom::sync::{Condvar, Mutex};

    loom::lazy_static! {
        static ref KERNEL: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    }

    pub(crate) fn futex_wait(word: &AtomicU32, value: u32) {
        let held = KERNEL.0.lock().unwrap();
        if word.load(SeqCst) == value {
            drop(KERNEL.1.wait(held).unwrap());
        }
    }

    pub(crate) fn futex_wake(_: &AtomicU32) {
        let _held = KERNEL.0.lock().unwrap();
        KERNEL.1.notify_one();
    }

    pub(crate) fn thread_identity() -> usize {
        1
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

fn add(guarded: &Guarded) {
    let _held = guarded.lock.hold();
    // SAFETY: the lock is held.
    guarded.value.with_mut(|value| unsafe { *value += 1 });
}

#[test]
fn two_threads_exclude_each_other_and_both_finish() {
    loom::model(|| {
        let guarded = Arc::new(Guarded {
            lock: lock::Lock::new(),
            value: UnsafeCell::new(0),
        });
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
        let guarded = Arc::new(Guarded {
            lock: lock::Lock::new(),
            value: UnsafeCell::new(0),
        });
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
