// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tables keep, and what they let go.

use super::blocks::Blocks;
use super::names::Names;
use super::Trail;
use crate::sys::{self, Access};

/// Zeroed memory for good: tests end with their process.
fn memory(size: usize) -> usize {
    sys::map(size.next_multiple_of(65536), Access::Write).unwrap()
}

fn trail(stack: u32) -> Trail {
    Trail {
        thread: 7,
        stack,
        name: 3,
    }
}

fn blocks(count: usize) -> Blocks {
    // SAFETY: mapped for this.
    unsafe { Blocks::at(memory(Blocks::bytes(count)), count) }
}

#[test]
fn a_block_is_known_from_its_beginning_to_its_successor() {
    let blocks = blocks(64);
    assert_eq!(blocks.of(0x1000), None);
    assert!(blocks.keep(0x1000, 24, trail(1), |_| false));
    assert_eq!(blocks.of(0x1000), Some((trail(1), Trail::default(), 24)));
    blocks.end(0x1000, trail(2));
    assert_eq!(blocks.of(0x1000), Some((trail(1), trail(2), 24)));
    assert!(blocks.keep(0x1000, 16, trail(5), |_| false));
    assert_eq!(blocks.of(0x1000), Some((trail(5), Trail::default(), 16)));
    blocks.forget(0x1000);
    assert_eq!((blocks.of(0x1000), blocks.size(0x1000)), (None, None));
}

#[test]
fn live_blocks_stay_and_the_freed_one_of_longest_ago_goes() {
    // One set of eight places.
    let blocks = blocks(8);
    for at in 1..=8 {
        assert!(blocks.keep(at * 16, at, trail(at as u32), |_| false));
    }
    assert!(!blocks.keep(9 * 16, 9, trail(9), |_| false), "all are live");
    blocks.end(5 * 16, trail(50));
    blocks.end(3 * 16, trail(30));
    assert!(blocks.keep(9 * 16, 9, trail(9), |_| false));
    assert_eq!(blocks.of(5 * 16), None);
    assert_eq!(blocks.of(3 * 16), Some((trail(3), trail(30), 3)));
    assert_eq!(blocks.size(9 * 16), Some(9));
    blocks.forget(3 * 16);
    assert!(blocks.keep(3 * 16, 3, trail(3), |_| false));
    assert!(blocks.keep(160, 10, trail(1), |at| at == 7 * 16));
    assert_eq!((blocks.of(7 * 16), blocks.size(160)), (None, Some(10)));
}

#[test]
fn names_are_kept_once_and_only_so_many() {
    // SAFETY: mapped for this; zero is a valid `Names`.
    let names = unsafe { sys::pointer::<Names>(memory(size_of::<Names>())).as_ref() };
    let name = |number: u8| {
        let mut name = *b"worker-x\0\0\0\0\0\0\0\0";
        name[7] = number;
        name[15] = number;
        name
    };
    let first = names.number(name(1));
    assert_eq!(names.number(name(1)), first);
    assert_eq!(names.name(first), Some(name(1)));
    assert_eq!((names.name(0), names.name(first + 1)), (None, None));
    for number in 2..=255 {
        assert_ne!(names.number(name(number)), 0);
    }
    assert_ne!(names.number(name(0)), 0);
    assert_eq!(names.number(*b"one too many\0\0\0\0"), 0);
    assert_eq!(names.number(name(1)), first);
}
