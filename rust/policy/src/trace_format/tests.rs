// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is written is what is read: any records, in a whole chunk, a cut one, and one that never was.

use proptest::prelude::*;

use super::address::Addresses;
use super::call::{function, shapes, Call, FUNCTIONS};
use super::note::{Frame, Frames, Note, Reach};
use super::number::{folded, unfolded, width, Reader, Writer};
use super::*;
use crate::fault::Operation;

fn addresses() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        any::<u64>(),
        0x7000_0000_0000u64..0x7fff_ffff_ffff,
        (0u64..64, 0u64..1 << 36).prop_map(|(region, at)| (region << 36 | at) & !15),
    ]
}

prop_compose! {
    fn calls()(
        which in 0..FUNCTIONS.len(), pointer in addresses(), result in addresses(),
        numbers in any::<[u64; 3]>(), since in 0u64..1 << 40, took in any::<u32>(),
        errno in prop_oneof![3 => Just(0), 1 => Just(12u64)], stack in prop_oneof![Just(0), any::<u64>()],
    ) -> Call {
        let (number, _, shape) = FUNCTIONS[which];
        let part = |part: u8, value: u64| if shape.0 & part == 0 { 0 } else { value };
        let returned = if errno == 0 { part(Shape::BLOCK | Shape::AMOUNT, result) } else { 0 };
        Call {
            function: number,
            shape,
            time: since,
            pointer: part(Shape::POINTER, pointer),
            count: part(Shape::COUNT, numbers[0]),
            size: part(Shape::SIZE, numbers[1]),
            alignment: part(Shape::ALIGNMENT, numbers[2]),
            result: returned,
            errno,
            took: part(Shape::TOOK, took.into()),
            stack,
        }
    }
}

use super::call::Shape;

/// Writes a record at `at`; where the next one goes.
fn put(bytes: &mut [u8], at: usize, with: impl FnOnce(&mut Writer<'_>) -> Option<u8>) -> usize {
    let mut writer = Writer::to(&mut bytes[at + 1..]);
    let first = with(&mut writer).unwrap();
    let end = at + 1 + writer.written();
    bytes[at] = first;
    end
}

fn chunk(calls: &[Call], seal: bool) -> Vec<u8> {
    let mut bytes = vec![0; STEP * 64];
    let mut header = Header {
        version: VERSION,
        records: HEADER,
        length: bytes.len(),
        used: 0,
        process: 7,
        time: 1000,
        checksum: 0,
    };
    let (mut time, mut addresses) = (header.time, Addresses::default());
    let mut used = put(&mut bytes, HEADER, |writer| {
        Note::Thread {
            thread: 8,
            name: b"worker",
        }
        .write(writer)
    });
    for call in calls {
        used = put(&mut bytes, used, |writer| {
            call.write(writer, &mut time, &mut addresses)
        });
    }
    if seal {
        header.used = used;
        bytes[..HEADER].copy_from_slice(&header.to_bytes());
        header.checksum = checksum(&bytes[..used]);
    }
    bytes[..HEADER].copy_from_slice(&header.to_bytes());
    bytes
}

/// Times that grow, from what was generated as differences.
fn in_order(mut calls: Vec<Call>) -> Vec<Call> {
    let mut time = 1000;
    for call in &mut calls {
        time += call.time;
        call.time = time;
    }
    calls
}

fn calls_of(bytes: &[u8]) -> Vec<Call> {
    Records::of(bytes, &shapes())
        .filter_map(|record| match record {
            Record::Call(call) => Some(call),
            Record::Note(_) => None,
        })
        .collect()
}

proptest! {
    #[test]
    fn numbers_come_back(number: u64, signed: i64) {
        let mut bytes = [0; 16];
        let mut writer = Writer::to(&mut bytes);
        prop_assert!(writer.number(number));
        prop_assert_eq!(writer.written(), width(number));
        prop_assert_eq!(Reader::of(&bytes).number(), Some(number));
        prop_assert_eq!(unfolded(folded(signed)), signed);
    }

    #[test]
    fn calls_come_back(calls in prop::collection::vec(calls(), 0..100), seal: bool) {
        let calls = in_order(calls);
        prop_assert_eq!(calls_of(&chunk(&calls, seal)), calls);
    }

    #[test]
    fn a_cut_chunk_gives_what_is_whole(calls in prop::collection::vec(calls(), 1..50), cut in 0usize..4096) {
        let calls = in_order(calls);
        let mut bytes = chunk(&calls, false);
        let cut = HEADER.max(cut.min(bytes.len()));
        bytes.truncate(cut);
        let read = calls_of(&bytes);
        prop_assert!(calls.starts_with(&read));
    }

    #[test]
    fn bytes_at_random_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..5000), framed: bool) {
        if framed && bytes.len() >= HEADER {
            let header = Header {
                version: VERSION, records: HEADER, length: 2 * STEP, used: 0, process: 1, time: 0, checksum: 0,
            };
            bytes[..HEADER].copy_from_slice(&header.to_bytes());
        }
        let _ = Records::of(&bytes, &shapes()).count();
    }

    #[test]
    fn one_changed_byte_changes_the_checksum(calls in prop::collection::vec(calls(), 1..20), at: usize, by in 1u8..) {
        let bytes = chunk(&in_order(calls), true);
        let header = Header::read(&bytes).unwrap();
        let mut used = bytes[..header.used].to_vec();
        prop_assert_eq!(checksum(&used), header.checksum);
        let at = at % used.len();
        used[at] ^= by;
        prop_assert_eq!(checksum(&used) != header.checksum, !CHECKSUM_AT.contains(&at));
    }
}

