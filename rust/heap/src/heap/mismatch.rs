// SPDX-License-Identifier: MIT OR Apache-2.0
//! A block that is freed by a function of another family than made it.
//!
//! Much software does it, and here it breaks nothing: all families are one heap. So it is said, once
//! for each place in the program, and the block is freed. `strict` stops.

use core::sync::atomic::{AtomicUsize, Ordering};

use secmalloc_policy::fault::{Block, Fault, Operation};
use secmalloc_policy::slot_state::Kind;

use super::Claim;
use crate::die;

/// Places that are remembered. What comes after so many is not said any more: whoever has not read
/// the first messages will not read these.
const PLACES: usize = 64;

/// The places of which it was said: a caller, and which family met which. 0 is none.
static SAID: [AtomicUsize; PLACES] = [const { AtomicUsize::new(0) }; PLACES];

/// Whether a block made by `made` may be freed as one of `asked`, where anything is asked.
pub(super) fn check(
    asked: Option<Kind>,
    made: Option<Kind>,
    claim: Claim,
    size: usize,
    block: impl FnOnce() -> Block,
) -> Result<(), Fault> {
    match (asked, made) {
        (Some(asked), Some(made)) if asked != made => Err(Fault::AllocDeallocMismatch {
            block: block(),
            given: claim.size.filter(|&claimed| claimed != size),
            caller: 0,
        }),
        _ => Ok(()),
    }
}

/// Says it, if it was not said of this place before, or stops.
pub(super) fn found(fault: &Fault, operation: Operation, caller: usize) {
    let Fault::AllocDeallocMismatch { block, given, .. } = *fault else {
        return;
    };
    let made = block.kind.map_or(0, |kind| kind as usize);
    // Kinds are 5 to 7, and addresses leave more than four bits free at the top.
    let place = caller << 4 | (made & 3) << 2 | operation.family() as usize & 3;
    if is_first(&SAID, place + 1) {
        die::found(
            &Fault::AllocDeallocMismatch {
                block,
                given,
                caller,
            },
            operation,
        );
    }
}

/// Whether a place was not in the table, and is now. Places are never taken out, so a search ends at
/// the first free entry, and two threads that meet there agree on who was first.
fn is_first(said: &[AtomicUsize], place: usize) -> bool {
    for entry in said {
        match entry.compare_exchange(0, place, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(there) if there == place => return false,
            Err(_) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_first_once() {
        let said = [const { AtomicUsize::new(0) }; 3];
        let answers = [7, 8, 7, 8, 9, 9, 10].map(|place| is_first(&said, place));
        // The table is full when 10 comes.
        assert_eq!(answers, [true, true, false, false, true, false, false]);
    }
}
