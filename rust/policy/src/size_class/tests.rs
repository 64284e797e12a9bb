// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every size has the smallest class that holds it, and the tables agree with the arithmetic.

use super::*;

#[test]
fn every_size_gets_the_smallest_class_that_holds_it() {
    for size in 1..=MAX_SMALL {
        let class = class_of(size);
        assert!(CLASSES[class].slot >= size + CANARY_SIZE, "{size}");
        assert!(
            class == 1 || CLASSES[class - 1].slot < size + CANARY_SIZE,
            "{size}"
        );
    }
    assert_eq!(CLASSES[ORDINARY - 1].slot, MAX_SLOT);
    assert_eq!(class_of(MAX_SMALL), ORDINARY - 1);
    assert!(class_of(MAX_SMALL + 1) >= ORDINARY);
    assert!((1..=BANDED).all(|size| class_of_banded(size) == class_of(size)));
    assert_eq!(class_of(BANDED), CLASSES_BANDED);
    assert_eq!(CLASSES[CLASSES_BANDED].slot, BANDED + CANARY_SIZE);
}

#[test]
fn compact_slots_leave_little() {
    for size in 1..=MAX_COMPACT - CANARY_SIZE {
        assert!(CLASSES[class_of(size)].slot - CANARY_SIZE - size < 0xff);
    }
}

#[test]
fn the_reciprocal_divides() {
    let divide = |offset: usize, class: &SizeClass| {
        ((offset as u128 * u128::from(class.reciprocal)) >> 64) as usize
    };
    let last = 1usize << 36;
    for class in &CLASSES {
        let near = |n: usize| n.saturating_sub(2)..n + 2;
        let offsets = (0..MAX_SLAB)
            .chain(near(last / class.slot / 3 * class.slot))
            .chain(near(last / class.slot * class.slot))
            .chain(near(last));
        for offset in offsets {
            assert_eq!(divide(offset, class), offset / class.slot);
        }
    }
}

#[test]
fn places_follow_each_other() {
    let mut next = NOBODYS as u32;
    for (part, class) in PLACES.0.iter().zip(&CLASSES) {
        assert_eq!(part.magazine, next);
        assert_eq!(part.quarantine, next + class.magazine() as u32);
        assert!(part.ready > 0 && (part.mask + 1).is_power_of_two());
        next = part.quarantine + 2 * (part.mask + 1);
    }
    assert_eq!(next as usize, PLACES.1);
}

#[test]
fn slabs_hold_their_slots() {
    for class in &CLASSES {
        assert!(class.slab() <= MAX_SLAB && class.slab() % SLAB_STEP == 0);
        assert!(class.slots <= MAX_SLOTS && class.slots.is_power_of_two());
        assert!(class.quarantine.is_power_of_two() && class.slot % 16 == 0);
    }
}

/// Every class has a twin for sensitive blocks, which is like it in all.
#[test]
fn sensitive_classes_are_twins() {
    let (ones, twins) = CLASSES.split_at(ORDINARY);
    for (class, (one, other)) in ones.iter().zip(twins).enumerate() {
        let twin = ORDINARY + class;
        assert!(!is_sensitive(class) && is_sensitive(twin));
        assert_eq!((ordinary(class), ordinary(twin)), (class, class));
        assert_eq!(
            (is_zero(class), is_zero(twin)),
            (class == ZERO, class == ZERO)
        );
        let shape = |class: &SizeClass| (class.slot, class.slots, class.quarantine, class.batch);
        assert_eq!(shape(one), shape(other));
    }
}

#[test]
fn aligned_classes_align() {
    for size in [
        0, 1, 8, 24, 25, 100, 500, 4000, 4096, 8192, 40000, MAX_SMALL,
    ] {
        for shift in 4..=12 {
            let alignment = 1usize << shift;
            let Some(class) = class_of_aligned(size, alignment) else {
                continue;
            };
            assert_eq!(CLASSES[class].slot % alignment, 0);
            assert!(size == 0 || CLASSES[class].slot >= size + CANARY_SIZE);
        }
    }
    assert!(class_of_aligned(1, 8192).is_none());
    assert!(class_of_aligned(0, 128).is_none());
}
