// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random numbers for placement: ChaCha with 8 rounds, as a keystream with fast key erasure.
//!
//! Every refill first replaces the key, so that whoever reads this state later learns nothing of
//! the places of blocks that are already handed out. Eight rounds are the fewest that are
//! unbroken with a margin (Aumasson, "Too Much Crypto", 2020), and placement is not a secret
//! that has to outlive the process.

/// Blocks made at a time.
const BLOCKS: usize = 8;
const WORDS: usize = 16 * BLOCKS;
const BYTES: usize = 4 * WORDS;
const KEY_BYTES: usize = 32;
/// What one refill has to give.
pub const MOST_BYTES: usize = BYTES - KEY_BYTES;
/// "expand 32-byte k", RFC 8439 section 2.3.
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// A generator. One to a thread; not shared.
#[derive(Clone)]
pub struct Random {
    key: [u32; 8],
    buffer: [u8; BYTES],
    position: usize,
}

/// Four words of all blocks, one word after the other: a row of the cipher's square. Loops over a
/// row are long enough for the compiler to make vectors of them.
type Row = [u32; 4 * BLOCKS];

/// A quarter round in every column (RFC 8439 section 2.1).
#[inline(always)]
fn quarter_rounds(a: &mut Row, b: &mut Row, c: &mut Row, d: &mut Row) {
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        *a = a.wrapping_add(*b);
        *d = (*d ^ *a).rotate_left(16);
        *c = c.wrapping_add(*d);
        *b = (*b ^ *c).rotate_left(12);
        *a = a.wrapping_add(*b);
        *d = (*d ^ *a).rotate_left(8);
        *c = c.wrapping_add(*d);
        *b = (*b ^ *c).rotate_left(7);
    }
}

/// Each of four words for all blocks.
fn row(words: &[u32]) -> Row {
    let mut row = [0; 4 * BLOCKS];
    for (lanes, word) in row.chunks_exact_mut(BLOCKS).zip(words) {
        lanes.fill(*word);
    }
    row
}

/// The keystream of all blocks for `key`, counters from 0, nonce 0. Word `w` of block `n` is at
/// `[w / 4][w % 4 * BLOCKS + n]`.
fn keystream(key: &[u32; 8], rounds: usize) -> [Row; 4] {
    let (low, high) = key.split_at(4);
    let mut counters = [0; 4 * BLOCKS];
    for (number, counter) in counters.iter_mut().take(BLOCKS).enumerate() {
        *counter = number as u32;
    }
    let start = [row(&CONSTANTS), row(low), row(high), counters];
    let [mut a, mut b, mut c, mut d] = start;
    let mut round = 0;
    while round < rounds {
        quarter_rounds(&mut a, &mut b, &mut c, &mut d);
        // The diagonals become columns, and columns again.
        b.rotate_left(BLOCKS);
        c.rotate_left(2 * BLOCKS);
        d.rotate_left(3 * BLOCKS);
        quarter_rounds(&mut a, &mut b, &mut c, &mut d);
        b.rotate_right(BLOCKS);
        c.rotate_right(2 * BLOCKS);
        d.rotate_right(3 * BLOCKS);
        round = round.saturating_add(2);
    }
    let mut state = [a, b, c, d];
    for (word, first) in state
        .as_flattened_mut()
        .iter_mut()
        .zip(start.as_flattened())
    {
        *word = word.wrapping_add(*first);
    }
    state
}

impl Random {
    /// A generator for this seed, which should come from the kernel.
    #[must_use]
    pub const fn from_seed(seed: [u8; KEY_BYTES]) -> Random {
        let mut random = Random {
            key: [0; 8],
            buffer: [0; BYTES],
            position: BYTES,
        };
        random.reseed(seed);
        random
    }

    /// Forgets everything and goes on from this seed: after `fork`, parent and child must not
    /// draw the same numbers.
    pub const fn reseed(&mut self, seed: [u8; KEY_BYTES]) {
        let [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3, e0, e1, e2, e3, f0, f1, f2, f3, g0, g1, g2, g3, h0, h1, h2, h3] =
            seed;
        self.key = [
            u32::from_le_bytes([a0, a1, a2, a3]),
            u32::from_le_bytes([b0, b1, b2, b3]),
            u32::from_le_bytes([c0, c1, c2, c3]),
            u32::from_le_bytes([d0, d1, d2, d3]),
            u32::from_le_bytes([e0, e1, e2, e3]),
            u32::from_le_bytes([f0, f1, f2, f3]),
            u32::from_le_bytes([g0, g1, g2, g3]),
            u32::from_le_bytes([h0, h1, h2, h3]),
        ];
        self.position = BYTES;
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        let state = keystream(&self.key, 8);
        for (chunk, word) in self.buffer.chunks_exact_mut(4).zip(state.as_flattened()) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        // The first 32 bytes become the next key and are never handed out.
        for (word, chunk) in self.key.iter_mut().zip(self.buffer.chunks_exact_mut(4)) {
            if let &mut [a, b, c, d] = chunk {
                *word = u32::from_le_bytes([a, b, c, d]);
            }
            chunk.fill(0);
        }
        self.position = KEY_BYTES;
    }

