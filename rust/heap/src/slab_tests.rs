// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an address to its slot, at the ends of each class's span, where the arithmetic is tightest.

use crate::pool::{self, fixed};

#[test]
fn only_starts_of_slots_are_found() {
    assert!(pool::start());
    for (class, map) in fixed().classes.iter().enumerate().skip(1) {
        let size = map.slot_size();
        let slots = (u64::from(map.slabs) << map.slots().trailing_zeros()) as usize;
        let numbers = (0..300).chain(slots / 2..slots / 2 + 300);
        for number in numbers.chain(slots - 300..slots) {
            assert_eq!(map.number_at(number * size), Some(number as u32));
            for beside in [1, 8, 16, size / 2, size - 1] {
                if beside % size != 0 {
                    let found = map.number_at(number * size + beside);
                    assert_eq!(found, None, "{class} {number} {beside}");
                }
            }
        }
    }
}
