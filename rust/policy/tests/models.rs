// SPDX-License-Identifier: MIT OR Apache-2.0
//! The quarantine, the plans of the pool and the classes of aligned blocks, against what they would be
//! if nobody minded how long it takes.
#![allow(missing_docs, clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::VecDeque;

use proptest::prelude::*;
use secmalloc_policy::layout::{self, Plan, MIN_REGION_SHIFT, REGIONS, START_STEP};
use secmalloc_policy::quarantine;
use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::{
    class_of_aligned, CANARY_SIZE, CLASSES, COUNT, MAX_SMALL, ORDINARY, ZERO, ZERO_STRIDE,
};

/// Places that chance chooses, then a queue.
struct Resting {
    places: Vec<Option<u32>>,
    queue: VecDeque<Option<u32>>,
}

impl Resting {
    fn new(half: usize) -> Resting {
        Resting {
            places: vec![None; half],
            queue: vec![None; half].into(),
        }
    }

    fn rest(&mut self, random: u8, slot: u32) -> Option<u32> {
        let place = usize::from(random) % self.places.len();
        let displaced = self.places[place].replace(slot);
        self.queue.push_back(displaced);
        self.queue.pop_front()?
    }

    fn drain(&mut self) -> Vec<u32> {
        let places = self.places.iter_mut().filter_map(Option::take);
        let queue = self.queue.iter_mut().filter_map(Option::take);
        let mut all: Vec<u32> = places.chain(queue).collect();
        all.sort_unstable();
        all
    }
}

proptest! {
    #[test]
    fn the_quarantine_is_places_and_a_queue(
        shift in 0u32..8,
        // Somewhere in its life, and before it wraps round.
        turn in prop::sample::select(&[0, 7, u32::MAX - 3][..]),
        steps in prop::collection::vec((any::<u8>(), 0u8..100), 0..2000),
    ) {
        let half = 1usize << shift;
        let (drawn, ring) = (vec![Cell::new(0); half], vec![Cell::new(0); half]);
        let (turn, mut model) = (Cell::new(turn), Resting::new(half));
        for (slot, (random, how)) in (0..).zip(steps) {
            if how == 0 {
                let mut all = Vec::new();
                quarantine::drain(&drawn, |slot| all.push(slot));
                quarantine::drain(&ring, |slot| all.push(slot));
                all.sort_unstable();
                prop_assert_eq!(all, model.drain());
            }
            let rested = quarantine::rest((&drawn, &ring), half as u32 - 1, &turn, random, slot);
            prop_assert_eq!(rested, model.rest(random, slot));
        }
    }

    #[test]
    fn plans_shrink_to_the_least(limit in prop_oneof![any::<usize>(), 0usize..1 << 34], bits in 32u32..48) {
        let top = (1usize << bits) - 1;
        let mut plan = Plan::for_limit(limit, top);
        // Address space that is counted is not reserved.
        prop_assert!(!plan.reserved || limit >= 1 << 44);
        let mut seen = vec![plan];
        while let Some(smaller) = plan.smaller(top) {
            // Either less of the same, or no reservation any more.
            let less = smaller.reserved == plan.reserved && smaller.pool_size() < plan.pool_size();
            prop_assert!(less || (plan.reserved && !smaller.reserved), "{plan:?} {smaller:?}");
            plan = smaller;
            seen.push(plan);
            prop_assert!(seen.len() < 64);
        }
        prop_assert!(!plan.reserved);
        prop_assert_eq!(plan.shift, MIN_REGION_SHIFT);
        // Every class has a region of its own, and what is not reserved leaves most addresses alone.
        prop_assert!(REGIONS >= COUNT);
        let modest = |plan: &Plan| {
            plan.reserved || plan.shift == MIN_REGION_SHIFT || plan.pool_size() <= (top + 1) / 8
        };
        prop_assert!(seen.iter().all(modest));
    }

    #[test]
    fn starts_and_guards_are_within_their_bounds(
        seed in any::<[u8; 32]>(),
        shift in 20u32..=36,
        every in 0u32..5000,
    ) {
        let mut random = Random::from_seed(seed);
        let start = layout::region_start(shift, &mut random);
        prop_assert_eq!(start % START_STEP, 0);
        prop_assert!(start < (1 << shift) / 4);
        // The entropy that is stated is that of the draw.
        let starts = (1usize << shift) / 4 / START_STEP;
        prop_assert_eq!(layout::start_entropy(Plan { shift, reserved: true }), starts.ilog2());
        for every in [every, 1, 2, 16] {
            let mut guards = (0..64).map(|_| layout::guard_in_window(every, &mut random));
            prop_assert!(guards.all(|guard| guard < every.max(1)));
        }
        let mut order = layout::region_order(&mut random);
        // Sensitive classes have the upper half to themselves.
        order[..REGIONS / 2].sort_unstable();
        order[REGIONS / 2..].sort_unstable();
        prop_assert!(order.iter().copied().map(usize::from).eq(0..REGIONS));
    }

    #[test]
    fn bytes_are_handed_out_once(seed in any::<[u8; 32]>(), takes in prop::collection::vec(0u8..3, 0..400)) {
        let (mut one, mut other) = (Random::from_seed(seed), Random::from_seed(seed));
        for take in takes {
            // Whichever way bytes are taken, they are the next ones of one stream.
            match take {
                0 => prop_assert_eq!(one.byte(), other.byte()),
                1 => match one.byte_at_hand() {
                    Some(byte) => prop_assert_eq!(byte, other.byte()),
                    None => prop_assert_eq!(one.byte(), other.byte()),
                },
                _ => prop_assert_eq!(one.pair(), other.pair()),
            }
        }
    }
}

/// All sizes at all alignments that programs use, and the borders of both.
#[test]
fn aligned_blocks_have_the_first_class_that_aligns() {
    for shift in 0..=17 {
        let alignment = 1usize << shift;
        for size in (0..=MAX_SMALL + 1).filter(|size| size % 61 < 2 || size % 4096 > 4080) {
            let fits = |&class: &usize| {
                let slot = CLASSES[class].slot;
                slot >= size + CANARY_SIZE && slot % alignment == 0
            };
            let expected = match size {
                0 => (alignment <= ZERO_STRIDE).then_some(ZERO),
                // Slabs begin at pages.
                _ if alignment > 4096 => None,
                _ => (1..ORDINARY).find(fits),
            };
            assert_eq!(
                class_of_aligned(size, alignment),
                expected,
                "{size} {alignment}"
            );
        }
    }
}
