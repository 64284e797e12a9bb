// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any fault as a message.
#![no_main]

#[allow(dead_code)]
#[path = "../../policy/tests/rules/mod.rs"]
mod rules;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use secmalloc_policy::fault::{
    Actor, Block, Contact, Evidence, Fault, Mishap, Operation, Residue, Stray, EVIDENCE, FAULTS,
};
use secmalloc_policy::message::Context;
use secmalloc_policy::slot_state::Kind;

fn actor(from: &mut Unstructured<'_>) -> Result<Actor> {
    Ok(Actor {
        thread: from.arbitrary()?,
        or_earlier: from.arbitrary()?,
        stack: from.arbitrary()?,
        name: from.arbitrary()?,
    })
}

fn block(from: &mut Unstructured<'_>) -> Result<Block> {
    let kinds = [
        None,
        Some(Kind::Malloc),
        Some(Kind::New),
        Some(Kind::NewArray),
    ];
    Ok(Block {
        address: from.arbitrary()?,
        requested: from.arbitrary()?,
        slot: from.arbitrary()?,
        kind: *from.choose(&kinds)?,
        allocated_by: actor(from)?,
        freed_by: actor(from)?,
    })
}

fn evidence(from: &mut Unstructured<'_>) -> Result<Evidence> {
    Ok(Evidence {
        address: from.arbitrary()?,
        found: from.arbitrary()?,
        wrong: from.arbitrary()?,
        canary: from.arbitrary()?,
        length: from.int_in_range(0..=EVIDENCE)?,
        more: from.arbitrary()?,
    })
}

fn contact(from: &mut Unstructured<'_>) -> Result<Contact> {
    Ok(if from.arbitrary()? {
        Contact::Written(evidence(from)?)
    } else {
        Contact::Guarded
    })
}

fn stray(from: &mut Unstructured<'_>) -> Result<Stray> {
    Ok(match from.int_in_range(0..=3)? {
        0 => Stray::InsideLive(block(from)?, from.arbitrary()?),
        1 => Stray::InsideFreed(block(from)?, from.arbitrary()?),
        2 => Stray::NeverAllocated,
        _ => Stray::Foreign,
    })
}

fn residue(block: Block, from: &mut Unstructured<'_>) -> Result<Residue> {
    Ok(match from.int_in_range(0..=4)? {
        0 => Residue::Freed(block),
        1 => Residue::Moved(block),
        2 => Residue::Cut(block),
        3 => Residue::Live(block),
        _ => Residue::Stack {
            thread: from.arbitrary()?,
            below: from.arbitrary()?,
        },
    })
}

#[rustfmt::skip] // a line for each fault
fn fault(from: &mut Unstructured<'_>) -> Result<Fault> {
    let which = from.int_in_range(0..=FAULTS - 1)?;
    let (block, number) = (block(from)?, from.arbitrary()?);
    Ok(match which {
        0 => Fault::HeapBufferOverflow { block, offset: number, contact: contact(from)? },
        1 => Fault::HeapBufferUnderflow { block, distance: number, contact: contact(from)? },
        2 => Fault::DoubleFree { block },
        3 => Fault::InvalidFree { pointer: number, stray: stray(from)? },
        4 => Fault::UseAfterFreeWrite { block, offset: number, evidence: evidence(from)? },
        5 => Fault::UseAfterFreeAccess { block, offset: number },
        6 => Fault::SizeMismatch { block, given: number },
        7 => Fault::AlignmentMismatch { block, given: number },
        8 => Fault::ReallocAfterFree { block },
        9 => Fault::MetadataCorruption { block, state: from.arbitrary()? },
        10 => Fault::AllocDeallocMismatch { block, given: from.arbitrary()?, caller: number },
        11 => Fault::SensitiveStackOverflow {
            mishap: match from.int_in_range(0..=5)? {
                0 => Mishap::Full { size: number, used: from.arbitrary()?, whole: from.arbitrary()? },
                1 => Mishap::Refused { size: number, why: from.arbitrary()? },
                2 => Mishap::Smashed { address: from.arbitrary()?, size: number },
                3 => Mishap::Gone { address: from.arbitrary()?, size: number },
                4 => Mishap::Above { distance: number },
                _ => Mishap::Below { distance: number },
            },
        },
        12 => Fault::SecretResidue { place: residue(block, from)?, address: number, length: from.arbitrary()? },
        _ => unreachable!("a fault that is not fuzzed"),
    })
}

fn one(from: &mut Unstructured<'_>) -> Result<()> {
    let operations = [
        Operation::Malloc,
        Operation::FreeAlignedSized,
        Operation::UsableSize,
        Operation::DeleteArray,
        Operation::Access,
        Operation::Exit,
    ];
    let fault = fault(from)?;
    let context = Context {
        process: from.arbitrary()?,
        thread: from.arbitrary()?,
        operation: *from.choose(&operations)?,
        stops: from.arbitrary()?,
        memory: from.arbitrary()?,
        names: from.arbitrary()?,
        neighbours: [None; 2],
    };
    rules::message_holds(&fault, &context);
    Ok(())
}

// An input that is too short for a fault is none.
fuzz_target!(|data: &[u8]| {
    let _ = one(&mut Unstructured::new(data));
});
