// SPDX-License-Identifier: MIT OR Apache-2.0
//! The heap against a plain model: random sequences of calls, with every block's contents, size
//! and place known and compared.
#![allow(missing_docs, clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

mod steps;

use std::sync::mpsc;

use proptest::prelude::*;
use secmalloc_heap::{allocate, check, release, Claim};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;
use steps::{Block, Model, Step};

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
        1 => Just(Step::Trim),
    ]
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
