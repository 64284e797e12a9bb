// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fingerprints of what is watched, in the metadata pool, which is left out of core files. Their keys are among what
//! is fixed at start, and read-only: neither says anything without the other.
//!
//! There is no lock: a block is looked at in any thread, also where that one has locks, and a fork finds every
//! entry whole. An entry's state says whose it is, and, by a number that goes up with each use, whether what was read
//! of it belongs together.

use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{fence, AtomicU16, AtomicU32, AtomicU64};

use secmalloc_policy::residue::{Book, Fingerprint, PLACES, WINDOWS};

/// Secrets that can be watched at a time.
const MOST: usize = 64;

/// States of an entry, in its two lowest bits.
const FREE: u32 = 0;
/// Somebody writes it. In a child that was forked in the middle of that it stays so, and is lost.
const BUSY: u32 = 1;
const WATCHED: u32 = 2;
const STATE: u32 = 3;

/// Words of a fingerprint as it is kept.
const WORDS: usize = 2 + WINDOWS / 2 + WINDOWS / 4;

struct Entry {
    state: AtomicU32,
    words: [AtomicU64; WORDS],
}

/// All zero is a book of nothing.
#[repr(C)]
pub(crate) struct Watches {
    count: AtomicU32,
    /// How many secrets have 1, 2, 4, 8 windows.
    by_windows: [AtomicU32; WINDOWS.ilog2() as usize + 1],
    entries: [Entry; MOST],
    /// How many windows fall into each place.
    filter: [AtomicU16; PLACES],
}

fn pack(print: &Fingerprint) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    let sizes = u64::from(print.length) | u64::from(print.anchor) << 16;
    words[0] = sizes | u64::from(print.windows) << 32;
    words[1] = print.seal;
    let (tags, places) = words[2..].split_at_mut(WINDOWS / 2);
    for (to, pair) in tags.iter_mut().zip(print.tags.chunks_exact(2)) {
        *to = u64::from(pair[0]) | u64::from(pair[1]) << 32;
    }
    for (to, four) in places.iter_mut().zip(print.places.chunks_exact(4)) {
        *to = four
            .iter()
            .rev()
            .fold(0, |word, &place| word << 16 | u64::from(place));
    }
    words
}

fn unpack(words: &[u64; WORDS]) -> Fingerprint {
    let mut print = Fingerprint {
        length: words[0] as u32 & 0xffff,
        anchor: (words[0] >> 16) as u32 & 0xffff,
        windows: (words[0] >> 32) as u32,
        seal: words[1],
        ..Fingerprint::default()
    };
    let (tags, places) = words[2..].split_at(WINDOWS / 2);
    for (pair, &from) in print.tags.chunks_exact_mut(2).zip(tags) {
        pair.copy_from_slice(&[from as u32, (from >> 32) as u32]);
    }
    for (four, &from) in print.places.chunks_exact_mut(4).zip(places) {
        for (at, to) in four.iter_mut().enumerate() {
            *to = (from >> (16 * at)) as u16;
        }
    }
    print
}

impl Entry {
    /// Takes the entry, if it is in this state; the number that its state has then.
    fn take(&self, from: u32) -> Option<u32> {
        let was = self.state.load(Relaxed);
        if was & STATE != from {
            return None;
        }
        let busy = (was & !STATE).wrapping_add(STATE + 1) | BUSY;
        // Acquire: what the last one wrote comes before. Release: of who reads meanwhile, see `read`.
        let taken = self.state.compare_exchange(was, busy, AcqRel, Relaxed);
        fence(Release);
        taken.is_ok().then_some(busy)
    }

    /// Lets go of an entry that was taken.
    fn give(&self, busy: u32, to: u32) {
        self.state.store(busy & !STATE | to, Release);
    }

    fn read(&self) -> Option<Fingerprint> {
        let before = self.state.load(Acquire);
        if before & STATE != WATCHED {
            return None;
        }
        let words = core::array::from_fn(|at| self.words[at].load(Relaxed));
        // What was read is older than the second look at the state.
        fence(Acquire);
        (self.state.load(Relaxed) == before).then(|| unpack(&words))
    }
}

