// SPDX-License-Identifier: MIT OR Apache-2.0
//! Classes become a thread's own by use, and are given up when there are too many threads.

use std::collections::HashSet;
use std::ptr::NonNull;
use std::sync::Mutex;

use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;
use secmalloc_policy::size_class::{class_of, CLASSES, ZERO};
use secmalloc_policy::slot_state::Kind;

use super::*;
use crate::thread::with_heap;
use crate::{allocate, release, release_small, Claim};

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

/// As if so many threads more had joined, in one test at a time.
fn among(threads: u32, work: impl FnOnce()) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock();
    let count = &shared().threads.cold.threads;
    count.fetch_add(threads, Relaxed);
    work();
    count.fetch_sub(threads, Relaxed);
}

/// In a thread that does not have the first heap, which owns all classes.
fn in_another_thread(work: impl FnOnce() + Send) {
    let here = || match with_heap(ThreadHeap::number) {
        Some(number) if number > FIRST => work(),
        // Kept by this thread meanwhile.
        _ => in_another_thread(work),
    };
    std::thread::scope(|scope| scope.spawn(here).join().unwrap());
}

#[test]
fn classes_become_own_by_use_and_are_given_up_in_a_crowd() {
    in_another_thread(|| {
        // As few as need a proof: this heap may be one that a test before left with classes of its own, or near that.
        with_heap(|heap| heap.bin(class_of(SIZE)).uses.set(0)).unwrap();
        among(FEW + 1, || {
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
    });
}

/// As `free` does it: the short way first.
fn end_shortly(block: NonNull<u8>) {
    // SAFETY: a block of this test, which forgets it.
    if !unsafe { release_small(block, Kind::Malloc, Claim::NONE) } {
        end(block);
    }
}

/// A slot that is freed where its class is not the thread's own must rest with the shared heap. In places
/// that the thread has for another class it would be lost, or be two blocks at once.
#[test]
fn slots_of_cold_classes_come_back_by_the_short_way() {
    let nothing = || allocate(Request::bytes(0).unwrap(), Operation::Malloc).unwrap();
    in_another_thread(|| {
        // Slots of size 0 have the first places of all.
        end(nothing());
        among(1_000_000, || {
            let mut seen = HashSet::new();
            for _ in 0..20_000 {
                let block = make();
                seen.insert(block);
                end_shortly(block);
                assert!(!is_own());
            }
            let shape = &CLASSES[class_of(SIZE)];
            let most = 2 * shape.quarantine + shape.magazine() + 2 * shape.slots;
            assert!(seen.len() <= most, "{} slots for one block", seen.len());
        });
        let map = &fixed().classes[ZERO];
        let mut seen = HashSet::new();
        let blocks: Vec<_> = (0..200).map(|_| nothing()).collect();
        for block in &blocks {
            assert!(seen.insert(*block), "two blocks at one address");
            let number = map.number_at(block.addr().get() - map.base).unwrap();
            assert!(
                number >> 8 < shared().stores[ZERO].slabs(),
                "{number}: nobody drew that"
            );
        }
        blocks.into_iter().for_each(end);
    });
}
