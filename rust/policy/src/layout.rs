// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where things lie: how large the pools are, which region belongs to which class, where a
//! region begins to be used, and which slabs are guards.
//!
//! An address never changes its class, so a dangling pointer to one class can never come to
//! point at a block of another. What an attacker could learn from one run says nothing of the
//! next: the order of the regions and the start within each are drawn anew.

use crate::random::Random;
use crate::size_class;

/// Regions of the data pool; more than classes, so that some stay empty between others. The upper half is
/// for sensitive blocks alone.
pub const REGIONS: usize = 128;

/// The largest region, as a power of two: 64 GiB of one class.
pub const MAX_REGION_SHIFT: u32 = 36;

/// The smallest region of a pool that is reserved as a whole.
pub const MIN_RESERVED_SHIFT: u32 = 30;

/// The smallest region: 16 MiB of one class.
pub const MIN_REGION_SHIFT: u32 = 24;

/// Starts of regions are drawn at this distance; a multiple of every page size.
pub const START_STEP: usize = 1 << 16;

/// From this limit of address space on, both pools are reserved.
const PLENTY: usize = 1 << 44;

/// How large the data pool is, and how we hold it: one region for each class, `1 << shift` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Binary logarithm of a region's size.
    pub shift: u32,
    /// Whether both pools are mapped as a whole, out of reach, and opened piece by piece. Else address
    /// space is dear (`RLIMIT_AS` counts what is out of reach too): the pools are places that nobody
    /// uses, and mapped piece by piece.
    pub reserved: bool,
}

impl Plan {
    /// The plan for a process that may map `limit` bytes, `usize::MAX` where nothing limits it, and
    /// whose addresses end near `top`.
    #[must_use]
    pub fn for_limit(limit: usize, top: usize) -> Plan {
        if limit >= PLENTY {
            Plan {
                shift: MAX_REGION_SHIFT,
                reserved: true,
            }
        } else {
            Plan::unreserved(top)
        }
    }

    /// What to try when the system refused this plan; `None` when nothing smaller makes sense.
    #[must_use]
    pub fn smaller(self, top: usize) -> Option<Plan> {
        let least = if self.reserved {
            MIN_RESERVED_SHIFT
        } else {
            MIN_REGION_SHIFT
        };
        if self.shift > least {
            return Some(Plan {
                shift: self.shift.saturating_sub(1),
                ..self
            });
        }
        self.reserved.then(|| Plan::unreserved(top))
    }

    /// An eighth of all addresses, or as much as we can use.
    fn unreserved(top: usize) -> Plan {
        let eighth = usize::BITS
            .saturating_sub(top.leading_zeros())
            .saturating_sub(3);
        Plan {
            shift: eighth
                .saturating_sub(REGIONS.trailing_zeros())
                .clamp(MIN_REGION_SHIFT, MAX_REGION_SHIFT),
            reserved: false,
        }
    }

    /// Bytes of the whole pool.
    #[must_use]
    pub fn pool_size(self) -> usize {
        REGIONS << self.shift
    }
}

/// Where to look for a place that nobody uses, when it cannot be reserved: somewhere in the half
/// sixteenth of all addresses from `sixteenths` on. Both pools come to lie below everything that the kernel
/// places by itself: it begins at the top, or, with the old layout, at a third, and a process of
/// which we speak here cannot fill what is between.
#[must_use]
pub fn unreserved_start(top: usize, sixteenths: usize, random: &mut Random) -> usize {
    let part = top / 16;
    let steps = (part / START_STEP / 2).min(u32::MAX as usize) as u32;
    (part.saturating_mul(sixteenths) / START_STEP)
        .saturating_add(random.below(steps.max(1)) as usize)
        .saturating_mul(START_STEP)
}

/// The regions of the data pool in the order in which classes take them: those of the lower half at random, for
/// ordinary classes, then those of the upper half, for sensitive ones.
#[must_use]
pub fn region_order(random: &mut Random) -> [u8; REGIONS] {
    let mut order = [0u8; REGIONS];
    for (number, region) in order.iter_mut().enumerate() {
        *region = number as u8;
    }
    for half in order.chunks_exact_mut(REGIONS / 2) {
        // Fisher and Yates, from the top.
        for last in (1..half.len()).rev() {
            let other = random.below(last.saturating_add(1) as u32) as usize;
            half.swap(last, other);
        }
    }
    order
}

/// The place of a class in [`region_order`].
#[must_use]
pub const fn region_place(class: usize) -> usize {
    if size_class::is_sensitive(class) {
        (REGIONS / 2).wrapping_add(size_class::ordinary(class))
    } else {
        class
    }
}

/// How far into its region a class begins: somewhere in the first quarter.
#[must_use]
pub fn region_start(shift: u32, random: &mut Random) -> usize {
    let steps = (1usize << shift) / START_STEP / 4;
    (random.below(steps as u32) as usize).saturating_mul(START_STEP)
}

/// Room for the metadata pool to lie in, beyond its own size: as much as a region.
#[must_use]
pub const fn metadata_room(shift: u32) -> usize {
    1 << shift
}

