// SPDX-License-Identifier: MIT OR Apache-2.0
//! Steps of a program and what they must lead to: for `tests/model.rs`, which draws them at random, and
//! for the fuzzer (`rust/fuzz`), which looks for those that reach new code.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    clippy::mut_from_ref
)]

use std::collections::BTreeMap;
use std::ptr::NonNull;

use secmalloc_heap::{allocate, check, describe, release, resize, trim, usable_size, Claim, State};
use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;

#[derive(Debug, Clone)]
pub enum Step {
    Allocate(usize),
    Zeroed(usize),
    Aligned(usize, u32),
    Resize(usize, usize),
    Release(usize),
    ReleaseSized(usize),
    Check,
    Trim,
}

/// A live block of the model: every byte holds the same mark.
pub struct Block {
    pub at: NonNull<u8>,
    pub size: usize,
    pub mark: u8,
}

// Blocks travel between threads in these tests, as they do in programs.
unsafe impl Send for Block {}

impl Block {
    pub fn bytes(&self) -> &mut [u8] {
        unsafe { std::slice::from_raw_parts_mut(self.at.as_ptr(), self.size) }
    }

    pub fn verify(&self, upto: usize) {
        assert!(self.bytes()[..upto.min(self.size)]
            .iter()
            .all(|&byte| byte == self.mark));
        assert_eq!(usable_size(self.at, Operation::UsableSize), self.size);
    }
}

#[derive(Default)]
pub struct Model {
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

    pub fn run(&mut self, step: &Step) {
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
            Step::Trim => {
                let _ = trim();
            }
        }
    }

    pub fn end(&mut self) {
        while self
            .pick(0)
            .map(|old| unsafe { release(old.at, Operation::Free, Claim::NONE, 0) })
            .is_some()
        {}
        assert_eq!(check().faults, 0);
    }
}
