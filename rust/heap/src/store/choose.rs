// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which free slots of a slab a thread gets: chance decides, within a window that moves through it.

#[cfg(test)]
#[path = "choose_tests.rs"]
mod tests;

use core::cell::Cell;

use secmalloc_policy::options::MAX_WINDOW;
use secmalloc_policy::random::{Random, MOST_BYTES};
use secmalloc_policy::size_class::MAX_BATCH;

use crate::pool::fixed;
use crate::protections;
use crate::slab::{ClassMap, Record};

/// Slots that are looked at for one draw.
const LOOKED_AT: usize = MAX_BATCH + MAX_WINDOW as usize;

/// Chooses where in a slab drawing begins.
pub(super) fn begin_anywhere(map: &ClassMap, slab: u32, random: &mut Random) {
    let start = if protections::RANDOM {
        (u32::from(random.byte()) * map.slots()) >> 8
    } else {
        0
    };
    map.record(slab).start.set(start);
}

/// Takes up to `out.len()` free slots out of a slab, into the last places of `out`, the first that was
/// drawn last of all: how many. Each is a random one of the next few free slots on the way round the slab
/// (option `window`), so that drawing moves through it slowly and what is allocated together lies together;
/// see "entropy" in ARCHITECTURE.md.
pub(super) fn take_random(
    map: &ClassMap,
    slab: u32,
    random: &mut Random,
    out: &[Cell<u32>],
) -> usize {
    let record = map.record(slab);
    let mut places = [0u8; LOOKED_AT];
    let (wanted, window) = (out.len().min(MAX_BATCH), fixed().window);
    let free = free_places(record, &mut places[..wanted + window - 1]);
    let taken = free.min(wanted);
    let (mut width, mut next) = (free.min(window), window);
    let mut left = [0, 1, 2, 3].map(|word: usize| record.free[word].get());
    let first = map.index(slab, 0);
    const { assert!(MAX_BATCH <= MOST_BYTES) };
    for (to, &byte) in out.iter().rev().zip(random.bytes(taken)) {
        let chosen = (usize::from(byte) * width) >> 8;
        let place = places[chosen];
        places[chosen] = if next < free {
            next += 1;
            places[next - 1]
        } else {
            width -= 1;
            places[width]
        };
        left[usize::from(place) / 64] &= !(1 << (place % 64));
        to.set(first | u32::from(place));
    }
    for (word, left) in record.free.iter().zip(left) {
        word.set(left);
    }
    record
        .free_count
        .set(record.free_count.get() - taken as u32);
    taken
}

/// Lists free places of a slab, from where drawing began and once round: how many.
fn free_places(record: &Record, places: &mut [u8]) -> usize {
    let start = record.start.get();
    let from_start = u64::MAX << (start % 64);
    let mut found = 0;
    for turn in 0..=record.free.len() {
        let word = (start as usize / 64 + turn) % record.free.len();
        let mut bits = record.free[word].get();
        if turn == 0 {
            bits &= from_start;
        } else if turn == record.free.len() {
            bits &= !from_start;
        }
        while bits != 0 {
            let Some(place) = places.get_mut(found) else {
                return found;
            };
            *place = (word * 64) as u8 + bits.trailing_zeros() as u8;
            bits &= bits - 1;
            found += 1;
        }
    }
    found
}
