// SPDX-License-Identifier: MIT OR Apache-2.0
//! The canary: written behind a block when it is made, compared when it is freed.
//!
//! ```text
//! slot:  [ the block, n bytes ][ mark ][ zeros ][ word ]
//!        0                     n       n+8      slot-8
//! ```
//!
//! The *word* is a keyed hash of the slot's address, with the length of the slack (everything
//! between block and word) mixed in: it says how long the block is, and cannot be forged without
//! the key. The *mark* is the same hash again, right behind the block, as much of it as there is
//! room for; the rest of the slack is zero. So one byte too many is found, wherever in the slack
//! it falls, without a loop for slots up to 128 bytes.
//!
//! The hash's first byte is odd, so never 0, so that a terminating NUL written one too far is found
//! always; its second byte always is, so that a string that lost its terminator shows no more
//! than one byte of it. That leaves 55 bits to guess.
//!
//! The word is only ever changed by one store of 8 bytes: the check of a neighbour, in another
//! thread, sees it whole or not at all.

#[cfg(test)]
mod tests;

use core::sync::atomic::{AtomicU64, Ordering};

use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::CANARY_SIZE;

use crate::protections;
use crate::sys;
use crate::wipe;

/// The bits of a word in which the length of the slack is mixed.
const SLACK_SHIFT: u32 = 16;
const SLACK_BITS: u64 = 0xffff << SLACK_SHIFT;
const SECOND_BYTE: u64 = 0xff00;
const FIRST_BIT: u64 = 1;

/// The keys of the hash. They lie in read-only memory of ours and nowhere else.
#[derive(Clone, Copy)]
pub(crate) struct Keys([u64; 4]);

impl Keys {
    pub(crate) fn new(random: &mut Random) -> Keys {
        // Odd multipliers lose no bits.
        Keys([
            random.long(),
            random.long() | 1,
            random.long(),
            random.long() | 1,
        ])
    }

    /// The hash of an address: two rounds of multiply and fold, each under its own key.
    #[inline(always)]
    pub(crate) fn hash(&self, address: usize) -> u64 {
        // SAFETY: a reference is readable. Volatile: each hash reads the keys anew; kept from one to the
        // next they would fill the registers, and `free` would need the stack for the rest.
        let key = |n: usize| unsafe { (&raw const self.0[n]).read_volatile() };
        let once = fold(address as u64 ^ key(0), key(1));
        fold(once ^ key(2), key(3)) & !SECOND_BYTE | FIRST_BIT
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    wide as u64 ^ (wide >> 64) as u64
}

/// Shifts by whole bytes, 0 to 8; a shift by all 64 bits gives 0.
#[inline(always)]
fn up(word: u64, bytes: usize) -> u64 {
    let half = 4 * bytes as u32;
    word << half << half
}

/// # Safety
/// - `at` is aligned to 8 and lies in committed memory.
#[inline(always)]
unsafe fn aligned(at: usize) -> &'static AtomicU64 {
    // SAFETY: the caller's promise.
    unsafe { sys::pointer::<AtomicU64>(at).as_ref() }
}

/// # Safety
/// - 8 bytes at `at` lie in committed memory.
#[inline(always)]
unsafe fn load(at: usize) -> u64 {
    // SAFETY: the caller's promise. Volatile: another thread may be writing the block's bytes,
    // whose value then does not matter.
    u64::from_le(
        unsafe {
            sys::pointer::<u64>(at)
                .as_ptr()
                .cast::<Unaligned>()
                .read_volatile()
        }
        .0,
    )
}

/// # Safety
/// - As [`load`].
#[inline(always)]
unsafe fn store(at: usize, word: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        sys::pointer::<u64>(at)
            .as_ptr()
            .write_unaligned(word.to_le())
    }
}

/// Eight bytes anywhere.
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Unaligned(u64);

