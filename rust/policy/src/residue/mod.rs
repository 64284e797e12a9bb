// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finding a secret again without keeping it.
//!
//! Of a watched secret there is a [`Fingerprint`]: keyed hashes of a few *windows* of 8 bytes that follow each other
//! within it, and a keyed hash of the whole. Memory is looked at one word at a time: a word's hash says through a
//! filter whether it may be one of those windows, then which, and with that where the secret would begin; the hash of
//! the whole decides. A secret has up to 8 windows, at distances 0 to 7 from its *anchor*, so that of any 8 words
//! that begin one byte apart one is among them: only every eighth byte of memory begins a word that need be looked
//! at. A secret shorter than 15 bytes has fewer, and makes the steps shorter for as long as it is watched.

#[cfg(test)]
mod tests;

// Deprecated as the hasher of maps. It is SipHash-2-4, as a test says, and the one keyed hash that `core` has.
#[allow(deprecated)]
use core::hash::{Hasher, SipHasher};

use crate::random::Random;

/// The shortest secret, in bytes. Fewer are found by chance, and guessed from their hash.
pub const SHORTEST: usize = WINDOW;
/// The longest.
pub const LONGEST: usize = 4096;
/// Bytes of a window.
pub const WINDOW: usize = 8;
/// Windows of a secret at most.
pub const WINDOWS: usize = 8;
/// Places of the filter.
pub const PLACES: usize = 1 << 12;

/// The keys of all hashes here. Without them fingerprints say nothing of their secrets but how long they are.
#[derive(Clone, Copy)]
pub struct Key([u64; 4]);

impl Key {
    /// A fresh one.
    #[must_use]
    pub fn new(random: &mut Random) -> Key {
        // An odd multiplier loses no bits.
        Key([
            random.long(),
            random.long() | 1,
            random.long(),
            random.long(),
        ])
    }

    /// The hash of a window: the upper half says more than the lower.
    #[inline(always)]
    fn window(&self, word: u64) -> u64 {
        let [mask, factor, ..] = self.0;
        let wide = u128::from(word ^ mask).wrapping_mul(u128::from(factor));
        wide as u64 ^ (wide >> 64) as u64
    }

    /// The hash of so many bytes, at least a window.
    fn seal<T: Text + ?Sized>(&self, text: &T, from: usize, length: usize) -> u64 {
        let [.., first, second] = self.0;
        #[allow(deprecated)] // see above
        let mut hasher = SipHasher::new_with_keys(first, second);
        let end = from.saturating_add(length);
        let mut at = from;
        while at.saturating_add(WINDOW) <= end {
            hasher.write(&text.word(at).to_le_bytes());
            at = at.saturating_add(WINDOW);
        }
        let rest = end.saturating_sub(at);
        // What is left over is the end of a word that begins earlier.
        let last = text.word(end.saturating_sub(WINDOW)).to_le_bytes();
        hasher.write(last.get(WINDOW.saturating_sub(rest)..).unwrap_or(&[]));
        hasher.finish()
    }
}

/// Where a hash falls in the filter.
#[inline(always)]
fn place(hash: u64) -> usize {
    const SHIFT: u32 = u64::BITS - PLACES.trailing_zeros();
    (hash >> SHIFT) as usize
}

/// Bytes that are looked through.
pub trait Text {
    /// How many.
    fn length(&self) -> usize;
    /// The 8 bytes from `at` on, the first the lowest; `at` is no more than 8 less than the length.
    fn word(&self, at: usize) -> u64;
}

impl Text for [u8] {
    fn length(&self) -> usize {
        self.len()
    }

    fn word(&self, at: usize) -> u64 {
        let bytes = self.get(at..).and_then(<[u8]>::first_chunk);
        bytes.copied().map_or(0, u64::from_le_bytes)
    }
}

/// What is kept of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fingerprint {
    /// Its length.
    pub length: u32,
    /// Where its first window begins.
    pub anchor: u32,
    /// The lower halves of its windows' hashes, and how many there are: a power of two.
    pub tags: [u32; WINDOWS],
    /// See `tags`.
    pub windows: u32,
    /// Of each window, its place in the filter.
    pub places: [u16; WINDOWS],
    /// The hash of the whole.
    pub seal: u64,
}

