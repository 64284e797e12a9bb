// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether this program uses all of the large blocks that it asks for.
//!
//! Where it does, huge pages make the first touch of a block several times cheaper, and taking it
//! out of reach and back a hundred times. Where it does not, they would put memory where nothing
//! is: so the first blocks have small pages, of which the kernel can tell which are present, and
//! now and then another one has.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Blocks from this size on teach something.
pub(crate) const LARGE: usize = 1 << 20;
/// So many full ones in a row are believed.
const BELIEVED: u32 = 2;
/// One decision in so many is for small pages, to learn anew.
const PROBE: u32 = 256;

static FULL_IN_A_ROW: AtomicU32 = AtomicU32::new(0);
static DECISIONS: AtomicU32 = AtomicU32::new(0);

/// Whether so much of a block is all of it.
pub(crate) fn is_full(present: usize, of: usize) -> bool {
    present >= of - of / 16
}

/// A block of small pages has ended, with so much of it present.
pub(crate) fn learn(present: usize, of: usize) {
    // Relaxed: an estimate; what one thread's update does to another's does not matter.
    let row = if is_full(present, of) {
        FULL_IN_A_ROW.load(Relaxed).saturating_add(1)
    } else {
        0
    };
    FULL_IN_A_ROW.store(row, Relaxed);
}

/// Whether the next block is to have huge pages.
pub(crate) fn wants_huge() -> bool {
    FULL_IN_A_ROW.load(Relaxed) >= BELIEVED && DECISIONS.fetch_add(1, Relaxed) % PROBE != PROBE - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_pages_may_be_absent_from_a_full_block() {
        assert!(is_full(16, 16) && is_full(15, 16));
        assert!(!is_full(14, 16) && !is_full(0, 16));
    }
}
