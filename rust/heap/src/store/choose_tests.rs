// SPDX-License-Identifier: MIT OR Apache-2.0
//! Draws against a plain list: each slot is one of the next few free ones on the way round the slab, none
//! is drawn twice, none is lost.

use core::cell::Cell;

use proptest::prelude::*;
use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::{CLASSES, MAX_BATCH, MAX_SLAB, MAX_SLOTS};

use super::take_random;
use crate::pool::{self, fixed};
use crate::slab::{array_sizes, ClassMap};

const SLAB: u32 = 1;

/// A class whose records lie in memory of the test's own, which is never given back.
fn class_map(class: usize) -> ClassMap {
    let class = &CLASSES[class];
    let sizes = array_sizes(class, 4);
    let words = vec![0u128; (sizes[0] + sizes[1]) / 16 + 16].leak();
    let arrays = words.as_mut_ptr().expose_provenance().next_multiple_of(64);
    // Records grow down from where states begin.
    let point = (arrays + sizes[0]).next_multiple_of(64);
    ClassMap::new(class, MAX_SLAB, 4 * class.slab(), point)
}

proptest! {
    #[test]
    fn draws_are_from_the_window(
        // 256, 128, 64, 16 and 8 slots to a slab.
        class in prop::sample::select(&[1usize, 17, 21, 29, 33][..]),
        bits in any::<[u64; MAX_SLOTS / 64]>(),
        sparse in any::<[u64; MAX_SLOTS / 64]>(),
        is_sparse in any::<bool>(),
        start in any::<u8>(),
        wanted in 1usize..=MAX_BATCH,
        seed in any::<[u8; 32]>(),
    ) {
        prop_assert!(pool::start());
        let map = class_map(class);
        let (slots, record) = (map.slots(), map.record(SLAB));
        let start = u32::from(start) % slots;
        let is_free = |place: u32| {
            let at = place as usize;
            let word = bits[at / 64] & if is_sparse { sparse[at / 64] } else { u64::MAX };
            word >> (at % 64) & 1 == 1
        };
        for place in (0..slots).filter(|&place| is_free(place)) {
            let word = &record.free[place as usize / 64];
            word.set(word.get() | 1 << (place % 64));
        }
        let mut left: Vec<u32> = (start..slots).chain(0..start).filter(|&p| is_free(p)).collect();
        record.free_count.set(left.len() as u32);
        record.start.set(start);

        let out = vec![Cell::new(u32::MAX); wanted];
        let taken = take_random(&map, SLAB, &mut Random::from_seed(seed), &out);
        prop_assert_eq!(taken, wanted.min(left.len()));
        // Into the last places, the first drawn last of all.
        for slot in out.iter().rev().take(taken) {
            let (slab, place) = map.place(slot.get());
            prop_assert_eq!(slab, SLAB);
            let at = left.iter().position(|&free| free == place);
            prop_assert!(at.is_some_and(|at| at < fixed().window), "{at:?} in {left:?}");
            left.remove(at.unwrap());
        }
        let untouched = &out[..wanted - taken];
        prop_assert!(untouched.iter().all(|slot| slot.get() == u32::MAX));
        prop_assert_eq!(record.free_count.get() as usize, left.len());
        let still_free = (0..slots).filter(|&p| record.free[p as usize / 64].get() >> (p % 64) & 1 == 1);
        left.sort_unstable();
        prop_assert!(still_free.eq(left.iter().copied()));
    }
}
