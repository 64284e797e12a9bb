// SPDX-License-Identifier: MIT OR Apache-2.0
//! The heap against a plain model: random sequences of calls, with every block's contents, size
//! and place known and compared.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    clippy::mut_from_ref
)]

use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::mpsc;

use proptest::prelude::*;
use secmalloc_heap::{allocate, check, describe, release, resize, usable_size, Claim, State};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;

#[derive(Debug, Clone)]
enum Step {
    Allocate(usize),
    Zeroed(usize),
    Aligned(usize, u32),
    Resize(usize, usize),
    Release(usize),
    ReleaseSized(usize),
    Check,
}

/// Sizes as programs have them: mostly small, around class borders, some large.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 0usize..300,
        3 => 300usize..9000,
        1 => (0usize..17).prop_flat_map(|shift| (0usize..24).prop_map(move |d| (1 << shift) + d)),
        1 => 60_000usize..140_000,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => size().prop_map(Step::Allocate),
        2 => size().prop_map(Step::Zeroed),
        1 => (size(), 4u32..15).prop_map(|(size, shift)| Step::Aligned(size, shift)),
        3 => (any::<usize>(), size()).prop_map(|(which, size)| Step::Resize(which, size)),
        5 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::ReleaseSized),
        1 => Just(Step::Check),
    ]
}

/// A live block of the model: every byte holds the same mark.
struct Block {
    at: NonNull<u8>,
    size: usize,
    mark: u8,
}

// Blocks travel between threads in these tests, as they do in programs.
unsafe impl Send for Block {}

impl Block {
    fn bytes(&self) -> &mut [u8] {
        unsafe { std::slice::from_raw_parts_mut(self.at.as_ptr(), self.size) }
    }

    fn verify(&self, upto: usize) {
        assert!(self.bytes()[..upto.min(self.size)]
            .iter()
            .all(|&byte| byte == self.mark));
        assert_eq!(usable_size(self.at, Operation::UsableSize), self.size);
    }
}

#[derive(Default)]
struct Model {
    live: BTreeMap<usize, Block>,
    marks: u8,
}

impl Model {
    fn add(&mut self, at: NonNull<u8>, size: usize) {
        let start = at.addr().get();
        if let Some((_, before)) = self.live.range(..=start).next_back() {
            assert!(
                before.at.addr().get() + before.size.max(1) <= start,
                "blocks overlap"
            );
        }
        if let Some((&after, _)) = self.live.range(start..).next() {
            assert!(start + size.max(1) <= after, "blocks overlap");
        }
        self.marks = self.marks.wrapping_add(1).max(1);
        let block = Block {
            at,
            size,
            mark: self.marks,
        };
        block.bytes().fill(block.mark);
        self.live.insert(start, block);
    }

    fn pick(&mut self, which: usize) -> Option<Block> {
        let count = self.live.len();
        let key = *self.live.keys().nth(which.checked_rem(count)?)?;
        self.live.remove(&key)
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Allocate(size) => {
                let at = allocate(Request::bytes(size).unwrap(), Operation::Malloc).unwrap();
                assert_eq!(at.addr().get() % 16, 0);
                self.add(at, size);
            }
            Step::Zeroed(size) => {
                let request = Request::bytes(size).unwrap().zeroed();
                let at = allocate(request, Operation::Calloc).unwrap();
                let bytes = unsafe { std::slice::from_raw_parts(at.as_ptr(), size) };
                assert!(bytes.iter().all(|&byte| byte == 0));
                self.add(at, size);
            }
            Step::Aligned(size, shift) => {
                let request = Request::aligned(1 << shift, size).unwrap();
                let at = allocate(request, Operation::AlignedAlloc).unwrap();
                assert_eq!(at.addr().get() % (1 << shift), 0);
                self.add(at, size);
            }
            Step::Resize(which, size) => {
                let Some(old) = self.pick(which) else { return };
                old.verify(usize::MAX);
                let at = unsafe { resize(old.at, size.max(1), Operation::Realloc) }.unwrap();
                Block {
                    at,
                    size: size.max(1),
                    mark: old.mark,
                }
                .verify(old.size);
                self.add(at, size.max(1));
            }
            Step::Release(which) => {
                let Some(old) = self.pick(which) else { return };
                old.verify(usize::MAX);
                unsafe { release(old.at, Operation::Free, Claim::NONE, 0) };
                assert_ne!(
                    describe(old.at.addr().get()).map(|d| d.state),
                    Some(State::Live)
                );
            }
            Step::ReleaseSized(which) => {
                let Some(old) = self.pick(which) else { return };
                old.verify(usize::MAX);
                let claim = Claim {
                    size: Some(old.size),
                    alignment: None,
                };
                unsafe { release(old.at, Operation::FreeSized, claim, 0) };
            }
            Step::Check => assert_eq!(check().faults, 0),
        }
    }

    fn end(&mut self) {
        while self
            .pick(0)
            .map(|old| unsafe { release(old.at, Operation::Free, Claim::NONE, 0) })
            .is_some()
        {}
        assert_eq!(check().faults, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_behaves_as_the_model(steps in prop::collection::vec(step(), 1..600)) {
        let mut model = Model::default();
        steps.iter().for_each(|step| model.run(step));
        model.end();
    }
}

/// Each thread runs its own sequence and hands blocks to the next one, which frees them.
#[test]
fn threads_free_each_others_blocks() {
    const THREADS: usize = 4;
    let channels: Vec<_> = (0..THREADS).map(|_| mpsc::channel::<Block>()).collect();
    let (senders, receivers): (Vec<_>, Vec<_>) = channels.into_iter().unzip();
    let threads: Vec<_> = receivers
        .into_iter()
        .enumerate()
        .map(|(number, inbox)| {
            let outbox = senders[(number + 1) % THREADS].clone();
            std::thread::spawn(move || {
                let mut state = number as u64 + 1;
                let mut next = |bound: u64| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    (state >> 33) % bound
                };
                for round in 0..20_000u64 {
                    let size = match next(50) {
                        0 => 70_000 + next(50_000) as usize,
                        1..=5 => next(5_000) as usize,
                        _ => next(200) as usize,
                    };
                    let at = allocate(Request::bytes(size).unwrap(), Operation::Malloc).unwrap();
                    let block = Block {
                        at,
                        size,
                        mark: round as u8,
                    };
                    block.bytes().fill(block.mark);
                    // The next thread may have ended: then the block stays live, as in a program.
                    let _ = outbox.send(block);
                    while let Ok(old) = inbox.try_recv() {
                        old.verify(usize::MAX);
                        unsafe { release(old.at, Operation::Free, Claim::NONE, 0) };
                    }
                }
            })
        })
        .collect();
    drop(senders);
    // A sweep while they work must find nothing.
    for _ in 0..20 {
        assert_eq!(check().faults, 0);
    }
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(check().faults, 0);
}