#[test]
fn notes_come_back() {
    let frames = [
        Frame {
            module: 1,
            offset: 0x1234,
        },
        Frame {
            module: 0,
            offset: u64::MAX,
        },
    ];
    let notes = [
        Note::Start {
            version: b"0.1.0",
            process: 1,
            parent: 2,
            real: 3,
            monotonic: 4,
            program: b"/bin/x",
            arguments: b"x\0-y\0",
            level: b"calls",
        },
        Note::Function {
            number: 1,
            shape: 20,
            name: b"malloc",
        },
        Note::Thread {
            thread: 5,
            name: b"",
        },
        Note::Module {
            number: 1,
            start: 0x1000,
            end: 0x2000,
            bias: 0,
            build_id: &[1, 2, 3],
            path: b"/lib/x.so",
        },
        Note::Called {
            number: 300,
            parent: 299,
            frame: frames[0],
        },
        Note::Stack {
            number: 9,
            frames: Frames::Known(&frames),
        },
        Note::Fault {
            time: 1,
            thread: 2,
            stops: true,
            address: 3,
            stack: 4,
            allocated: 5,
            freed: 6,
            text: b"secmalloc: ...",
        },
        Note::Lost { calls: 1 << 40 },
        Note::Leak {
            address: 1,
            size: 2,
            reach: Reach::Lost,
            stack: 3,
        },
        Note::Class {
            slot: 16,
            made: 1,
            bytes: 2,
            live: 3,
            live_bytes: 4,
        },
        Note::End { time: 1, cpu: 2 },
        Note::Leaks {
            lost: (1, 2),
            indirectly: (3, 4),
            reachable: (5, 6),
            stopped: 7,
            running: 8,
            listed: 9,
        },
    ];
    let mut bytes = vec![0; STEP];
    let header = Header {
        version: VERSION,
        records: HEADER,
        length: STEP,
        used: 0,
        process: 1,
        time: 0,
        checksum: 0,
    };
    bytes[..HEADER].copy_from_slice(&header.to_bytes());
    let mut at = HEADER;
    for note in &notes {
        at = put(&mut bytes, at, |writer| note.write(writer));
        // A type that is not known yet, between those that are.
        at = put(&mut bytes, at, |writer| {
            writer.bytes(&[2, 0, 0]).then_some(NOTE | 100)
        });
    }
    let read: Vec<_> = Records::of(&bytes, &shapes()).collect();
    assert_eq!(read, notes.map(Record::Note));
}

#[test]
fn every_call_has_a_number_of_its_own() {
    for (at, (number, operation, shape)) in FUNCTIONS.iter().enumerate() {
        assert_eq!(function(*operation), Some((*number, *shape)));
        assert!((1..32).contains(number));
        assert!(FUNCTIONS[..at].iter().all(|(other, ..)| other != number));
    }
    assert_eq!(function(Operation::Access), None);
}

#[test]
fn an_ordinary_call_is_short() {
    let (number, shape) = function(Operation::Malloc).unwrap();
    let calls: Vec<_> = (0..1000u64)
        .map(|at| Call {
            function: number,
            shape,
            time: 1000 + at * 900,
            size: 24 + at % 200,
            result: 0x7123_4560_0000 + at * 7919 % 4096 * 32,
            ..Call::default()
        })
        .collect();
    let bytes = chunk(&calls, true);
    let used = Header::read(&bytes).unwrap().used;
    assert!(used < 1000 * 9, "{used} bytes for 1000 calls");
}