/// How far into that room it begins, and how far the stacks of blocks lie from what is mapped next. The kernel
/// puts that, large blocks and stacks of threads, right below the last mapping: a write at a chosen distance
/// from one of them must not know where our books are.
#[must_use]
pub fn metadata_start(shift: u32, random: &mut Random) -> usize {
    let steps = metadata_room(shift) / START_STEP;
    (random.below(steps as u32) as usize).saturating_mul(START_STEP)
}

/// How far into a page a class's states begin, upwards, and its records, downwards: in its middle half, so that one page
/// is enough for a class with few slabs, and at a random line of the cache, else those of all classes were in the
/// same few sets of it.
#[must_use]
pub fn arrays_point(random: &mut Random) -> usize {
    const LINE: usize = 64;
    const SMALLEST_PAGE: usize = 4096;
    let lines = (SMALLEST_PAGE / 2 / LINE) as u32;
    (SMALLEST_PAGE / 4).saturating_add((random.below(lines) as usize).saturating_mul(LINE))
}

/// Bits of entropy of a region's start under `plan`.
#[must_use]
pub fn start_entropy(plan: Plan) -> u32 {
    plan.shift
        .saturating_sub(START_STEP.trailing_zeros())
        .saturating_sub(2)
}

/// Where in the next `every` slabs the guard lies: one in each window, anywhere in it, so that a
/// run of slabs without a guard is shorter than `2 * every`.
#[must_use]
pub fn guard_in_window(every: u32, random: &mut Random) -> u32 {
    random.below(every.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const TOP: usize = (1 << 47) - 0x5000;

    #[test]
    fn plans_shrink_until_nothing_is_left() {
        let mut plan = Plan::for_limit(usize::MAX, TOP);
        assert_eq!(plan.pool_size(), 128 << 36);
        let mut steps = 0;
        while let Some(next) = plan.smaller(TOP) {
            assert!(next.shift < plan.shift || plan.reserved && !next.reserved);
            plan = next;
            steps += 1;
        }
        assert!(steps > 8 && plan.pool_size() == 2 << 30 && !plan.reserved);
    }

    /// A limit counts what is out of reach too: with one, nothing is reserved.
    #[test]
    fn limited_processes_reserve_nothing() {
        for mib in [64usize, 256, 1024, 4 << 20] {
            assert!(!Plan::for_limit(mib << 20, TOP).reserved);
        }
    }

    /// Records of some slabs and states of some hundred slots fit into the point's page, whichever it is.
    #[test]
    fn arrays_begin_on_a_line_in_the_middle_of_a_page() {
        let mut random = Random::from_seed([5; 32]);
        let points: HashSet<usize> = (0..1000).map(|_| arrays_point(&mut random)).collect();
        assert_eq!(points.len(), 32);
        assert!(points
            .iter()
            .all(|point| point % 64 == 0 && (1024..3072).contains(point)));
    }

    /// Places below a third of the addresses, where the kernel begins with the old layout.
    #[test]
    fn unreserved_pools_lie_apart_from_all_else() {
        let mut random = Random::from_seed([5; 32]);
        for bits in [39, 42, 47, 48] {
            let top = (1usize << bits) - 0x2000;
            let plan = Plan::for_limit(1 << 30, top);
            for _ in 0..1000 {
                let data = unreserved_start(top, 2, &mut random);
                assert!(data >= top / 8 - START_STEP && data % START_STEP == 0);
                assert!(data + plan.pool_size() < top / 3, "{bits} bits");
                let metadata = unreserved_start(top, 1, &mut random);
                assert!(metadata >= top / 16 - START_STEP && metadata < top * 3 / 32);
            }
        }
    }

    #[test]
    fn orders_are_permutations_and_differ() {
        let mut random = Random::from_seed([7; 32]);
        let first = region_order(&mut random);
        let second = region_order(&mut random);
        let mut sorted = first;
        sorted[..REGIONS / 2].sort_unstable();
        sorted[REGIONS / 2..].sort_unstable();
        assert!(sorted.iter().enumerate().all(|(i, &r)| i == r as usize));
        assert_ne!(first, second);
    }

    #[test]
    fn starts_lie_in_the_first_quarter() {
        let mut random = Random::from_seed([9; 32]);
        for _ in 0..1000 {
            let start = region_start(36, &mut random);
            assert!(start < 1 << 34 && start % START_STEP == 0);
        }
        assert_eq!(start_entropy(Plan::for_limit(usize::MAX, TOP)), 18);
    }

    /// Each of 16 parts of the room gets its share, of the largest and the smallest room.
    #[test]
    fn metadata_lies_anywhere_in_its_room() {
        let mut random = Random::from_seed([11; 32]);
        for shift in [MIN_RESERVED_SHIFT, MAX_REGION_SHIFT] {
            let mut parts = [0; 16];
            for _ in 0..1600 {
                let start = metadata_start(shift, &mut random);
                assert_eq!(start % START_STEP, 0);
                parts[start / (metadata_room(shift) / 16)] += 1;
            }
            assert!(parts.iter().all(|&n| (50..200).contains(&n)), "{parts:?}");
        }
    }
}
