// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where blocks come to lie: the distributions behind the entropy that ARCHITECTURE.md states.
//!
//! Every bound is far outside what chance does (less than one run in a million fails), and well
//! inside what a broken draw would do.

use std::collections::{HashMap, HashSet};
use std::ptr::NonNull;

use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;
use secmalloc_policy::size_class::{class_of, CLASSES};

use crate::pool::fixed;
use crate::slab::spot;
use crate::{allocate, release, Claim};

fn make(size: usize) -> NonNull<u8> {
    allocate(Request::bytes(size).unwrap(), Operation::Malloc).unwrap()
}

fn end(block: NonNull<u8>) {
    // SAFETY: a block of this test, which forgets it.
    unsafe { release(block, Operation::Free, Claim::NONE, 0) };
}

/// The slab of a block, and its place there.
fn place(block: NonNull<u8>, class: usize) -> (u32, usize) {
    let spot = spot(fixed(), block.addr().get()).unwrap();
    let (slab, place) = fixed().classes[class].place(spot.slot.index);
    (slab, place as usize)
}

/// Chi-square against an even distribution, as standard deviations from its mean.
fn deviation(counts: &[u32]) -> f64 {
    let total: u32 = counts.iter().sum();
    let mean = f64::from(total) / counts.len() as f64;
    let chi: f64 = counts
        .iter()
        .map(|&n| (f64::from(n) - mean).powi(2) / mean)
        .sum();
    let freedom = counts.len() as f64 - 1.0;
    (chi - freedom) / (2.0 * freedom).sqrt()
}

/// The first block of every fresh slab: each place must be as likely as any other.
#[test]
fn first_places_of_slabs_are_even() {
    // Classes with 256, 128, 64 and 8 slots to a slab, and sizes that no other test here uses.
    for size in [40, 310, 600, 8000] {
        let class = class_of(size);
        let slots = CLASSES[class].slots;
        let mut seen = HashSet::new();
        let mut counts = vec![0; slots];
        let mut live = Vec::new();
        for _ in 0..150 * slots {
            let block = make(size);
            let (slab, place) = place(block, class);
            if seen.insert(slab) {
                counts[place] += 1;
            }
            live.push(block);
        }
        // Few slabs for many places: compare eight ranges of equal length, the rest left out.
        let length = slots / 8;
        let ranges: Vec<u32> = counts
            .chunks_exact(length)
            .take(8)
            .map(|part| part.iter().sum())
            .collect();
        assert!(deviation(&ranges) < 12.0, "{size}: {ranges:?}");
        live.into_iter().for_each(end);
    }
}

/// An attacker who has a block must not know where the next one goes.
#[test]
fn distances_of_successive_blocks_are_not_predictable() {
    let size = 100;
    let blocks: Vec<_> = (0..20_000).map(|_| make(size)).collect();
    let mut distances: HashMap<isize, u32> = HashMap::new();
    for pair in blocks.windows(2) {
        let distance = pair[1].addr().get() as isize - pair[0].addr().get() as isize;
        *distances.entry(distance).or_default() += 1;
    }
    let commonest = *distances.values().max().unwrap();
    // In order, one distance would have them all; drawn from 16, none has over 7 %.
    assert!(commonest < 20_000 / 12, "{commonest}");
    assert!(distances.len() > 40, "{}", distances.len());
    blocks.into_iter().for_each(end);
}

/// A freed slot must stay away for a while, and come back at no fixed time.
#[test]
fn freed_slots_come_back_late_and_at_random() {
    let size = 200;
    let rest = CLASSES[class_of(size)].quarantine;
    let mut waits = Vec::new();
    for _ in 0..200 {
        let block = make(size);
        let address = block.addr();
        end(block);
        for wait in 1..100_000 {
            let next = make(size);
            let back = next.addr() == address;
            end(next);
            if back {
                waits.push(wait);
                break;
            }
        }
    }
    assert!(
        waits.iter().all(|&wait| wait >= rest),
        "at least the ring's length: {waits:?}"
    );
    let distinct: HashSet<_> = waits.iter().collect();
    assert!(distinct.len() > waits.len() / 6, "{waits:?}");
}