/// Seals a slot around a block of `size` bytes.
///
/// # Safety
/// - The slot at `address`, of `slot` bytes, is in our hands; `size + 8 <= slot`.
/// - The up to 8 bytes before offset `size` are zero, or of no interest.
#[inline(always)]
pub(crate) unsafe fn seal(keys: &Keys, address: usize, slot: usize, size: usize) {
    debug_assert!(size + CANARY_SIZE <= slot);
    if !protections::CANARY {
        return;
    }
    if !protections::WIPE {
        // SAFETY: between the block and the word. Nobody else has cleared it.
        unsafe { wipe::zero_bytes(address + size, slot - CANARY_SIZE - size) };
    }
    let hash = keys.hash(address);
    let slack = slot - CANARY_SIZE - size;
    let at = size.min(slot - 2 * CANARY_SIZE);
    // SAFETY: both words lie in the slot: `at + 8 <= slot - 8`.
    unsafe {
        store(address + at, up(hash, size - at));
        let word = hash ^ (slack as u64) << SLACK_SHIFT;
        aligned(address + slot - CANARY_SIZE).store(word.to_le(), Ordering::Relaxed);
    }
}

/// Changes the size of a sealed block in place. What the block gains reads as zero; what it loses
/// is wiped.
///
/// # Safety
/// - As [`seal`]; the slot is sealed around `old` bytes.
pub(crate) unsafe fn reseal(keys: &Keys, address: usize, slot: usize, old: usize, size: usize) {
    let end = slot - CANARY_SIZE;
    if !protections::CANARY {
        return;
    }
    // SAFETY: the mark and what the block loses lie between the smaller size and the word.
    unsafe {
        wipe::zero_bytes(
            address + old.min(size),
            (old + CANARY_SIZE).min(end) - old.min(size),
        )
    };
    let hash = keys.hash(address);
    let at = size.min(slot - 2 * CANARY_SIZE);
    let shift = size - at;
    // SAFETY: as in `seal`; the bytes of the block in the marked word are kept.
    unsafe {
        let keep = load(address + at) & !up(u64::MAX, shift);
        store(address + at, keep | up(hash, shift));
        let word = hash ^ ((end - size) as u64) << SLACK_SHIFT;
        aligned(address + end).store(word.to_le(), Ordering::Relaxed);
    }
}

/// The size of the block in a slot, as its word says; `None` if anything behind the block was
/// changed. Where the size is known otherwise, [`is_sealed`] is stricter: it takes nobody's word.
///
/// # Safety
/// - The slot at `address`, of `slot` bytes, is committed.
pub(crate) unsafe fn open(keys: &Keys, address: usize, slot: usize) -> Option<usize> {
    if !protections::CANARY {
        return Some(slot - CANARY_SIZE);
    }
    // SAFETY: the caller's promise.
    let size = unsafe { size_if_word_intact(keys, address, slot) }?;
    // SAFETY: as above; a slack that fits the slot leaves a size that does.
    unsafe { is_sealed(keys, address, slot, size) }.then_some(size)
}

/// Which bits of a word are mark, and which of the word before the last are zeros behind the mark, for
/// each length of the slack that two words can hold.
static SLACK: [[u64; 2]; 17] = {
    let mut masks = [[0; 2]; 17];
    let mut slack = 1;
    while slack < masks.len() {
        masks[slack] = if slack < 8 {
            [u64::MAX >> (64 - 8 * slack), 0]
        } else {
            // Shifts by 64 bits are none at all: half and half.
            let half = 4 * (16 - slack);
            [u64::MAX, (u64::MAX << half) << half]
        };
        slack += 1;
    }
    masks
};

/// Whether a slot is sealed around a block of `size` bytes, and nothing behind it was changed.
///
/// # Safety
/// - The slot at `address`, of `slot` bytes, is committed; `size + 8 <= slot`.
#[inline(always)]
pub(crate) unsafe fn is_sealed(keys: &Keys, address: usize, slot: usize, size: usize) -> bool {
    // SAFETY: the caller's promise; what is asked lies between the mark and the word before the last.
    unsafe {
        is_sealed_by(keys, address, slot, size, |from, length| {
            wipe::is_zero_bytes(from, length)
        })
    }
}

/// [`is_sealed`], by loads alone, for a slack of up to 32 bytes; `false` for a longer one.
///
/// # Safety
/// - As [`is_sealed`].
#[inline(always)]
pub(crate) unsafe fn is_sealed_banded(
    keys: &Keys,
    address: usize,
    slot: usize,
    size: usize,
) -> bool {
    // SAFETY: the caller's promise; two words, the second at the end of the first or before, reach
    // all of 1 to 16 bytes, and lie between the mark and the slot's last word.
    unsafe {
        is_sealed_by(keys, address, slot, size, |from, length| {
            length <= 16 && load(from) | load(from + length.max(8) - 8) == 0
        })
    }
}

