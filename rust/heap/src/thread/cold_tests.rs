// SPDX-License-Identifier: MIT OR Apache-2.0
//! Classes become a thread's own by use, and are given up when there are too many threads.

use std::collections::HashSet;
use std::ptr::NonNull;

use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;
use secmalloc_policy::size_class::class_of;

use super::*;
use crate::thread::with_heap;
use crate::{allocate, release, Claim};

/// Nothing else in these tests is of this class.
const SIZE: usize = 1400;

fn make() -> NonNull<u8> {
    allocate(Request::bytes(SIZE).unwrap(), Operation::Malloc).unwrap()
}

fn end(block: NonNull<u8>) {
    // SAFETY: a block of this test, which forgets it.
    unsafe { release(block, Operation::Free, Claim::NONE, 0) };
}

fn is_own() -> bool {
    with_heap(|heap| heap.bin(class_of(SIZE)).places.get().ready > 0).unwrap()
}

/// As if so many threads more had joined.
fn among(threads: u32, work: impl FnOnce()) {
    let count = &shared().threads.cold.threads;
    count.fetch_add(threads, Relaxed);
    work();
    count.fetch_sub(threads, Relaxed);
}

#[test]
fn classes_become_own_by_use_and_are_given_up_in_a_crowd() {
    with_heap(|_| ()).unwrap();
    // The first thread owns all; this one is not it.
    let work = || {
        among(100, || {
            let mut live: Vec<_> = (1..PROOF).map(|_| make()).collect();
            assert!(!is_own());
            live.extend((0..PROOF).map(|_| make()));
            assert!(is_own());
            live.into_iter().for_each(end);
        });
        among(1_000_000, || {
            let mut seen = HashSet::new();
            let blocks: Vec<_> = (0..200).map(|_| make()).collect();
            assert!(!is_own());
            assert!(blocks.iter().all(|block| seen.insert(*block)));
            for block in blocks {
                end(block);
                let next = make();
                assert_ne!(next, block, "a freed slot is not the next");
                end(next);
            }
            assert!(!is_own());
        });
    };
    std::thread::scope(|scope| scope.spawn(work).join().unwrap());
}
