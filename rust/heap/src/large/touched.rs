// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether this program uses all of the large blocks that it asks for.
//!
//! Where it does, huge pages make the first touch of a block several times cheaper, and taking it
//! out of reach and back a hundred times. Where it does not, they would put memory where nothing
//! is: so the first blocks have small pages, of which the kernel can tell which are present, and
//! now and then another one has. What is learnt of some sizes says nothing of others: the same program may
//! fill its arrays of a MiB, and take 8 MiB for a pool of which it uses little.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Blocks from this size on teach something.
pub(crate) const LARGE: usize = 1 << 20;
/// So many full ones in a row are believed.
const BELIEVED: u32 = 2;
/// One decision in so many is for small pages, to learn anew.
const PROBE: u32 = 256;

/// By the power of two in which the size lies, from [`LARGE`] on; the last stands for all above.
const SIZES: usize = 12;
static FULL_IN_A_ROW: [AtomicU32; SIZES] = [const { AtomicU32::new(0) }; SIZES];
static DECISIONS: AtomicU32 = AtomicU32::new(0);

fn row(size: usize) -> &'static AtomicU32 {
    let above = (size / LARGE).max(1).ilog2() as usize;
    &FULL_IN_A_ROW[above.min(SIZES - 1)]
}

/// Whether so much of a block is all of it.
pub(crate) fn is_full(present: usize, of: usize) -> bool {
    present >= of - of / 16
}

/// A block has ended, with so much of it present. Huge pages are there as a whole: of them only what is absent
/// says something.
pub(crate) fn learn(present: usize, of: usize, huge: bool) {
    let row = row(of);
    // Relaxed: an estimate; what one thread's update does to another's does not matter.
    if !is_full(present, of) {
        row.store(0, Relaxed);
    } else if !huge {
        row.store(row.load(Relaxed).saturating_add(1), Relaxed);
    }
}

/// Whether the next block of this size is to have huge pages.
pub(crate) fn wants_huge(size: usize) -> bool {
    row(size).load(Relaxed) >= BELIEVED && DECISIONS.fetch_add(1, Relaxed) % PROBE != PROBE - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_pages_may_be_absent_from_a_full_block() {
        assert!(is_full(16, 16) && is_full(15, 16));
        assert!(!is_full(14, 16) && !is_full(0, 16));
    }

    #[test]
    fn each_power_of_two_is_learnt_for_itself() {
        let (small, large) = (700 * LARGE, 1400 * LARGE);
        learn(small, small, false);
        assert!(!wants_huge(small));
        learn(small, small, false);
        assert!(wants_huge(small) && wants_huge(small + LARGE) && !wants_huge(large));
        // Huge pages that are there prove nothing, those that are not do.
        learn(large, large, true);
        learn(large, large, true);
        assert!(!wants_huge(large));
        learn(small / 2, small, true);
        assert!(!wants_huge(small));
    }
}