/// [`is_sealed`]; `is_zero` is asked about the bytes between the mark and the word before the last, by
/// address and number, if there are any.
///
/// # Safety
/// - As [`is_sealed`].
#[inline(always)]
unsafe fn is_sealed_by(
    keys: &Keys,
    address: usize,
    slot: usize,
    size: usize,
    is_zero: impl FnOnce(usize, usize) -> bool,
) -> bool {
    if !protections::CANARY {
        return true;
    }
    let hash = keys.hash(address);
    let end = slot - CANARY_SIZE;
    let slack = end - size;
    // SAFETY: the word is the slot's last.
    let word = u64::from_le(unsafe { aligned(address + end) }.load(Ordering::Relaxed));
    if word != hash ^ (slack as u64) << SLACK_SHIFT {
        return false;
    }
    // SAFETY: what follows the block begins with the mark, or with the word itself; a slot has at
    // least 16 bytes.
    let (mark, last) = unsafe { (load(address + size) ^ hash, load(address + end - 8)) };
    match SLACK.get(slack) {
        Some([is_mark, is_zeros]) => mark & is_mark | last & is_zeros == 0,
        None => mark | last == 0 && is_zero(address + size + CANARY_SIZE, slack - 16),
    }
}

/// Whether the last word of a slot is what it can be: a canary, or zero where no block is.
/// Safe to ask while another thread allocates or frees the slot.
///
/// # Safety
/// - As [`open`].
#[inline(always)]
pub(crate) unsafe fn plausible(keys: &Keys, address: usize, slot: usize) -> bool {
    // SAFETY: the slot's last word.
    let word =
        u64::from_le(unsafe { aligned(address + slot - CANARY_SIZE) }.load(Ordering::Relaxed));
    // One instruction less than a mask, whose constant takes a register.
    word == 0 || (word ^ keys.hash(address)).rotate_left(64 - 16 - SLACK_SHIFT) << 16 == 0
}

/// Makes the last word of a slot plausible again after a fault that the program survived: that of
/// a block of `size` bytes, or of none.
///
/// # Safety
/// - As [`open`].
pub(crate) unsafe fn mend(keys: &Keys, address: usize, slot: usize, size: Option<usize>) {
    let end = slot - CANARY_SIZE;
    let word = size.map_or(0, |size| {
        keys.hash(address) ^ ((end - size) as u64) << SLACK_SHIFT
    });
    // SAFETY: the slot's last word.
    unsafe { aligned(address + end) }.store(word.to_le(), Ordering::Relaxed);
}

/// Looks closer at a slot that [`open`] refused: the size it was sealed around, as far as that
/// can still be known.
///
/// # Safety
/// - As [`open`].
pub(crate) unsafe fn size_if_word_intact(
    keys: &Keys,
    address: usize,
    slot: usize,
) -> Option<usize> {
    let end = slot - CANARY_SIZE;
    // SAFETY: the slot's last word.
    let word = u64::from_le(unsafe { aligned(address + end) }.load(Ordering::Relaxed))
        ^ keys.hash(address);
    let slack = (word >> SLACK_SHIFT) as usize;
    (word & !SLACK_BITS == 0 && slack <= end).then(|| end - slack)
}

/// The bytes that must stand at `from..slot` of a slot sealed around `size` bytes; the byte, and
/// whether it is canary.
pub(crate) fn expected(
    keys: &Keys,
    address: usize,
    slot: usize,
    size: usize,
    at: usize,
) -> (u8, bool) {
    let hash = keys.hash(address);
    let end = slot - CANARY_SIZE;
    if at >= end {
        let word = hash ^ ((end - size) as u64) << SLACK_SHIFT;
        return (word.to_le_bytes()[(at - end) & 7], true);
    }
    match at.checked_sub(size) {
        Some(behind) if behind < CANARY_SIZE => (hash.to_le_bytes()[behind], true),
        _ => (0, false),
    }
}
