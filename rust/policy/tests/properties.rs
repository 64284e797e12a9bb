// SPDX-License-Identifier: MIT OR Apache-2.0
//! Option strings that nearly make sense, and messages about any block at all.
#![allow(missing_docs, clippy::unwrap_used)]

mod rules;

use proptest::prelude::*;
use secmalloc_policy::fault::{
    Actor, Block, Contact, Evidence, Fault, Mishap, Operation, Residue, Stray, EVIDENCE, FAULTS,
};
use secmalloc_policy::message::Context;
use secmalloc_policy::options::{Accepts, TABLE};
use secmalloc_policy::slot_state::Kind;

/// A name, and a value that it may accept.
fn piece() -> impl Strategy<Value = String> {
    let name = prop::sample::select(TABLE.iter().collect::<Vec<_>>());
    (name, any::<u32>(), "[a-z_=]{0,12}", 0..8u8).prop_map(|(row, number, word, how)| {
        let value = match (row.accepts, how) {
            (_, 0) => word,
            (Accepts::Words(words), _) => words[number as usize % words.len()].to_string(),
            (Accepts::Path, _) => format!("/tmp/{number}"),
            (Accepts::Number(_, most, _), 1) => (u64::from(most) + 1).to_string(),
            (Accepts::Number(least, most, _), _) => {
                (least + number % (most - least + 1)).to_string()
            }
        };
        match how {
            2 => format!("{}{value}", row.name),
            _ => format!("{}={value}", row.name),
        }
    })
}

const KINDS: [Option<Kind>; 4] = [
    None,
    Some(Kind::Malloc),
    Some(Kind::New),
    Some(Kind::NewArray),
];

fn block() -> impl Strategy<Value = Block> {
    let actor = || {
        any::<(u32, bool)>().prop_map(|(thread, or_earlier)| Actor {
            thread,
            or_earlier,
            ..Actor::default()
        })
    };
    let numbers = any::<(usize, Option<usize>, usize)>();
    (numbers, prop::sample::select(&KINDS[..]), actor(), actor()).prop_map(
        |((address, requested, slot), kind, allocated_by, freed_by)| Block {
            address,
            requested,
            slot,
            kind,
            allocated_by,
            freed_by,
        },
    )
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (
        any::<[u8; EVIDENCE]>(),
        any::<(u64, u64)>(),
        0..=EVIDENCE,
        any::<(usize, usize)>(),
    )
        .prop_map(
            |(found, (wrong, canary), length, (address, more))| Evidence {
                address,
                found,
                wrong,
                canary,
                length,
                more,
                hidden: more % 5 == 1,
            },
        )
}

fn fault() -> impl Strategy<Value = Fault> {
    let parts = (block(), evidence(), any::<(usize, usize, bool, u8)>());
    (parts, 0..FAULTS, 0..4u8).prop_map(|((block, evidence, numbers), which, stray)| {
        let (number, pointer, guarded, state) = numbers;
        let contact = if guarded {
            Contact::Guarded
        } else {
            Contact::Written(evidence)
        };
        let stray = match stray {
            0 => Stray::InsideLive(block, number),
            1 => Stray::InsideFreed(block, number),
            2 => Stray::NeverAllocated,
            _ => Stray::Foreign,
        };
        let place = match number % 5 {
            0 => Residue::Freed(block),
            1 => Residue::Moved(block),
            2 => Residue::Cut(block),
            3 => Residue::Live(block),
            _ => Residue::Stack {
                thread: pointer as u32,
                below: number,
            },
        };
        #[rustfmt::skip] // a line for each fault
        let fault = match which {
            0 => Fault::HeapBufferOverflow { block, offset: number, contact },
            1 => Fault::HeapBufferUnderflow { block, distance: number, contact },
            2 => Fault::DoubleFree { block },
            3 => Fault::InvalidFree { pointer, stray },
            4 => Fault::UseAfterFreeWrite { block, offset: number, evidence },
            5 => Fault::UseAfterFreeAccess { block, offset: number },
            6 => Fault::SizeMismatch { block, given: number },
            7 => Fault::AlignmentMismatch { block, given: number },
            8 => Fault::ReallocAfterFree { block },
            9 => Fault::MetadataCorruption { block, state },
            10 => Fault::AllocDeallocMismatch { block, given: guarded.then_some(number), caller: pointer },
            11 => Fault::SensitiveStackOverflow {
                mishap: match stray {
                    Stray::InsideLive(..) => Mishap::Full { size: number, used: pointer, whole: number },
                    Stray::InsideFreed(..) => Mishap::Refused { size: number, why: i32::from(state) },
                    Stray::NeverAllocated => Mishap::Smashed { address: pointer, size: number },
                    Stray::Foreign => Mishap::Gone { address: pointer, size: number },
                },
            },
            _ => Fault::SecretResidue { place, address: pointer, length: number },
        };
        fault
    })
}

proptest! {
    #[test]
    fn options_read_back(pieces in prop::collection::vec(piece(), 0..12)) {
        rules::options_hold(pieces.join(":").as_bytes());
    }

    #[test]
    fn any_bytes_are_safe_as_options(text in prop::collection::vec(any::<u8>(), 0..200)) {
        rules::options_hold(&text);
    }

    #[test]
    fn messages_have_their_form(
        fault in fault(),
        (process, thread, stops) in any::<(u32, u32, bool)>(),
        memory in prop::option::of(".{0,1200}"),
    ) {
        for operation in [Operation::Free, Operation::FreeAlignedSized, Operation::Access] {
            let memory = memory.as_deref();
            let context = Context { process, thread, operation, stops, memory, names: [None; 3], neighbours: [None; 2] };
            rules::message_holds(&fault, &context);
        }
    }
}
