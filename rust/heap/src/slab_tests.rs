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
            let start = map.slab(0) + number * size;
            let (slot, has_previous) = map.starting_at(class, start).unwrap();
            assert_eq!((slot.index as usize, slot.address), (number, start));
            assert_eq!(has_previous, number % map.slots() as usize != 0);
            for beside in [1, 8, 16, size / 2, size - 1] {
                if beside % size != 0 {
                    assert!(
                        map.starting_at(class, start + beside).is_none(),
                        "{class} {number} {beside}"
                    );
                }
            }
        }
        assert!(map.starting_at(class, map.slab(0) + slots * size).is_none());
        assert!(map.starting_at(class, map.slab(0) - size).is_none());
    }
}
