// SPDX-License-Identifier: MIT OR Apache-2.0
//! A walk along the last one finds what a walk of its own finds: in and out of calls that have the same
//! registers in the same places, with other callers; in stacks deeper than what is kept.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::hint::black_box;

use common::readable;
use secmalloc_unwind::{Entry, Point, Registers, Stack, Trail, Walker};

const DEEPEST: usize = 48;

static CACHE: [Entry; 4096] = [const { Entry::new() }; 4096];

struct Test {
    stack: Stack,
    trail: Trail,
    random: u64,
    compared: usize,
    cut: usize,
}

impl Test {
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    #[inline(never)]
    fn compare(&mut self) {
        let walker = Walker::new(&CACHE, readable).in_thread(&self.stack);
        let (mut whole, mut along) = ([Point::default(); DEEPEST], [Point::default(); DEEPEST]);
        let from = Registers::here();
        let count = walker.walk_points(from, &mut whole);
        assert_eq!(walker.walk_along(from, &mut along, &mut self.trail), count);
        assert_eq!(along, whole, "walk {}", self.compared);
        assert!(count > 2);
        self.compared += 1;
        self.cut += usize::from(count == DEEPEST);
    }
}

#[inline(never)]
fn left(test: &mut Test, depth: usize) {
    go(test, depth);
    black_box(1);
}

#[inline(never)]
fn right(test: &mut Test, depth: usize) {
    go(test, depth);
    black_box(2);
}

/// Two functions that call, one of which is taken: the frames lie the same, and only a return address differs.
#[inline(never)]
fn go(test: &mut Test, depth: usize) {
    if depth == 0 {
        test.compare();
        return;
    }
    for _ in 0..1 + usize::from(test.next() % 16 == 0) {
        if test.next() % 4 == 0 {
            left(test, depth - 1);
        } else {
            right(test, depth - 1);
        }
        if test.next() % 8 == 0 {
            test.compare();
        }
    }
    black_box(depth);
}

fn with(stack_size: usize) {
    let work = || {
        let mut test = Box::new(Test {
            stack: Stack::new(),
            trail: Trail::new(),
            random: 0x2545_f491_4f6c_dd1d,
            compared: 0,
            cut: 0,
        });
        for round in 0..400 {
            let depth = test.next() as usize % [4, 30, 60, 80][round % 4];
            go(&mut test, depth);
        }
        assert!(
            test.compared > 1000 && test.cut > 100,
            "{} of {}",
            test.cut,
            test.compared
        );
    };
    let thread = std::thread::Builder::new().stack_size(stack_size);
    thread.spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_walk_along_the_last_one_is_a_walk() {
    with(1 << 20);
}
