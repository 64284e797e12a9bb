// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lock under real threads; `tests/lock_loom.rs` tries all their orders.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;

use crate::lock::Lock;

#[test]
fn counts_are_not_lost() {
    let shared = Arc::new((Lock::new(), AtomicUsize::new(0)));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                for _ in 0..20_000 {
                    let _held = shared.0.hold();
                    assert!(shared.0.is_mine());
                    // Not an atomic increment: only the lock makes the sum right.
                    let count = shared.1.load(Relaxed);
                    shared.1.store(count + 1, Relaxed);
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(shared.1.load(Relaxed), 80_000);
    assert!(!shared.0.is_mine());
}
