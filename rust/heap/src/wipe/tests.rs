// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every size, every byte, and nothing beside them; of each way to compare.

use secmalloc_policy::size_class::{CLASSES, MAX_SLOT};

use super::*;

const BEFORE: usize = 16;

#[repr(align(64))]
struct Room([u8; MAX_SLOT + 2 * BEFORE]);

impl Room {
    fn new() -> Box<Room> {
        // The ways for long slots ask what was found at start.
        assert!(crate::pool::start());
        Box::new(Room([0xff; MAX_SLOT + 2 * BEFORE]))
    }

    fn address(&mut self, start: usize) -> usize {
        self.0.as_mut_ptr().expose_provenance() + start
    }

    /// `compare` takes `size` zeros at `start` for zeros, and sees each byte that is not one; of long
    /// ranges, each `step`th byte and all of the first and the last.
    fn try_all(&mut self, compare: unsafe fn(usize, usize) -> bool, start: usize, size: usize) {
        const ENDS: usize = 600;
        let step = if size > 4096 { 61 } else { 1 };
        self.0.fill(0xff);
        self.0[start..start + size].fill(0);
        let address = self.address(start);
        // SAFETY: within the room.
        assert!(unsafe { compare(address, size) }, "{size}");
        for at in 0..size {
            if at % step != 0 && at >= ENDS && at < size - ENDS {
                continue;
            }
            self.0[start + at] = 0x80 >> (at % 8);
            // SAFETY: within the room.
            assert!(!unsafe { compare(address, size) }, "{size} {at}");
            self.0[start + at] = 0;
        }
    }
}

fn slots() -> impl Iterator<Item = usize> {
    (16..=1024)
        .step_by(16)
        .chain(CLASSES.iter().map(|class| class.slot).filter(|&s| s > 1024))
}

unsafe fn narrow(at: usize, size: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { narrow_is_zero(sys::pointer::<u8>(at).as_ptr(), size) }
}

#[test]
fn every_byte_of_every_size_is_zeroed_and_none_beside_it() {
    let mut room = Room::new();
    for size in slots() {
        room.0.fill(0xff);
        let address = room.address(BEFORE);
        // SAFETY: within the room.
        unsafe { zero(address, size) };
        let (before, rest) = room.0.split_at(BEFORE);
        let (slot, behind) = rest.split_at(size);
        assert!(slot.iter().all(|&b| b == 0), "{size}");
        assert!(before.iter().chain(behind).all(|&b| b == 0xff), "{size}");
    }
}

#[test]
fn every_single_byte_is_seen() {
    let mut room = Room::new();
    for size in slots() {
        room.try_all(is_zero, BEFORE, size);
    }
    for size in 0..700 {
        room.try_all(is_zero_bytes, 17, size);
    }
}

#[test]
fn the_narrow_way_sees_every_byte() {
    let mut room = Room::new();
    for size in slots().filter(|&size| size >= 128) {
        room.try_all(narrow, BEFORE, size);
    }
    for size in 128..700 {
        room.try_all(narrow, 17, size);
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_wide_way_sees_every_byte() {
    unsafe fn compare(at: usize, size: usize) -> bool {
        // SAFETY: the caller's promise; the processor was asked below.
        unsafe { wide::is_zero(sys::pointer::<u8>(at).as_ptr(), size) }
    }
    // `std` asks in its own way.
    assert_eq!(wide::supported(), std::is_x86_feature_detected!("avx2"));
    if !wide::supported() {
        return;
    }
    let mut room = Room::new();
    for size in slots().filter(|&size| size >= BANDS) {
        room.try_all(compare, BEFORE, size);
    }
    for size in BANDS..900 {
        room.try_all(compare, 17, size);
    }
}