impl Fingerprint {
    /// That of a secret. `None` if it is too short or too long, or the same byte all over: what was cleared would be
    /// taken for it.
    #[must_use]
    pub fn of<T: Text + ?Sized>(key: &Key, secret: &T) -> Option<Fingerprint> {
        let length = secret.length();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return None;
        }
        // As many as fit: of 9 bytes 2, of 15 bytes 8.
        let fit = length.checked_sub(WINDOW)?.checked_add(1)?.min(WINDOWS);
        let windows = 1usize << fit.ilog2();
        let span = windows.checked_add(WINDOW)?.checked_sub(1)?;
        // Where its bytes differ most: many secrets begin, or end, as other data does.
        let (mut anchor, mut most) = (0, 0);
        for at in 0..=length.checked_sub(span)? {
            let different = distinct(secret, at, span);
            if different > most {
                (anchor, most) = (at, different);
            }
        }
        if most < 2 {
            return None;
        }
        let mut made = Fingerprint {
            length: length as u32,
            anchor: anchor as u32,
            windows: windows as u32,
            seal: key.seal(secret, 0, length),
            ..Fingerprint::default()
        };
        for ((at, tag), to) in (anchor..)
            .zip(&mut made.tags)
            .zip(&mut made.places)
            .take(windows)
        {
            let hash = key.window(secret.word(at));
            (*tag, *to) = (hash as u32, place(hash) as u16);
        }
        Some(made)
    }

    /// The places of its windows in the filter.
    pub fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let places = self.places.iter().take(self.windows as usize);
        places.map(|&place| usize::from(place))
    }

    /// Where the secret begins whose window of this hash is at `at`, if it may be this one.
    fn starts(&self, hash: u64, at: usize) -> impl Iterator<Item = usize> + '_ {
        let tags = self.tags.iter().take(self.windows as usize);
        (self.anchor as usize..)
            .zip(tags)
            .filter(move |&(_, &tag)| tag == hash as u32)
            .filter_map(move |(distance, _)| at.checked_sub(distance))
    }
}

fn byte<T: Text + ?Sized>(text: &T, at: usize) -> u8 {
    let from = at.min(text.length().saturating_sub(WINDOW));
    let bytes = text.word(from).to_le_bytes();
    bytes.get(at.saturating_sub(from)).copied().unwrap_or(0)
}

/// How many different bytes there are among `span` from `at` on.
fn distinct<T: Text + ?Sized>(text: &T, at: usize, span: usize) -> u32 {
    let mut seen = [0u64; 4];
    for byte in (at..).take(span).map(|at| byte(text, at)) {
        if let Some(part) = seen.get_mut(usize::from(byte >> 6)) {
            *part |= 1 << (byte & 63);
        }
    }
    seen.iter().map(|part| part.count_ones()).sum()
}

/// What is watched.
pub trait Book {
    /// How far apart words may be looked at: the fewest windows that any secret has; `None` where there is no secret.
    fn step(&self) -> Option<usize>;
    /// Whether any window falls into this place of the filter.
    fn may_have(&self, place: usize) -> bool;
    /// Each fingerprint, until the answer is `true`.
    fn any(&self, with: &mut dyn FnMut(&Fingerprint) -> bool) -> bool;
}

/// A secret in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Where it begins.
    pub offset: usize,
    /// How long it is.
    pub length: usize,
}

/// Looks for any of the secrets, of which at least a byte is to lie beyond the first `before` bytes of the text.
#[inline]
pub fn find<T: Text + ?Sized>(
    key: &Key,
    text: &T,
    book: &impl Book,
    before: usize,
) -> Option<Found> {
    let step = book.step()?;
    let last = text.length().checked_sub(WINDOW)?;
    let mut at = 0usize;
    while at <= last {
        let hash = key.window(text.word(at));
        if book.may_have(place(hash)) {
            let found = verify(key, text, book, before, (hash, at));
            if found.is_some() {
                return found;
            }
        }
        at = at.checked_add(step)?;
    }
    None
}

#[cold]
#[inline(never)]
fn verify<T: Text + ?Sized>(
    key: &Key,
    text: &T,
    book: &impl Book,
    before: usize,
    (hash, at): (u64, usize),
) -> Option<Found> {
    let mut found = None;
    book.any(&mut |print| {
        let length = print.length as usize;
        let mut starts = print.starts(hash, at).filter(|&start| {
            let end = start.saturating_add(length);
            end <= text.length() && end > before && key.seal(text, start, length) == print.seal
        });
        found = starts.next().map(|offset| Found { offset, length });
        found.is_some()
    });
    found
}
