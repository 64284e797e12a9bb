// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every changed byte behind a block is found, and a change of size keeps what it must.

use super::*;

fn keys() -> Keys {
    // Long slack is compared in the way that was chosen at start.
    assert!(crate::pool::start());
    Keys::new(&mut Random::from_seed([11; 32]))
}

/// [`super::open`], for the slots of these tests.
fn open(keys: &Keys, address: usize, slot: usize) -> Option<usize> {
    // SAFETY: the slot is the test's own array.
    unsafe { super::open(keys, address, slot) }
}

/// [`super::is_sealed`], for the slots of these tests.
fn is_sealed(keys: &Keys, address: usize, slot: usize, size: usize) -> bool {
    // SAFETY: the slot is the test's own array.
    unsafe { super::is_sealed(keys, address, slot, size) }
}

/// [`super::is_sealed`], which [`is_sealed_banded`] must agree with where it says that it looks.
fn is_sealed_either_way(keys: &Keys, address: usize, slot: usize, size: usize) -> bool {
    let is = is_sealed(keys, address, slot, size);
    // SAFETY: the slot is the test's own array.
    let banded = unsafe { is_sealed_banded(keys, address, slot, size) };
    let looks = slot - CANARY_SIZE - size <= 32;
    assert_eq!(banded, is && looks, "slot {slot} size {size}");
    is
}

#[repr(align(16))]
struct Aligned([u8; 1280]);

#[test]
fn every_single_changed_byte_behind_a_block_is_found() {
    let keys = keys();
    for slot in [16usize, 32, 48, 64, 128, 160, 320, 1280] {
        let mut memory = Box::new(Aligned([0; 1280]));
        let address = memory.0.as_mut_ptr().expose_provenance();
        for size in (0..=slot - 8).filter(|n| slot < 400 || n % 37 == 0) {
            memory.0.fill(0);
            // SAFETY: the slot is our own array.
            unsafe { seal(&keys, address, slot, size) };
            memory.0[..size].fill(0x5a);
            assert_eq!(open(&keys, address, slot), Some(size), "{slot} {size}");
            for at in size..slot {
                let before = memory.0[at];
                assert_eq!(expected(&keys, address, slot, size, at).0, before);
                for value in [0, 1, 0x41, 0xff] {
                    memory.0[at] = value;
                    assert_eq!(
                        is_sealed_either_way(&keys, address, slot, size),
                        value == before,
                        "slot {slot} size {size} byte {at} {value}"
                    );
                }
                memory.0[at] = before;
            }
        }
    }
}

#[test]
fn resealing_keeps_the_block_and_clears_what_it_gains() {
    let keys = keys();
    let slot = 64;
    let mut memory = Box::new(Aligned([0; 1280]));
    let address = memory.0.as_mut_ptr().expose_provenance();
    for old in 0..=56 {
        for new in 0..=56 {
            memory.0.fill(0);
            // SAFETY: the slot is our own array.
            unsafe { seal(&keys, address, slot, old) };
            memory.0[..old].fill(0x77);
            // SAFETY: as above.
            unsafe { reseal(&keys, address, slot, old, new) };
            assert_eq!(open(&keys, address, slot), Some(new), "{old} {new}");
            assert!(
                memory.0[..old.min(new)].iter().all(|&b| b == 0x77),
                "{old} {new}"
            );
            assert!(
                memory.0[old.min(new)..new].iter().all(|&b| b == 0),
                "{old} {new}"
            );
        }
    }
}

#[test]
fn first_byte_is_never_zero_and_second_always_is() {
    let keys = keys();
    for address in (0..1 << 20).step_by(16) {
        let [first, second, ..] = keys.hash(address).to_le_bytes();
        assert!(first != 0 && second == 0);
    }
}
