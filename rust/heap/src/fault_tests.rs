// SPDX-License-Identifier: MIT OR Apache-2.0
//! Faults that no C program can bring about for certain: our own books are wrong, or two threads
//! freed one block in the same instant. Each is staged in a forked child, which must say so and
//! end by SIGABRT.

use std::fs::File;
use std::io::Read;
use std::os::fd::FromRawFd;

use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::Request;
use secmalloc_policy::size_class::class_of;
use secmalloc_policy::slot_state::{SlotState, Tag};

use crate::pool::fixed;
use crate::slab::{spot, Slot};
use crate::{allocate, die, explain, sys, thread};

const SIZE: usize = 5000;

fn make() -> Option<usize> {
    allocate(Request::bytes(SIZE).unwrap(), Operation::Malloc).map(|block| block.addr().get())
}

/// What a child that runs `stage` writes to standard error, and the signal that ends it.
fn dies(stage: impl FnOnce()) -> (String, i32) {
    // A fork while another test is starting the heap would leave the child waiting for it.
    thread::with_heap(|_| ()).unwrap();
    let mut pipe = [0; 2];
    // SAFETY: the child touches nothing but this heap, and ends without unwinding; descriptors
    // and status are those of the calls before.
    unsafe {
        assert_eq!(libc::pipe(pipe.as_mut_ptr()), 0);
        match libc::fork() {
            -1 => panic!("fork"),
            0 => {
                libc::dup2(pipe[1], 2);
                stage();
                libc::_exit(0);
            }
            child => {
                libc::close(pipe[1]);
                let mut text = String::new();
                File::from_raw_fd(pipe[0])
                    .read_to_string(&mut text)
                    .unwrap();
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                (
                    text,
                    if libc::WIFSIGNALED(status) {
                        libc::WTERMSIG(status)
                    } else {
                        0
                    },
                )
            }
        }
    }
}

fn assert_stops(stage: impl FnOnce(), line: &str) {
    let (text, signal) = dies(stage);
    assert_eq!(signal, libc::SIGABRT, "{text}");
    let first = text.lines().next().unwrap_or("");
    assert!(first.ends_with(line), "{text}");
}

#[test]
fn an_impossible_state_is_metadata_corruption() {
    assert_stops(
        || {
            make();
            let class = class_of(SIZE);
            let heap = thread::current().unwrap();
            let bin = heap.bin(class);
            for index in heap.magazine(bin).iter().take(bin.ready.get() as usize) {
                let slot = fixed().classes[class].slot(class, index.get());
                slot.set_busy(slot.state().then(SlotState::Busy, Tag::NOBODY));
            }
            make();
        },
        "metadata-corruption: malloc: the state of a slot is impossible",
    );
}

#[test]
fn a_slot_in_two_places_is_a_double_free() {
    assert_stops(
        || {
            let block = make().unwrap();
            let index = spot(fixed(), block).unwrap().slot.index;
            let heap = thread::current().unwrap();
            let bin = heap.bin(class_of(SIZE));
            heap.magazine(bin)[0].set(index);
            bin.ready.set(1);
            make();
        },
        "double-free: malloc: block was already freed",
    );
}

#[test]
fn what_spills_from_a_block_set_aside_is_its_overflow() {
    assert_stops(
        || loop {
            let slot = spot(fixed(), make().unwrap()).unwrap().slot;
            let map = &fixed().classes[slot.class];
            // The last slots of a slab have fewer behind them.
            let behind = [1, 2].map(|far| map.slot(slot.class, slot.index + far));
            let in_slab = |slot: &Slot| slot.previous().is_some();
            if !behind
                .iter()
                .all(|slot| in_slab(slot) && slot.state().state() == SlotState::NeverUsed)
            {
                continue;
            }
            for spilt in &behind {
                // SAFETY: never used, in a slab that is.
                unsafe { sys::pointer::<u8>(spilt.address).write(1) };
            }
            slot.set_aside();
            die::found(&explain::dirt(&behind[1]), Operation::Exit);
        },
        "heap-buffer-overflow: exit: 5000-byte block written past its end, first at offset 10240",
    );
}
