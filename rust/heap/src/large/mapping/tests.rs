// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mappings merge, are used again wiped, and refuse what does not suit them.

use super::*;
use crate::wipe;

fn mapping(span: usize, costly: bool) -> Mapping {
    Mapping {
        span,
        span_size: 0x5000,
        data: span + 0x1000,
        data_size: 0x3000,
        costly,
        merged: false,
        reused: false,
        seamed: false,
        edged: false,
        huge: false,
        warm: 0x3000,
    }
}

#[test]
fn neighbours_merge_from_the_first_data_to_the_last() {
    let both = mapping(0x10000, false)
        .join(&mapping(0x15000, false))
        .unwrap();
    assert_eq!((both.span, both.span_end()), (0x10000, 0x1a000));
    assert_eq!((both.data, both.data_end()), (0x11000, 0x19000));
    assert!(both.merged);
}

#[test]
fn others_do_not() {
    let low = mapping(0x10000, false);
    assert!(low.join(&mapping(0x16000, false)).is_none());
    assert!(mapping(0x15000, false).join(&low).is_none());
    assert!(low.join(&mapping(0x15000, true)).is_none());
}

/// Used again smaller, then grown over what an earlier block left behind it.
#[test]
fn what_earlier_blocks_left_is_wiped_however_it_is_reached() {
    crate::thread::with_heap(|heap| {
        let page = fixed().page;
        let first = Mapping::make(20 * page, page, Purpose::Block, heap.random()).unwrap();
        // SAFETY: the mapping is this test's, here and below.
        unsafe { sys::pointer::<u8>(first.data).write_bytes(0x5a, first.data_size) };
        assert!(first.close());
        let second = first.reopen(18 * page).unwrap();
        assert_eq!((second.data, second.warm), (first.data, 20 * page));
        // SAFETY: as above.
        assert!(unsafe { wipe::is_zero_bytes(second.data, second.data_size) });
        let third = second.grow_in_place(22 * page).unwrap();
        assert_eq!(third.data_size, 22 * page);
        // SAFETY: as above.
        assert!(unsafe { wipe::is_zero_bytes(third.data, third.data_size) });
        third.unmap();
    });
}

/// Which of these addresses core files leave out, by /proc/self/smaps.
fn left_out<const N: usize>(addresses: [usize; N]) -> [bool; N] {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut mapping = 0..0;
    let mut answer = [false; N];
    for line in maps.lines() {
        let first = line.split_ascii_whitespace().next().unwrap();
        if let Some((from, to)) = first.split_once('-') {
            let number = |digits| usize::from_str_radix(digits, 16).unwrap();
            mapping = number(from)..number(to);
        } else if first == "VmFlags:" && line.ends_with(" dd") || line.contains(" dd ") {
            for (left_out, address) in answer.iter_mut().zip(&addresses) {
                *left_out |= mapping.contains(address);
            }
        }
    }
    answer
}

/// However far a mapping is opened, what can be touched of it is in cores, and what never was is not.
#[test]
fn cores_have_the_data_and_not_what_is_around() {
    crate::thread::with_heap(|heap| {
        let page = fixed().page;
        let pages = |mapping: &Mapping, count: usize| {
            let last = mapping.data + (count - 1) * page;
            left_out([mapping.data - page, mapping.data, last, last + page])
        };
        let made = Mapping::make(20 * page, page, Purpose::Block, heap.random()).unwrap();
        assert_eq!(pages(&made, 20), [true, false, false, true]);
        let grown = made.grow_in_place(22 * page).unwrap();
        assert_eq!(pages(&grown, 22), [true, false, false, true]);
        assert!(grown.close());
        let wider = grown.reopen(30 * page).unwrap();
        assert_eq!(pages(&wider, 30), [true, false, false, true]);
        wider.unmap();
        let growing = Mapping::make(20 * page, page, Purpose::Growth, heap.random()).unwrap();
        let grown = growing.grow_in_place(40 * page).unwrap();
        assert_eq!(pages(&grown, 40)[1..3], [false, false]);
        grown.unmap();
    });
}

/// Neither memory nor address space for much larger blocks than are asked for.
#[test]
fn misfits_are_refused() {
    let closed = Mapping {
        span_size: 0x100_0000,
        warm: 0x10_0000,
        ..mapping(0x10_0000, true)
    };
    assert_eq!(closed.capacity(), 0xff_e000);
    assert_eq!(closed.misfit(0x10_0000), None);
    assert_eq!(closed.misfit(0x40_0000), Some(2 * 0x30_0000));
    assert_eq!(closed.misfit(0xff_f000), None);
    let closed = Mapping {
        span_size: 0x20_2000,
        ..closed
    };
    assert_eq!(closed.misfit(0xf_0000), Some(0x1_0000));
    assert_eq!(closed.misfit(0x8_0000 - 0x1000), None);
    assert_eq!(closed.misfit(0), None);
}

/// Freed side by side, used again as one: what was two blocks reads as zero throughout.
#[test]
fn merged_mappings_are_used_again_wiped() {
    crate::thread::with_heap(|heap| {
        let page = fixed().page;
        let low = Mapping::make(4 * page, page, Purpose::Block, heap.random()).unwrap();
        // SAFETY: the mapping is this test's.
        unsafe { sys::pointer::<u8>(low.data).write_bytes(0x5a, low.data_size) };
        assert!(low.close());
        low.repay();
        let merged = Mapping {
            merged: true,
            costly: false,
            ..low
        };
        let again = merged.reopen(3 * page).unwrap();
        assert_eq!(again.data_end(), low.data_end());
        // SAFETY: as above.
        assert!(unsafe { wipe::is_zero_bytes(again.data, again.data_size) });
        again.unmap();
    });
}
