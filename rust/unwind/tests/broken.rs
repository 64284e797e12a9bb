// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stacks that hold anything: a walk ends, within bounds, without a fault.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::sync::OnceLock;

use common::{readable, CACHE};
use proptest::prelude::*;
use secmalloc_unwind::{Registers, Stack, Walker};

const ROOM: usize = 64 * 1024;

/// Memory between two pages that fault.
fn room() -> usize {
    static ROOM_AT: OnceLock<usize> = OnceLock::new();
    *ROOM_AT.get_or_init(|| {
        // SAFETY: a new mapping, and its middle.
        unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let all = libc::mmap(core::ptr::null_mut(), ROOM + 8192, 0, flags, -1, 0);
            assert_ne!(all, libc::MAP_FAILED);
            let middle = all.byte_add(4096);
            assert_eq!(
                libc::mprotect(middle, ROOM, libc::PROT_READ | libc::PROT_WRITE),
                0
            );
            middle.expose_provenance()
        }
    })
}

/// A word that could lead somewhere: into the broken stack, up to its end and past it, into code of
/// the program, of libc and of the way back from a signal, onto our own stack, or anywhere.
fn word() -> impl Strategy<Value = usize> {
    let code = broken_stacks as *const () as usize;
    let libc_code = libc::qsort as *const () as usize;
    let here = Registers::here().sp;
    prop_oneof![
        4 => (0..ROOM / 8).prop_map(|at| room() + 8 * at),
        2 => (0..64usize).prop_map(|at| room() + ROOM - 256 + 8 * at),
        6 => (0..20_000usize).prop_map(move |at| code + at),
        6 => (0..400_000usize).prop_map(move |at| libc_code - 200_000 + at),
        2 => Just(way_back()),
        2 => (0..100_000usize).prop_map(move |at| here - 50_000 + 8 * at),
        1 => any::<usize>(),
        1 => 0..5000usize,
    ]
}

/// What the kernel was told to return to from a handler.
fn way_back() -> usize {
    // The kernel's own `struct sigaction`: handler, flags, restorer, mask.
    let mut action = [0usize; 4];
    // SAFETY: asks only; the handler that std has for SIGSEGV.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            libc::SIGSEGV,
            0,
            action.as_mut_ptr(),
            8,
        )
    };
    action[2]
}

fn registers(pc: usize, sp: usize, fp: usize) -> Registers {
    Registers {
        pc,
        sp,
        fp,
        #[cfg(target_arch = "aarch64")]
        lr: pc ^ sp,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broken_stacks(
        words in prop::collection::vec(word(), 16..512),
        start in (word(), word(), word()),
        at_end in any::<bool>(),
        depth in 0..80usize,
    ) {
        let length = words.len() * 8;
        let place = if at_end { room() + ROOM - length } else { room() };
        // SAFETY: within the room, which nothing else uses: one test, cases in turn.
        unsafe {
            let to: *mut usize = core::ptr::with_exposed_provenance_mut(place);
            core::ptr::copy_nonoverlapping(words.as_ptr(), to, words.len());
        }
        let stack = Stack::new();
        for from in [registers(start.0, start.1, start.2), registers(start.0, place, place)] {
            for walker in [Walker::new(&CACHE, readable).in_thread(&stack), Walker::new(&[], readable)] {
                let mut frames = [0; 81];
                let count = walker.walk(from, &mut frames[..depth]);
                prop_assert!(count <= depth && (count > 0 || depth == 0));
                prop_assert!(frames[depth] == 0);
            }
        }
    }
}