impl Watches {
    /// Whether anything is watched.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        // Relaxed: who frees a block that holds a secret had it from who watched it, or does so at the same time.
        self.count.load(Relaxed) > 0
    }

    /// Writes a fingerprint down. `false` where there is no room.
    pub(super) fn add(&self, print: &Fingerprint) -> bool {
        let Some((entry, busy)) = self.entries.iter().find_map(|e| Some((e, e.take(FREE)?))) else {
            return false;
        };
        for (to, word) in entry.words.iter().zip(pack(print)) {
            to.store(word, Relaxed);
        }
        for place in print.places() {
            self.filter[place].fetch_add(1, Relaxed);
        }
        self.by_windows[print.windows.ilog2() as usize].fetch_add(1, Relaxed);
        // Release: who sees that something is watched finds it.
        entry.give(busy, WATCHED);
        self.count.fetch_add(1, Release);
        true
    }

    /// Strikes a fingerprint out, once. `false` if it is not there.
    pub(super) fn remove(&self, print: &Fingerprint) -> bool {
        let is_there = |entry: &&Entry| entry.read().is_some_and(|known| known == *print);
        // Another thread may be faster.
        let taken = self.entries.iter().filter(is_there);
        let Some((entry, busy)) = taken.filter_map(|e| Some((e, e.take(WATCHED)?))).next() else {
            return false;
        };
        self.count.fetch_sub(1, Release);
        self.by_windows[print.windows.ilog2() as usize].fetch_sub(1, Relaxed);
        for place in print.places() {
            self.filter[place].fetch_sub(1, Relaxed);
        }
        entry.words.iter().for_each(|word| word.store(0, Relaxed));
        entry.give(busy, FREE);
        true
    }
}

impl Book for &'static Watches {
    #[inline]
    fn step(&self) -> Option<usize> {
        let fewest = self.by_windows.iter().position(|n| n.load(Relaxed) > 0)?;
        Some(1 << fewest)
    }

    #[inline(always)]
    fn may_have(&self, place: usize) -> bool {
        self.filter
            .get(place)
            .is_some_and(|count| count.load(Relaxed) > 0)
    }

    fn any(&self, with: &mut dyn FnMut(&Fingerprint) -> bool) -> bool {
        self.entries
            .iter()
            .filter_map(Entry::read)
            .any(|print| with(&print))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secmalloc_policy::random::Random;
    use secmalloc_policy::residue::Key;

    fn empty() -> &'static Watches {
        // SAFETY: all zero is a book of nothing.
        Box::leak(Box::new(unsafe { core::mem::zeroed() }))
    }

    #[test]
    fn what_is_written_down_is_read_again() {
        let (key, book) = (Key::new(&mut Random::from_seed([3; 32])), empty());
        assert!(!book.any() && book.step().is_none());
        let print = |text: &[u8]| Fingerprint::of(&key, text).unwrap();
        let texts: [&[u8]; 3] = [b"a secret of many bytes", b"eightbyt", b"eleven.byte"];
        for (number, text) in texts.iter().enumerate() {
            assert!(book.add(&print(text)));
            assert_eq!(book.entries[number].read(), Some(print(text)));
            assert!(print(text).places().all(|place| book.may_have(place)));
        }
        assert_eq!(book.step(), Some(1));
        assert!(book.remove(&print(texts[1])) && !book.remove(&print(texts[1])));
        assert_eq!(book.step(), Some(4));
        assert!(book.remove(&print(texts[0])) && book.remove(&print(texts[2])));
        assert!(!book.any() && book.step().is_none());
        assert!(book.filter.iter().all(|count| count.load(Relaxed) == 0));
    }

    #[test]
    fn a_full_book_says_so_and_has_room_again() {
        let (key, book) = (Key::new(&mut Random::from_seed([3; 32])), empty());
        // All windows alike: each counts in its place.
        let print = Fingerprint::of(&key, &b"abababababababab"[..]).unwrap();
        assert!((0..MOST).all(|_| book.add(&print)));
        assert!(!book.add(&print));
        assert!(book.remove(&print) && book.add(&print));
        assert!((0..MOST).all(|_| book.remove(&print)) && !book.remove(&print));
        assert!(book.filter.iter().all(|count| count.load(Relaxed) == 0));
    }
}
