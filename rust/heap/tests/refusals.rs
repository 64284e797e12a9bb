// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every mapping call of the heap refused in its turn, and many at random: each call of the heap then
//! does its work or answers that there is no memory, what blocks hold stays, and nothing is lost.
#![allow(missing_docs, clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

use std::collections::BTreeMap;
use std::process::Command;
use std::ptr::NonNull;

use secmalloc_heap::{allocate, check, release, resize, trial, trim, usable_size, Claim};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;

/// A live block: every byte holds the same mark.
struct Block {
    at: NonNull<u8>,
    size: usize,
    mark: u8,
}

impl Block {
    fn verify(&self, upto: usize) {
        let bytes = unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.size) };
        assert!(bytes[..upto.min(self.size)].iter().all(|&b| b == self.mark));
        assert_eq!(usable_size(self.at, Operation::UsableSize), self.size);
    }
}

/// Blocks that grow when they are to change their size.
const LARGE: usize = 70_000;
const GROWS: usize = 5_000_000;

struct Work {
    state: u64,
    live: BTreeMap<usize, Block>,
    /// Requests that were answered with nothing.
    nothing: usize,
}

impl Work {
    fn new(seed: u64) -> Work {
        Work {
            state: seed,
            live: BTreeMap::new(),
            nothing: 0,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.state >> 33) % bound
    }

    fn size(&mut self) -> usize {
        (match self.below(40) {
            0 => 4_000_000 + self.below(3_000_000),
            1..=9 => 60_000 + self.below(400_000),
            10..=19 => self.below(60_000),
            _ => self.below(700),
        }) as usize
    }

    fn keep(&mut self, at: NonNull<u8>, size: usize) {
        let mark = self.below(255) as u8 + 1;
        let start = at.addr().get();
        let before = self.live.range(..=start).next_back();
        assert!(before.is_none_or(|(_, b)| b.at.addr().get() + b.size.max(1) <= start));
        let after = self.live.range(start..).next();
        assert!(after.is_none_or(|(&next, _)| start + size.max(1) <= next));
        unsafe { at.write_bytes(mark, size) };
        self.live.insert(start, Block { at, size, mark });
    }

    /// `None` needs an excuse: a call that was refused meanwhile.
    fn judge(&mut self, refused_before: usize) {
        assert!(
            trial::refused().0 > refused_before,
            "no memory for no reason"
        );
        self.nothing += 1;
    }

    fn make(&mut self) {
        let (before, size) = (trial::refused().0, self.size());
        let request = match self.below(8) {
            0 => Request::aligned(1 << self.below(22), size).unwrap(),
            1..=3 => Request::bytes(size).unwrap().zeroed(),
            _ => Request::bytes(size).unwrap(),
        };
        match allocate(request, Operation::Malloc) {
            Some(at) => {
                let bytes = unsafe { std::slice::from_raw_parts(at.as_ptr(), size) };
                assert!(!request.zeroed || bytes.iter().all(|&byte| byte == 0));
                self.keep(at, size);
            }
            None => self.judge(before),
        }
    }

    fn pick(&mut self) -> Option<Block> {
        let count = self.live.len() as u64;
        let which = if count == 0 { 0 } else { self.below(count) };
        let key = *self.live.keys().nth(which as usize)?;
        self.live.remove(&key)
    }

    fn step(&mut self) {
        match self.below(10) {
            0..=4 => self.make(),
            5..=6 => {
                let Some(old) = self.pick() else { return };
                old.verify(usize::MAX);
                let before = trial::refused().0;
                // Large blocks mostly grow: their pages move then.
                let size = match old.size {
                    LARGE..=GROWS => old.size + self.below(old.size as u64) as usize,
                    _ => self.size().max(1),
                };
                match unsafe { resize(old.at, size, Operation::Realloc) } {
                    Some(at) => {
                        Block { at, size, ..old }.verify(old.size);
                        self.keep(at, size);
                    }
                    None => {
                        // The block is as it was.
                        old.verify(usize::MAX);
                        self.live.insert(old.at.addr().get(), old);
                        self.judge(before);
                    }
                }
            }
            _ => self.end_one(),
        }
    }

    fn end_one(&mut self) {
        if let Some(old) = self.pick() {
            old.verify(usize::MAX);
            unsafe { release(old.at, Operation::Free, Claim::NONE, 0) };
        }
    }

    fn end(&mut self) {
        while !self.live.is_empty() {
            self.end_one();
        }
        assert_eq!(check().faults, 0);
        let _ = trim();
    }
}

fn mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().count()
}

/// In a process of its own, from the heap's very start.
fn first_steps(number: i64, left: usize) {
    trial::fail_once(number, left);
    let mut work = Work::new(left as u64);
    (0..60).for_each(|_| work.step());
    work.end();
    assert!(
        work.nothing <= 1,
        "one refusal, {} times nothing",
        work.nothing
    );
}

fn starts_survive() {
    const CALLS: usize = 20;
    for (name, number) in trial::CALLS {
        for left in 0..CALLS {
            let status = Command::new(std::env::current_exe().unwrap())
                .args([number.to_string(), left.to_string()])
                .status()
                .unwrap();
            assert!(status.success(), "{name} number {left} refused: {status}");
        }
    }
}

/// Later calls, one by one: what was refused once is granted the next time.
fn each_in_turn() {
    const ROUNDS: usize = 100;
    let mut hit = [0; trial::CALLS.len()];
    for left in 0..ROUNDS {
        for (hit, (_, number)) in hit.iter_mut().zip(trial::CALLS) {
            let before = trial::refused().0;
            let mut work = Work::new(left as u64 + 1);
            // Pages are moved far more seldom than all else.
            let often = if number == libc::SYS_mremap { 3 } else { 50 };
            trial::fail_once(number, left % often);
            (0..120).for_each(|_| work.step());
            trial::fail_once(0, 0);
            work.end();
            *hit += trial::refused().0 - before;
        }
    }
    // A call that was never refused would have shown nothing.
    for (hit, (name, _)) in hit.iter().zip(trial::CALLS) {
        assert!(*hit > 10, "{name} was refused {hit} times only");
    }
}

/// One call in three, one in ten, one in a hundred: and in the end no more mappings than before, but
/// for those whose end itself was refused.
fn many_at_random() {
    let (mut before, mut kept) = (0, 0);
    for round in 0..12 {
        if round == 2 {
            (before, kept) = (mappings(), trial::refused().1);
        }
        let mut work = Work::new(round);
        trial::fail_often([3, 10, 100][round as usize % 3]);
        (0..1500).for_each(|_| work.step());
        trial::fail_often(0);
        work.end();
    }
    let (after, kept) = (mappings(), trial::refused().1 - kept);
    let more = after.saturating_sub(before);
    // Each may be up to three entries in the memory map; guards of new slabs are a few more.
    assert!(
        more <= 3 * kept + 100,
        "{more} mappings more, {kept} of them could not be helped"
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [number, left] = &arguments[..] {
        if let (Ok(number), Ok(left)) = (number.parse(), left.parse()) {
            return first_steps(number, left);
        }
    }
    starts_survive();
    each_in_turn();
    many_at_random();
    println!("test result: ok. 3 passed; 0 failed; 0 ignored");
}
