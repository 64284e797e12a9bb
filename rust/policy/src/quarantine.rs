// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long a freed slot rests before it may be handed out again.
//!
//! Two stages of equal length. A slot first takes a random place, from which a later slot that
//! draws the same place drives it out; then it waits its turn in a ring. The ring gives every
//! slot a least time, the random places keep an attacker from counting frees until a slot comes
//! back. The stages hold numbers, not memory: what rests is known only out of line.

use core::cell::Cell;

/// Entries are slot numbers plus one; 0 is an empty place.
const EMPTY: u32 = 0;

/// Lets `slot` rest and returns the slot whose rest is over, if the quarantine is full enough.
///
/// `drawn` and `ring` are the two stages, of equal length, a power of two up to 256 and `mask` plus
/// one; `turn` counts the ring's moves, one for each slot that comes; `random` is fresh.
#[inline(always)]
pub fn rest(
    (drawn, ring): (&[Cell<u32>], &[Cell<u32>]),
    mask: u32,
    turn: &Cell<u32>,
    random: u8,
    slot: u32,
) -> Option<u32> {
    let mask = mask as usize;
    let place = drawn.get(usize::from(random) & mask)?;
    let displaced = place.replace(slot.wrapping_add(1));
    let at = turn.get();
    turn.set(at.wrapping_add(1));
    match ring.get(at as usize & mask)?.replace(displaced) {
        EMPTY => None,
        rested => Some(rested.wrapping_sub(1)),
    }
}

/// Takes every slot out, whatever its time.
pub fn drain(places: &[Cell<u32>], mut take: impl FnMut(u32)) {
    for place in places {
        match place.replace(EMPTY) {
            EMPTY => {}
            resting => take(resting.wrapping_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use std::collections::HashSet;

    fn places(half: usize) -> Vec<Cell<u32>> {
        vec![Cell::new(0); 2 * half]
    }

    /// [`super::rest`], in one array for both stages.
    fn rest(places: &[Cell<u32>], turn: &Cell<u32>, random: u8, slot: u32) -> Option<u32> {
        let half = places.len() / 2;
        super::rest(places.split_at(half), half as u32 - 1, turn, random, slot)
    }

    #[test]
    fn every_slot_comes_out_once() {
        for half in [1, 2, 16, 256] {
            let (ring, turn) = (places(half), Cell::new(0));
            let mut random = Random::from_seed([4; 32]);
            let mut out = HashSet::new();
            for slot in 0..10_000 {
                if let Some(rested) = rest(&ring, &turn, random.byte(), slot) {
                    assert!(rested < slot && out.insert(rested));
                }
            }
            drain(&ring, |slot| assert!(out.insert(slot)));
            assert_eq!(out.len(), 10_000);
        }
    }

    #[test]
    fn a_slot_rests_at_least_as_long_as_the_ring() {
        let half = 64;
        let (ring, turn) = (places(half), Cell::new(0));
        let mut random = Random::from_seed([5; 32]);
        for slot in 0..5_000u32 {
            if let Some(rested) = rest(&ring, &turn, random.byte(), slot) {
                assert!(slot - rested >= half as u32);
            }
        }
    }
}
