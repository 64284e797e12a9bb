// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stacks, each kept once: a call's record names it by number.
//!
//! The depot is a table of hashes and a store behind it that only grows; a number is a place in the store. It
//! is written without a lock: whoever loses the race for a place in the table has wasted some words. Like the
//! recorders it reads as zero in a forked child, which begins its own.

use core::mem::size_of;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use secmalloc_unwind::{module_of, Entry, Registers, Stack, Walker};

use crate::sys::{self, Access};

/// Frames of a stack that are kept, our own included.
pub(crate) const DEEPEST: usize = 48;

/// Places in the table, and words in the store: a program has some thousand different stacks, and this has
/// room for a million.
const PLACES: usize = 1 << 21;
const WORDS: usize = 1 << 25;
/// Rules that the walker remembers.
const RULES: usize = 1 << 14;

/// What is kept. All zero is nothing.
#[repr(C)]
pub(super) struct Depot {
    /// Words of the store in use.
    used: AtomicUsize,
    rules: [Entry; RULES],
    /// Upper half: of the stack's hash; lower half: its number. 0 is none.
    places: [AtomicU64; PLACES],
    /// A stack is its length, then its frames. The first word is not used: no stack has the number 0.
    words: [AtomicU64; WORDS],
}

impl Depot {
    /// Reserves memory for one.
    pub(super) fn map() -> Option<usize> {
        let size = size_of::<Depot>().next_multiple_of(64 << 10);
        let at = sys::map(size, Access::Write)?;
        // SAFETY: just mapped.
        unsafe {
            sys::small_pages_only(at, size);
            sys::leave_out_of_cores(at, size);
            if !sys::files::wipe_on_fork(at, size) {
                sys::unmap(at, size);
                return None;
            }
        }
        Some(at)
    }

    /// The frames of the calling thread's stack, from `from` on, without our own, as addresses in the calls
    /// that are under way. `stack` is what is known
    /// of where it lies.
    pub(super) fn walk<'a>(
        &self,
        from: Registers,
        stack: &Stack,
        frames: &'a mut [usize; DEEPEST],
    ) -> &'a [usize] {
        let walker = Walker::new(&self.rules, sys::files::is_readable).in_thread(stack);
        without_ours(walker, from, frames)
    }

    /// The number of a stack, and whether it is new; 0 where there is no more room.
    pub(super) fn number(&self, frames: &[usize]) -> (u64, bool) {
        let hash = hash(frames);
        for step in 0..64 {
            let place = &self.places[(hash as usize).wrapping_add(step) % PLACES];
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

    fn store(&self, frames: &[usize]) -> Option<u64> {
        let length = frames.len() + 1;
        // Relaxed: whose words they are is all that it says.
        let at = self.used.fetch_add(length, Ordering::Relaxed) + 1;
        let room = self.words.get(at..at + length)?;
        let (first, rest) = room.split_first()?;
        first.store(frames.len() as u64, Ordering::Relaxed);
        for (to, &frame) in rest.iter().zip(frames) {
            to.store(frame as u64, Ordering::Relaxed);
        }
        Some(at as u64)
    }

    fn is(&self, at: usize, frames: &[usize]) -> bool {
        let Some((first, rest)) = self.words.get(at..).and_then(<[_]>::split_first) else {
            return false;
        };
        first.load(Ordering::Relaxed) == frames.len() as u64
            && rest
                .iter()
                .zip(frames)
                .all(|(word, &frame)| word.load(Ordering::Relaxed) == frame as u64)
    }
}

/// Frames by a walk of [`DEEPEST`] at most, less those of this library: where it is one, not a part of the
/// program.
fn without_ours<'a>(
    walker: Walker<'_>,
    from: Registers,
    frames: &'a mut [usize; DEEPEST],
) -> &'a [usize] {
    let count = walker.walk(from, frames);
    // What stands on the stack is behind the call, which may be another line, or another function.
    frames
        .iter_mut()
        .skip(1)
        .for_each(|frame| *frame = frame.wrapping_sub(1));
    let all = frames.get(..count).unwrap_or(&[]);
    let Some(own) = module_of(from.pc) else {
        return all;
    };
    let is_program = own.name.is_null() || {
        // SAFETY: the loader's name for a module that is loaded: this one.
        unsafe { own.name.read() == 0 }
    };
    let ours = |&frame: &usize| (own.start..own.end).contains(&frame);
    let kept = if is_program {
        0
    } else {
        all.iter().position(|frame| !ours(frame)).unwrap_or(0)
    };
    all.get(kept..).unwrap_or(&[])
}

/// The stack of a thread that found a fault: no memory is kept for it.
pub(crate) fn walk_here(from: Registers, frames: &mut [usize; DEEPEST]) -> &[usize] {
    without_ours(Walker::new(&[], sys::files::is_readable), from, frames)
}

fn hash(frames: &[usize]) -> u64 {
    frames.iter().fold(frames.len() as u64, |sum, &frame| {
        (sum.rotate_left(23) ^ frame as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stacks_have_one_number_and_others_another() {
        let at = Depot::map().unwrap();
        // SAFETY: just mapped for it; zero is a valid `Depot`.
        let depot = unsafe { sys::pointer::<Depot>(at).as_ref() };
        let (first, new) = depot.number(&[1, 2, 3]);
        assert!(first != 0 && new);
        assert_eq!(depot.number(&[1, 2, 3]), (first, false));
        for other in [&[1, 2][..], &[1, 2, 3, 4], &[3, 2, 1], &[]] {
            let (number, new) = depot.number(other);
            assert!(new && number != first);
            assert_eq!(depot.number(other), (number, false));
        }
        // SAFETY: nothing refers to it any more.
        assert!(unsafe { sys::unmap(at, size_of::<Depot>()) });
    }
}
