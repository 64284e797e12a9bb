// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hashes, and what is refused. `tests/residue.rs` compares the search with a plain one.

use super::*;

#[test]
fn the_seal_is_the_siphash_of_its_authors() {
    // Appendix A of the paper (Aumasson, Bernstein, 2012): key 00 to 0f, text 00 to 0e.
    let key = Key([0, 1, 0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]);
    let text: Vec<u8> = (0..15).collect();
    assert_eq!(key.seal(&text[..], 0, 15), 0xa129_ca61_49be_45e5);
}

#[test]
fn what_two_windows_differ_by_depends_on_the_key() {
    let difference = |seed| {
        let key = Key::new(&mut Random::from_seed([seed; 32]));
        key.window(1) ^ key.window(2)
    };
    assert!(difference(1) != difference(2));
}

#[test]
fn what_cannot_be_told_from_other_memory_is_refused() {
    let key = Key::new(&mut Random::from_seed([7; 32]));
    let of = |secret: &[u8]| Fingerprint::of(&key, secret);
    assert!(of(b"1234567").is_none() && of(b"12345678").is_some());
    let long: Vec<u8> = (0..LONGEST).map(|at| (at % 251) as u8).collect();
    assert!(of(&long).is_some() && of(&[&long[..], b"x"].concat()).is_none());
    for filler in [0, b'x', 0xff] {
        assert!(of(&[filler; 40]).is_none());
    }
    assert_eq!(of(b"12345678").unwrap().windows, 1);
    assert_eq!(of(b"123456789abcde").unwrap().windows, 4);
    assert_eq!(of(b"123456789abcdef").unwrap().windows, 8);
}

#[test]
fn windows_are_where_bytes_differ() {
    let key = Key::new(&mut Random::from_seed([7; 32]));
    let secret = [&[0u8; 40][..], b"the quick brown fox", &[0; 40]].concat();
    let anchor = Fingerprint::of(&key, &secret[..]).unwrap().anchor as usize;
    assert!((39..=44).contains(&anchor), "{anchor}");
}
