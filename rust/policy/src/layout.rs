// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where things lie: how large the pools are, which region belongs to which class, where a
//! region begins to be used, and which slabs are guards.
//!
//! An address never changes its class, so a dangling pointer to one class can never come to
//! point at a block of another. What an attacker could learn from one run says nothing of the
//! next: the order of the regions and the start within each are drawn anew.

use crate::random::Random;
use crate::size_class::COUNT;

/// Regions in a spacious pool; more than classes, so that some stay empty between others.
pub const SPACIOUS_REGIONS: usize = 64;

/// The largest region of a spacious pool, as a power of two: 64 GiB of one class.
pub const MAX_REGION_SHIFT: u32 = 36;

/// The smallest region of a spacious pool; below it the frugal plan serves better.
pub const MIN_REGION_SHIFT: u32 = 30;

/// A region of a frugal pool, in bytes: eight of the largest slabs. Those that do not fit whole are
/// not used.
pub const FRUGAL_REGION: usize = 1 << 19;

/// Starts of regions are drawn at this distance; a multiple of every page size.
pub const START_STEP: usize = 1 << 16;

/// How the data pool is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// One region for each class, `1 << shift` bytes: address space is plenty.
    Spacious {
        /// Binary logarithm of the region's size.
        shift: u32,
    },
    /// Many small regions ([`FRUGAL_REGION`]), given to classes as they need them: the process may use no
    /// more than a certain amount of address space (`RLIMIT_AS`, `RLIMIT_DATA`).
    Frugal {
        /// Number of regions.
        regions: usize,
    },
}

impl Plan {
    /// The plan for a process that may map `limit` bytes; `usize::MAX` where nothing limits it.
    #[must_use]
    pub fn for_limit(limit: usize) -> Plan {
        if limit >= 1 << 46 {
            return Plan::Spacious {
                shift: MAX_REGION_SHIFT,
            };
        }
        Plan::frugal(limit)
    }

    /// What to try when the kernel refused this plan; `None` when nothing smaller makes sense.
    #[must_use]
    pub fn smaller(self) -> Option<Plan> {
        match self {
            Plan::Spacious { shift } if shift > MIN_REGION_SHIFT => Some(Plan::Spacious {
                shift: shift.saturating_sub(1),
            }),
            Plan::Spacious { .. } => Some(Plan::frugal(1 << 32)),
            Plan::Frugal { regions } if regions > COUNT => Some(Plan::Frugal {
                regions: (regions / 2).max(COUNT),
            }),
            Plan::Frugal { .. } => None,
        }
    }

    /// Three eighths for small blocks; the rest is for large ones, code and stacks.
    fn frugal(limit: usize) -> Plan {
        let pool = (limit / 8).saturating_mul(3).min(1 << 36);
        Plan::Frugal {
            regions: (pool / FRUGAL_REGION).max(COUNT),
        }
    }

    /// Binary logarithm of a region's size.
    #[must_use]
    pub fn region_shift(self) -> u32 {
        match self {
            Plan::Spacious { shift } => shift,
            Plan::Frugal { .. } => FRUGAL_REGION.trailing_zeros(),
        }
    }

    /// Number of regions.
    #[must_use]
    pub fn regions(self) -> usize {
        match self {
            Plan::Spacious { .. } => SPACIOUS_REGIONS,
            Plan::Frugal { regions } => regions,
        }
    }

    /// Bytes of the whole pool.
    #[must_use]
    pub fn pool_size(self) -> usize {
        self.regions() << self.region_shift()
    }
}

/// The region of each class in a spacious pool: a random choice and order.
#[must_use]
pub fn region_order(random: &mut Random) -> [u8; SPACIOUS_REGIONS] {
    let mut order = [0u8; SPACIOUS_REGIONS];
    for (number, region) in order.iter_mut().enumerate() {
        *region = number as u8;
    }
    // Fisher and Yates, from the top.
    for last in (1..SPACIOUS_REGIONS).rev() {
        let other = random.below(last.saturating_add(1) as u32) as usize;
        order.swap(last, other);
    }
    order
}

/// How far into its region a class begins: somewhere in the first quarter.
#[must_use]
pub fn region_start(shift: u32, random: &mut Random) -> usize {
    let steps = (1usize << shift) / START_STEP / 4;
    (random.below(steps as u32) as usize).saturating_mul(START_STEP)
}

/// Bits of entropy of a region's start under `plan`.
#[must_use]
pub fn start_entropy(plan: Plan) -> u32 {
    match plan {
        Plan::Spacious { shift } => shift
            .saturating_sub(START_STEP.trailing_zeros())
            .saturating_sub(2),
        Plan::Frugal { .. } => 0,
    }
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

    #[test]
    fn plans_shrink_until_nothing_is_left() {
        let mut plan = Plan::for_limit(usize::MAX);
        assert_eq!(plan.pool_size(), 64 << 36);
        let mut size = plan.pool_size();
        let mut steps = 0;
        while let Some(next) = plan.smaller() {
            assert!(next.pool_size() < size, "{next:?}");
            size = next.pool_size();
            plan = next;
            steps += 1;
        }
        assert!(steps > 8 && size <= 24 << 20);
    }

    #[test]
    fn limited_processes_keep_most_of_their_limit() {
        for mib in [64usize, 256, 1024] {
            let plan = Plan::for_limit(mib << 20);
            assert!(plan.pool_size() * 2 < mib << 20);
        }
    }

    #[test]
    fn orders_are_permutations_and_differ() {
        let mut random = Random::from_seed([7; 32]);
        let first = region_order(&mut random);
        let second = region_order(&mut random);
        let mut sorted = first;
        sorted.sort_unstable();
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
        assert_eq!(start_entropy(Plan::Spacious { shift: 36 }), 18);
    }
}
