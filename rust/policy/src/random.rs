// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random numbers for placement: ChaCha with 8 rounds, as a keystream with fast key erasure.
//!
//! Every refill first replaces the key, so that whoever reads this state later learns nothing of
//! the places of blocks that are already handed out. Eight rounds are the fewest that are
//! unbroken with a margin (Aumasson, "Too Much Crypto", 2020), and placement is not a secret
//! that has to outlive the process.

const BLOCKS: usize = 4;
const WORDS: usize = 16 * BLOCKS;
const BYTES: usize = 4 * WORDS;
const KEY_BYTES: usize = 32;
/// "expand 32-byte k", RFC 8439 section 2.3.
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// A generator. One to a thread; not shared.
#[derive(Clone)]
pub struct Random {
    key: [u32; 8],
    buffer: [u8; BYTES],
    position: usize,
}

/// Four blocks at once, one to a lane, so that the compiler can use vectors.
type Lanes = [u32; BLOCKS];

fn add(a: Lanes, b: Lanes) -> Lanes {
    let mut sum = a;
    for (lane, other) in sum.iter_mut().zip(b) {
        *lane = lane.wrapping_add(other);
    }
    sum
}

fn xor_rotate(a: Lanes, b: Lanes, by: u32) -> Lanes {
    let mut out = a;
    for (lane, other) in out.iter_mut().zip(b) {
        *lane = (*lane ^ other).rotate_left(by);
    }
    out
}

#[inline(always)]
fn quarter(a: &mut Lanes, b: &mut Lanes, c: &mut Lanes, d: &mut Lanes) {
    *a = add(*a, *b);
    *d = xor_rotate(*d, *a, 16);
    *c = add(*c, *d);
    *b = xor_rotate(*b, *c, 12);
    *a = add(*a, *b);
    *d = xor_rotate(*d, *a, 8);
    *c = add(*c, *d);
    *b = xor_rotate(*b, *c, 7);
}

/// The keystream of four blocks for `key`, counters 0 to 3, nonce 0.
fn keystream(key: &[u32; 8], rounds: usize) -> [Lanes; 16] {
    let [c0, c1, c2, c3] = CONSTANTS.map(|word| [word; BLOCKS]);
    let [k0, k1, k2, k3, k4, k5, k6, k7] = key.map(|word| [word; BLOCKS]);
    let zero = [0; BLOCKS];
    let start = [c0, c1, c2, c3, k0, k1, k2, k3, k4, k5, k6, k7, [0, 1, 2, 3], zero, zero, zero];
    let mut state = start;
    let mut round = 0;
    while round < rounds {
        let [x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, xa, xb, xc, xd, xe, xf] = &mut state;
        quarter(x0, x4, x8, xc);
        quarter(x1, x5, x9, xd);
        quarter(x2, x6, xa, xe);
        quarter(x3, x7, xb, xf);
        quarter(x0, x5, xa, xf);
        quarter(x1, x6, xb, xc);
        quarter(x2, x7, x8, xd);
        quarter(x3, x4, x9, xe);
        round = round.saturating_add(2);
    }
    for (word, first) in state.iter_mut().zip(start) {
        *word = add(*word, first);
    }
    state
}

impl Random {
    /// A generator for this seed, which should come from the kernel.
    #[must_use]
    pub const fn from_seed(seed: [u8; KEY_BYTES]) -> Random {
        let mut random = Random { key: [0; 8], buffer: [0; BYTES], position: BYTES };
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

    /// Two random bytes.
    #[inline]
    pub fn pair(&mut self) -> u16 {
        if self.position >= BYTES - 1 {
            self.refill();
        }
        let low = self.buffer.get(self.position).copied().unwrap_or(0);
        let high = self.buffer.get(self.position.wrapping_add(1)).copied().unwrap_or(0);
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
        for word in state {
            bytes.extend_from_slice(&word[0].to_le_bytes());
        }
        assert_eq!(bytes[..8], [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    }

    /// RFC 8439 section 2.1.1's arithmetic at 20 rounds, appendix A.1 test vector 1.
    #[test]
    fn twenty_rounds_match_the_rfc() {
        let state = keystream(&[0; 8], 20);
        let mut bytes = Vec::new();
        for word in state {
            bytes.extend_from_slice(&word[0].to_le_bytes());
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
    fn below_is_even() {
        let mut random = Random::from_seed([3; 32]);
        let mut counts = [0u32; 10];
        for _ in 0..100_000 {
            counts[random.below(10) as usize] += 1;
        }
        // Standard deviation is 95; five of them.
        assert!(counts.iter().all(|&n| (9_525..=10_475).contains(&n)), "{counts:?}");
        assert_eq!(random.below(1), 0);
        assert_eq!(random.below(0), 0);
    }
}
