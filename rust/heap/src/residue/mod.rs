// SPDX-License-Identifier: MIT OR Apache-2.0
//! Residues: secrets that a program has watched, and left where they are not in its hands any more.
//!
//! A secret is known by its fingerprint alone (`policy::residue`). While anything is watched, `pool` says of each
//! ordinary class that nothing of it is within reach of the short ways, so that every free and every change of size
//! comes the long way, and here, before the block is wiped. While nothing is, no way is an instruction longer for it.
//!
//! A sensitive block is no residue, whatever is in it: it is wiped as it ends, and protected until then.

mod book;
mod look;

use core::ptr::NonNull;

use secmalloc_policy::fault::{Block, Fault, Operation, Residue};
use secmalloc_policy::residue::{self, Fingerprint, Found, Text};
use secmalloc_policy::size_class;

use crate::die;
use crate::pool::{self, fixed, shared};
use crate::slab::Slot;
use crate::sys;
use crate::thread;
pub(crate) use book::Watches;
pub use look::{check, Request, Residues};

/// What became of a request to watch a secret, or not to watch it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// Done.
    Done,
    /// It is none that can be watched, or that is watched.
    NotASecret,
    /// There is no room, or no heap, or this is a signal handler that interrupted the heap.
    Unavailable,
}

/// So many bytes of anybody's memory.
struct Bytes {
    at: usize,
    length: usize,
}

/// Eight bytes anywhere.
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Unaligned(u64);

impl Bytes {
    /// # Safety
    /// - So many bytes can be read there, as long as this lives.
    unsafe fn new(at: usize, length: usize) -> Bytes {
        Bytes { at, length }
    }
}

impl Text for Bytes {
    fn length(&self) -> usize {
        self.length
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u64 {
        debug_assert!(at + 8 <= self.length);
        // SAFETY: within the bytes, by what `Text` demands. Volatile: the program may be writing there, in another
        // thread, or in a block that it has given up; any value will do then.
        let word = unsafe {
            sys::pointer::<Unaligned>(self.at + at)
                .as_ptr()
                .read_volatile()
        };
        u64::from_le(word.0)
    }
}

/// Whether anything is watched.
#[inline]
pub(crate) fn is_watching() -> bool {
    shared().residue.any()
}

/// The first secret among these bytes of which at least one byte lies behind the first `before`.
///
/// # Safety
/// - So many bytes can be read there.
unsafe fn find(at: usize, length: usize, before: usize) -> Option<Found> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { Bytes::new(at, length) };
    residue::find(&fixed().residue_key, &bytes, &&shared().residue, before)
}

/// Watches a secret from now on.
///
/// # Safety
/// - So many bytes can be read there, and nobody changes them meanwhile.
#[must_use]
pub unsafe fn watch(secret: NonNull<u8>, length: usize) -> Watched {
    // SAFETY: the caller's promise.
    unsafe { change(secret, length, Watches::add, Watched::Unavailable) }
}

/// Does not watch it any more. What was watched twice stays watched.
///
/// # Safety
/// - As [`watch`].
#[must_use]
pub unsafe fn unwatch(secret: NonNull<u8>, length: usize) -> Watched {
    // SAFETY: the caller's promise.
    unsafe { change(secret, length, Watches::remove, Watched::NotASecret) }
}

/// # Safety
/// - As [`watch`].
unsafe fn change(
    secret: NonNull<u8>,
    length: usize,
    how: impl FnOnce(&Watches, &Fingerprint) -> bool,
    otherwise: Watched,
) -> Watched {
    if length > residue::LONGEST {
        return Watched::NotASecret;
    }
    if thread::with_heap(|_| ()).is_none() || sys::is_forking() || thread::is_inside_a_change() {
        return Watched::Unavailable;
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { Bytes::new(secret.addr().get(), length) };
    let Some(print) = Fingerprint::of(&fixed().residue_key, &bytes) else {
        return Watched::NotASecret;
    };
    if !how(&shared().residue, &print) {
        return otherwise;
    }
    pool::refresh_reach();
    Watched::Done
}

/// What a block that ends, or a part of it, is to be called if a secret is in it.
pub(crate) type Place = fn(Block) -> Residue;

/// Looks through a block that is about to end.
///
/// # Safety
/// - So many bytes of a block can be read there.
pub(crate) unsafe fn look(
    (at, size): (usize, usize),
    place: Place,
    block: impl FnOnce() -> Block,
) -> Result<(), Fault> {
    // SAFETY: the caller's promise.
    match unsafe { find(at, size, 0) } {
        Some(found) => Err(fault(at, &found, place, block)),
        None => Ok(()),
    }
}

fn fault(at: usize, found: &Found, place: Place, block: impl FnOnce() -> Block) -> Fault {
    Fault::SecretResidue {
        place: place(block()),
        address: at + found.offset,
        length: found.length,
    }
}

/// Looks through a block of `old` bytes that is moved, or shrunk to `size` where it is, and says what was found.
///
/// # Safety
/// - It is a live block, in the caller's hands.
pub(crate) unsafe fn look_at_resize(
    (at, old, size): (usize, usize, usize),
    moves: bool,
    operation: Operation,
    block: impl FnOnce() -> Block,
) {
    let (place, kept): (Place, usize) = if moves {
        (Residue::Moved, 0)
    } else {
        (Residue::Cut, size)
    };
    // Where nothing is cut off nothing lies behind what is kept. Of what is kept, only as much as may belong to a
    // secret that does not end there.
    let from = kept.saturating_sub(residue::LONGEST).next_multiple_of(8);
    if kept >= old || from >= old {
        return;
    }
    // SAFETY: the caller's promise.
    if let Some(mut found) = unsafe { find(at + from, old - from, kept - from) } {
        found.offset += from;
        die::found(&fault(at, &found, place, block), operation);
    }
}

/// Whether a slot is in the sensitive part of the heap.
pub(crate) fn is_sensitive(slot: &Slot) -> bool {
    size_class::is_sensitive(slot.class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secmalloc_policy::request::Request;
    use secmalloc_policy::size_class::{class_of, COUNT};

    fn make(size: usize) {
        crate::allocate(Request::bytes(size).unwrap(), Operation::Malloc).unwrap();
    }

    #[test]
    fn short_ways_are_closed_while_something_is_watched() {
        make(100);
        let own = b"a secret of this test alone";
        let bytes = || (NonNull::from(own).cast(), own.len());
        let open = |class| pool::reach_quickly(class) == pool::reach(class);
        let class = class_of(100);
        assert!(pool::reach(class) > 0 && open(class));
        let (at, length) = bytes();
        // SAFETY: bytes of a constant.
        assert_eq!(unsafe { watch(at, length) }, Watched::Done);
        for class in (0..COUNT).filter(|&class| !size_class::is_sensitive(class)) {
            assert_eq!(pool::reach_quickly(class), 0);
        }
        // What grows meanwhile stays closed, and is open afterwards.
        let known = pool::reach(class_of(40_000));
        while pool::reach(class_of(40_000)) == known {
            make(40_000);
        }
        assert_eq!(pool::reach_quickly(class_of(40_000)), 0);
        // SAFETY: as above.
        assert_eq!(unsafe { unwatch(at, length) }, Watched::Done);
        assert!((0..COUNT).all(open));
    }
}
