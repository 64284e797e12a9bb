// SPDX-License-Identifier: MIT OR Apache-2.0
//! The search for secrets by fingerprints, against a search for the secrets themselves.
#![allow(missing_docs, clippy::unwrap_used)]

use proptest::prelude::*;
use secmalloc_policy::random::Random;
use secmalloc_policy::residue::{find, Book, Fingerprint, Found, Key, Text, PLACES, WINDOWS};

struct Shelf {
    prints: Vec<Fingerprint>,
    filter: Vec<bool>,
}

impl Shelf {
    fn of(key: &Key, secrets: &[Vec<u8>]) -> Shelf {
        let prints = secrets.iter().map(|s| Fingerprint::of(key, &s[..]));
        let prints: Vec<_> = prints.map(Option::unwrap).collect();
        let mut filter = vec![false; PLACES];
        for place in prints.iter().flat_map(Fingerprint::places) {
            filter[place] = true;
        }
        Shelf { prints, filter }
    }
}

impl Book for Shelf {
    fn step(&self) -> Option<usize> {
        self.prints.iter().map(|p| p.windows as usize).min()
    }

    fn may_have(&self, place: usize) -> bool {
        self.filter[place]
    }

    fn any(&self, with: &mut dyn FnMut(&Fingerprint) -> bool) -> bool {
        self.prints.iter().any(with)
    }
}

/// Memory that nobody may look beyond.
struct Bounded<'a>(&'a [u8]);

impl Text for Bounded<'_> {
    fn length(&self) -> usize {
        self.0.len()
    }

    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().unwrap())
    }
}

/// Every place of a secret in a text, of which a byte is beyond the first `before`.
fn plainly(text: &[u8], secrets: &[Vec<u8>], before: usize) -> Vec<Found> {
    let mut all = Vec::new();
    for secret in secrets {
        let length = secret.len();
        let at = text.windows(length).enumerate();
        all.extend(
            at.filter(|&(_, w)| w == &secret[..])
                .map(|(offset, _)| Found { offset, length }),
        );
    }
    all.retain(|found| found.offset + found.length > before);
    all
}

fn key(seed: u8) -> Key {
    Key::new(&mut Random::from_seed([seed; 32]))
}

/// Of few letters, so that much of a secret is elsewhere too.
fn secret() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![8..24usize, 8..200usize];
    length
        .prop_flat_map(|length| prop::collection::vec(0..3u8, length))
        .prop_filter("the same all over", |s| s.iter().any(|&b| b != s[0]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever is there is found, wherever it stands; and nothing else is.
    #[test]
    fn what_is_there_is_found(
        seed: u8,
        secrets in prop::collection::vec(secret(), 1..6),
        mut text in prop::collection::vec(0..3u8, 0..2000),
        planted in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3),
        border in (any::<prop::sample::Index>(), -1..3isize),
    ) {
        let key = key(seed);
        for (which, at) in planted {
            let secret = &secrets[which.index(secrets.len())];
            if secret.len() <= text.len() {
                let at = at.index(text.len() - secret.len() + 1);
                text[at..at + secret.len()].copy_from_slice(secret);
            }
        }
        // From the start on, and from near the end of any of those that are there.
        let there = plainly(&text, &secrets, 0);
        let ends: Vec<_> = there.iter().map(|found| found.offset + found.length).collect();
        let near = match (border.1, ends.is_empty()) {
            (2, _) | (_, true) => 0,
            (distance, false) => border.0.get(&ends).saturating_add_signed(distance),
        };
        for before in [0, near] {
            let all = plainly(&text, &secrets, before);
            match find(&key, &Bounded(&text), &Shelf::of(&key, &secrets), before) {
                Some(found) => prop_assert!(all.contains(&found), "{found:?} of {all:?}"),
                None => prop_assert!(all.is_empty(), "{all:?} were not found"),
            }
        }
    }

    /// One secret alone, of any bytes and of any length, at each of 16 places in a text that is else random.
    #[test]
    fn one_is_found_at_every_place(seed: u8, bytes in prop::collection::vec(any::<u8>(), 8..4097), noise: [u8; 32]) {
        prop_assume!(bytes.iter().any(|&b| b != bytes[0]));
        let key = key(seed);
        let length = bytes.len();
        let secrets = [bytes];
        let shelf = Shelf::of(&key, &secrets);
        prop_assert!(shelf.step().unwrap() <= WINDOWS);
        let mut random = Random::from_seed(noise);
        for offset in 0..16 {
            let mut text: Vec<u8> = (0..length + 40).map(|_| random.byte()).collect();
            prop_assert_eq!(find(&key, &text[..], &shelf, 0), None);
            text[offset..offset + length].copy_from_slice(&secrets[0]);
            prop_assert_eq!(find(&key, &text[..], &shelf, 0), Some(Found { offset, length }));
            // But for a byte, wherever that is, it is another.
            let place = offset + usize::from(random.byte()) * length / 256;
            text[place] ^= 1;
            prop_assert_eq!(find(&key, &text[..], &shelf, 0), None);
        }
    }

    /// A fingerprint of one key says nothing to another.
    #[test]
    fn keys_make_the_difference(secret in secret()) {
        let (one, other) = (Fingerprint::of(&key(1), &secret[..]), Fingerprint::of(&key(2), &secret[..]));
        prop_assert!(one.unwrap().seal != other.unwrap().seal);
        prop_assert!(find(&key(2), &secret[..], &Shelf::of(&key(1), core::slice::from_ref(&secret)), 0).is_none());
    }
}