    /// One random byte.
    #[inline]
    pub fn byte(&mut self) -> u8 {
        if self.position >= BYTES {
            self.refill();
        }
        let byte = self.buffer.get(self.position).copied().unwrap_or(0);
        self.position = self.position.wrapping_add(1);
        byte
    }

    /// One random byte, if it need not be made first.
    #[inline(always)]
    pub fn byte_at_hand(&mut self) -> Option<u8> {
        let byte = self.buffer.get(self.position).copied()?;
        self.position = self.position.wrapping_add(1);
        Some(byte)
    }

    /// So many random bytes, at most [`MOST_BYTES`] of them.
    #[inline]
    pub fn bytes(&mut self, count: usize) -> &[u8] {
        let count = count.min(MOST_BYTES);
        if self.position.wrapping_add(count) > BYTES {
            self.refill();
        }
        let from = self.position;
        self.position = from.wrapping_add(count);
        self.buffer.get(from..self.position).unwrap_or(&[])
    }

    /// Two random bytes.
    #[inline]
    pub fn pair(&mut self) -> u16 {
        if self.position >= BYTES - 1 {
            self.refill();
        }
        let low = self.buffer.get(self.position).copied().unwrap_or(0);
        let high = self
            .buffer
            .get(self.position.wrapping_add(1))
            .copied()
            .unwrap_or(0);
        self.position = self.position.wrapping_add(2);
        u16::from_le_bytes([low, high])
    }

    /// Four random bytes.
    pub fn word(&mut self) -> u32 {
        u32::from(self.pair()) << 16 | u32::from(self.pair())
    }

    /// Eight random bytes.
    pub fn long(&mut self) -> u64 {
        u64::from(self.word()) << 32 | u64::from(self.word())
    }

    /// A number below `bound`, each equally likely (Lemire, "Fast Random Integer Generation in
    /// an Interval", 2019). 0 for a bound of 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
        loop {
            let wide = u64::from(self.word()).wrapping_mul(u64::from(bound));
            if wide as u32 >= threshold {
                return (wide >> 32) as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ChaCha8, key and nonce 0, counter 0: the first bytes of the keystream as the ECRYPT test
    /// vectors give them ("TC1", 256-bit key, 8 rounds).
    #[test]
    fn matches_the_published_vector() {
        let state = keystream(&[0; 8], 8);
        let mut bytes = Vec::new();
        for word in 0..16 {
            bytes.extend_from_slice(&state[word / 4][word % 4 * BLOCKS].to_le_bytes());
        }
        assert_eq!(bytes[..8], [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    }

    /// RFC 8439 section 2.1.1's arithmetic at 20 rounds, appendix A.1 test vector 1.
    #[test]
    fn twenty_rounds_match_the_rfc() {
        let state = keystream(&[0; 8], 20);
        let mut bytes = Vec::new();
        for word in 0..16 {
            bytes.extend_from_slice(&state[word / 4][word % 4 * BLOCKS].to_le_bytes());
        }
        assert_eq!(bytes[..8], [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    }

    #[test]
    fn streams_differ_and_do_not_repeat() {
        let mut one = Random::from_seed([1; 32]);
        let mut two = Random::from_seed([2; 32]);
        let first: Vec<u64> = (0..1000).map(|_| one.long()).collect();
        let second: Vec<u64> = (0..1000).map(|_| two.long()).collect();
        assert_ne!(first, second);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 1000);
    }

    #[test]
    fn bytes_are_as_many_as_asked_for_and_each_is_given_once() {
        let (mut one, mut two) = (Random::from_seed([6; 32]), Random::from_seed([6; 32]));
        // As many as one refill gives: the same as one by one.
        for count in [0, 1, 32, MOST_BYTES - 33] {
            let singly: Vec<u8> = (0..count).map(|_| one.byte()).collect();
            assert_eq!(two.bytes(count), singly);
        }
        // What is left is too little: it is passed over, and the next ones come from a refill.
        two = Random::from_seed([6; 32]);
        two.bytes(MOST_BYTES - 1);
        let next = two.bytes(2).to_vec();
        one.byte_at_hand();
        assert_eq!(next, [one.byte(), one.byte()]);
        assert_eq!(two.bytes(usize::MAX).len(), MOST_BYTES);
    }

    #[test]
    fn below_is_even() {
        let mut random = Random::from_seed([3; 32]);
        let mut counts = [0u32; 10];
        for _ in 0..100_000 {
            counts[random.below(10) as usize] += 1;
        }
        // Standard deviation is 95; five of them.
        assert!(
            counts.iter().all(|&n| (9_525..=10_475).contains(&n)),
            "{counts:?}"
        );
        assert_eq!(random.below(1), 0);
        assert_eq!(random.below(0), 0);
    }
}
