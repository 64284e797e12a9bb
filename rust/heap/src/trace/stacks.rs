// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stacks, each kept once: whoever has to remember one remembers its number.
//!
//! The depot is a table of hashes and a store behind it that only grows; a number is a place in the store. It
//! is written without a lock: whoever loses the race for a place in the table has wasted some words. A frame is
//! a [`Point`]: with the mark of its module, so that what was loaded at the same addresses later has stacks of
//! its own.

use core::mem::size_of;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use secmalloc_unwind::{module_of, Entry, Point, Registers, Stack, Walker};

use crate::life;
use crate::sys;

/// Frames of a stack that are kept, our own included.
pub(crate) const DEEPEST: usize = 48;

/// Room for a stack.
pub(crate) type Frames = [Point; DEEPEST];

/// How much a depot holds. All are powers of two.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    /// Rules that the walker remembers.
    pub(crate) rules: usize,
    /// Places in the table.
    pub(crate) places: usize,
    /// Words in the store.
    pub(crate) words: usize,
}

impl Room {
    /// Bytes of memory for it.
    pub(crate) const fn bytes(self) -> usize {
        FIRST + self.rules * size_of::<Entry>() + (self.places + self.words) * size_of::<u64>()
    }
}

/// The first word counts; the rest of its line is not used.
const FIRST: usize = 64;

/// What is kept. Zeroed memory is nothing.
#[derive(Clone, Copy)]
pub(crate) struct Depot {
    /// Words of the store in use.
    used: &'static AtomicUsize,
    rules: &'static [Entry],
    /// Upper half: of the stack's hash; lower half: its number. 0 is none.
    places: &'static [AtomicU64],
    /// A stack is its length, then its frames. The first word is not used: no stack has the number 0.
    words: &'static [AtomicU64],
}

impl Depot {
    /// The depot at an address.
    ///
    /// # Safety
    /// - There are [`Room::bytes`] of memory, aligned to 64, that was zero at first and that nothing but a
    ///   depot of the same room uses for as long as this is in use.
    #[inline]
    pub(crate) unsafe fn at(at: usize, room: Room) -> Depot {
        let rules = at + FIRST;
        let places = rules + room.rules * size_of::<Entry>();
        let words = places + room.places * size_of::<u64>();
        // SAFETY: the caller's promise; all that is in it is atomic, and valid if zero.
        unsafe {
            Depot {
                used: sys::pointer::<AtomicUsize>(at).as_ref(),
                rules: core::slice::from_raw_parts(sys::pointer(rules).as_ptr(), room.rules),
                places: core::slice::from_raw_parts(sys::pointer(places).as_ptr(), room.places),
                words: core::slice::from_raw_parts(sys::pointer(words).as_ptr(), room.words),
            }
        }
    }

    /// The frames of the calling thread's stack, from `from` on, without our own, as addresses in the calls
    /// that are under way. `stack` is what is known of where it lies.
    pub(crate) fn walk<'a>(
        &self,
        from: Registers,
        stack: &Stack,
        frames: &'a mut Frames,
    ) -> &'a [Point] {
        if !life::has_begun() {
            return &[];
        }
        let walker = Walker::new(self.rules, sys::files::is_readable).in_thread(stack);
        let count = walker.walk_points(from, frames);
        without_ours(from, frames, count)
    }

    /// The number of a stack, and whether it is new; 0 where there is no more room.
    pub(crate) fn number(&self, frames: &[Point]) -> (u64, bool) {
        let hash = hash(frames);
        for step in 0..64 {
            let at = (hash as usize).wrapping_add(step) & self.places.len().wrapping_sub(1);
            let Some(place) = self.places.get(at) else {
                break;
            };
            // Acquire: the words were written before the place named them.
            let mut known = place.load(Ordering::Acquire);
            if known == 0 {
                let Some(number) = self.store(frames) else {
                    return (0, false);
                };
                let new = hash >> 32 << 32 | number;
                // Release: see above.
                match place.compare_exchange(0, new, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => return (number, true),
                    Err(other) => known = other,
                }
            }
            let number = known & u64::from(u32::MAX);
            if known >> 32 == hash >> 32 && self.is(number as usize, frames) {
                return (number, false);
            }
        }
        (0, false)
    }

    /// The frames of a stack.
    pub(crate) fn frames<'a>(&self, number: u32, frames: &'a mut Frames) -> &'a [Point] {
        let Some((first, rest)) = self.stack(number as usize) else {
            return &[];
        };
        let mut count = 0;
        for (to, from) in frames.iter_mut().zip(rest).take(first) {
            *to = Point::from_bits(from.load(Ordering::Relaxed));
            count += 1;
        }
        frames.get(..count).unwrap_or(&[])
    }

    fn store(&self, frames: &[Point]) -> Option<u64> {
        let length = frames.len() + 1;
        // A full one stays as it is: the sum must not come round.
        if self.used.load(Ordering::Relaxed) + length >= self.words.len() {
            return None;
        }
        // Relaxed: whose words they are is all that it says.
        let at = self.used.fetch_add(length, Ordering::Relaxed) + 1;
        let room = self.words.get(at..at + length)?;
        let (first, rest) = room.split_first()?;
        first.store(frames.len() as u64, Ordering::Relaxed);
        for (to, frame) in rest.iter().zip(frames) {
            to.store(frame.bits(), Ordering::Relaxed);
        }
        Some(at as u64)
    }

    /// The length of a stack, and the words that begin with its frames.
    #[inline]
    fn stack(&self, at: usize) -> Option<(usize, &'static [AtomicU64])> {
        if at == 0 {
            return None;
        }
        let (first, rest) = self.words.get(at..)?.split_first()?;
        Some((first.load(Ordering::Relaxed) as usize, rest))
    }

    fn is(&self, at: usize, frames: &[Point]) -> bool {
        let Some((length, rest)) = self.stack(at) else {
            return false;
        };
        length == frames.len()
            && rest
                .iter()
                .zip(frames)
                .all(|(word, frame)| word.load(Ordering::Relaxed) == frame.bits())
    }
}

