// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the metadata pool comes to lie among its neighbours.

use std::collections::HashSet;

use secmalloc_policy::layout::{self, Plan, START_STEP};
use secmalloc_policy::random::Random;

use super::{Parts, Pools, MARGIN};
use crate::sys;

/// What the kernel maps next lies right below what is reserved for the pool: how far that is from the pool must
/// not be known, and the pool must fit wherever it begins.
#[test]
fn metadata_lies_at_no_known_distance_from_later_mappings() {
    let plan = Plan::for_limit(usize::MAX, 0);
    assert!(plan.reserved);
    let mut random = Random::from_seed([3; 32]);
    let mut distances = HashSet::new();
    for _ in 0..32 {
        let pools = Pools::of(plan, 0, &mut random).unwrap();
        let (from, size) = pools.around;
        let distance = pools.metadata - from;
        assert!(distance >= MARGIN && distance % START_STEP == 0);
        assert!(distance + Parts::of(plan).total() + MARGIN <= size);
        distances.insert(distance);
        // SAFETY: both pools of this round, which nobody else knows of.
        unsafe {
            sys::unmap(from, size);
            sys::unmap(pools.data - MARGIN, plan.pool_size() + 2 * MARGIN);
        }
    }
    // Of 2^20 places, two of 32 draws are one in 2,000 runs; the seed is always the same.
    assert_eq!(distances.len(), 32);
    assert_eq!(layout::metadata_room(plan.shift) / START_STEP, 1 << 20);
}