/// The frames that a walk found, less those of this library: where it is one, not a part of the program.
pub(super) fn without_ours(from: Registers, frames: &mut Frames, count: usize) -> &[Point] {
    // What stands on the stack is behind the call, which may be another line, or another function.
    frames
        .iter_mut()
        .take(count)
        .skip(1)
        .for_each(|frame| *frame = frame.before());
    let all = frames.get(..count).unwrap_or(&[]);
    let (start, end) = own_range(from.pc);
    let ours = |frame: &Point| (start..end).contains(&frame.address());
    let kept = all.iter().position(|frame| !ours(frame)).unwrap_or(0);
    all.get(kept..).unwrap_or(&[])
}

/// Where this library lies, which it does as long as the process runs: an empty range where it is part of the
/// program. `pc` is in it.
pub(super) fn own_range(pc: usize) -> (usize, usize) {
    static START: AtomicUsize = AtomicUsize::new(0);
    static END: AtomicUsize = AtomicUsize::new(0);
    // Acquire: the start was written before the end.
    let end = END.load(Ordering::Acquire);
    if end != 0 {
        return (START.load(Ordering::Relaxed), end);
    }
    let range = match module_of(pc) {
        Some(own) => {
            let is_program = own.name.is_null() || {
                // SAFETY: the loader's name for a module that is loaded: this one.
                unsafe { own.name.read() == 0 }
            };
            (if is_program { own.end } else { own.start }, own.end)
        }
        None => (1, 1),
    };
    START.store(range.0, Ordering::Relaxed);
    END.store(range.1, Ordering::Release);
    range
}

/// The stack of a thread that found a fault: no memory is kept for it.
pub(crate) fn walk_here(from: Registers, frames: &mut Frames) -> &[Point] {
    if !life::has_begun() {
        return &[];
    }
    let count = Walker::new(&[], sys::files::is_readable).walk_points(from, frames);
    without_ours(from, frames, count)
}

/// Four sums side by side: each step waits for its own last one alone.
fn hash(frames: &[Point]) -> u64 {
    const MANY: u64 = 0x9e37_79b9_7f4a_7c15;
    let add = |sum: u64, word: u64| (sum.rotate_left(23) ^ word).wrapping_mul(MANY);
    let mut sums = [frames.len() as u64, 1, 2, 3];
    for four in frames.chunks(sums.len()) {
        for (sum, frame) in sums.iter_mut().zip(four) {
            *sum = add(*sum, frame.bits());
        }
    }
    sums.into_iter().fold(0, add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Access;

    const SMALL: Room = Room {
        rules: 16,
        places: 64,
        words: 32,
    };

    fn with(work: impl FnOnce(Depot)) {
        let at = sys::map(SMALL.bytes(), Access::Write).unwrap();
        // SAFETY: just mapped for it.
        work(unsafe { Depot::at(at, SMALL) });
        // SAFETY: nothing refers to it any more.
        assert!(unsafe { sys::unmap(at, SMALL.bytes()) });
    }

    fn points<const N: usize>(bits: [u64; N]) -> [Point; N] {
        bits.map(Point::from_bits)
    }

    #[test]
    fn equal_stacks_have_one_number_and_others_another() {
        with(|depot| {
            let (first, new) = depot.number(&points([1, 2, 3]));
            assert!(first != 0 && new);
            assert_eq!(depot.number(&points([1, 2, 3])), (first, false));
            // The same addresses in another module.
            let elsewhere = points([1, 2 | 7 << 48, 3]);
            for other in [&points([1, 2])[..], &points([1, 2, 3, 4]), &elsewhere, &[]] {
                let (number, new) = depot.number(other);
                assert!(new && number != first);
                assert_eq!(depot.number(other), (number, false));
                let mut room = [Point::default(); DEEPEST];
                assert_eq!(depot.frames(number as u32, &mut room), other);
            }
        });
    }

    #[test]
    fn a_full_depot_says_so_and_keeps_what_it_has() {
        with(|depot| {
            let (first, _) = depot.number(&points([1; 20]));
            assert_eq!(depot.number(&points([2; 20])), (0, false));
            assert_eq!(depot.number(&points([1; 20])), (first, false));
            let mut room = [Point::default(); DEEPEST];
            assert!(depot.frames(0, &mut room).is_empty());
        });
    }
}
