// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is said of each fault: the first line to the letter, and the rest in the buffer.

use super::*;
use crate::fault::{Evidence, Residue, EVIDENCE};
use crate::slot_state::Kind;

fn block() -> Block {
    Block {
        address: 0x1000,
        requested: Some(24),
        slot: 32,
        kind: Some(Kind::Malloc),
        allocated_by: Actor {
            thread: 7,
            or_earlier: true,
            ..Actor::default()
        },
        freed_by: Actor {
            thread: 8,
            or_earlier: false,
            ..Actor::default()
        },
    }
}

fn lines(fault: &Fault) -> String {
    let context = Context {
        process: 42,
        thread: 43,
        operation: Operation::Free,
        stops: true,
        memory: None,
        names: [Some("finder"), None, None],
        neighbours: [None; 2],
    };
    String::from_utf8(render(fault, &context).as_bytes().to_vec()).unwrap()
}

fn local(mishap: Mishap) -> Fault {
    Fault::SensitiveStackOverflow { mishap }
}

#[test]
fn first_lines_are_stable() {
    let block = block();
    let evidence = Evidence::default();
    #[rustfmt::skip] // a line for each case
    let cases = [
        (
            Fault::HeapBufferOverflow { block, offset: 24, contact: Contact::Written(evidence) },
            "heap-buffer-overflow: free: 24-byte block written past its end, first at offset 24",
        ),
        (
            Fault::HeapBufferOverflow { block, offset: 24, contact: Contact::Guarded },
            "heap-buffer-overflow: free: 24-byte block accessed past its end, at offset 24",
        ),
        (
            Fault::HeapBufferUnderflow { block, distance: 1, contact: Contact::Written(evidence) },
            "heap-buffer-underflow: free: 24-byte block written before its start",
        ),
        (
            Fault::HeapBufferUnderflow { block, distance: 1, contact: Contact::Guarded },
            "heap-buffer-underflow: free: 24-byte block accessed before its start, at offset -1",
        ),
        (Fault::DoubleFree { block }, "double-free: free: block was already freed"),
        (
            Fault::InvalidFree { pointer: 1, stray: Stray::InsideLive(block, 8) },
            "invalid-free: free: pointer is 8 bytes inside a live 24-byte block",
        ),
        (
            Fault::InvalidFree { pointer: 1, stray: Stray::InsideLive(block, 1) },
            "invalid-free: free: pointer is 1 byte inside a live 24-byte block",
        ),
        (
            Fault::InvalidFree { pointer: 1, stray: Stray::InsideLive(block, 24) },
            "invalid-free: free: pointer is 24 bytes behind the start of a live 24-byte block, past its end",
        ),
        (
            Fault::InvalidFree { pointer: 1, stray: Stray::InsideFreed(block, 8) },
            "invalid-free: free: pointer is 8 bytes inside a freed block",
        ),
        (
            Fault::InvalidFree { pointer: 1, stray: Stray::NeverAllocated },
            "invalid-free: free: pointer is to memory that was never allocated",
        ),
        (
            Fault::InvalidFree { pointer: 1, stray: Stray::Foreign },
            "invalid-free: free: pointer is not from this heap",
        ),
        (
            Fault::UseAfterFreeWrite { block, offset: 3, evidence },
            "use-after-free-write: free: freed block was written to, first at offset 3",
        ),
        (
            Fault::UseAfterFreeAccess { block, offset: 3 },
            "use-after-free-access: free: freed 24-byte block accessed, at offset 3",
        ),
        (
            Fault::SizeMismatch { block, given: 25 },
            "size-mismatch: free: 24-byte block freed as 25 bytes",
        ),
        (
            Fault::AlignmentMismatch { block, given: 64 },
            "alignment-mismatch: free: 24-byte block is not aligned to 64 bytes",
        ),
        (Fault::ReallocAfterFree { block }, "realloc-after-free: free: block was already freed"),
        (
            Fault::MetadataCorruption { block, state: 3 },
            "metadata-corruption: free: the state of a slot is impossible",
        ),
        (
            Fault::AllocDeallocMismatch { block, given: None, caller: 0 },
            "alloc-dealloc-mismatch: free: 24-byte block was made by malloc",
        ),
        (
            local(Mishap::Full { size: 100, used: 16, whole: 64 }),
            "sensitive-stack-overflow: free: 100-byte local does not fit, 16 of 64 bytes are in use",
        ),
        (
            local(Mishap::Refused { size: 64, why: 12 }),
            "sensitive-stack-overflow: free: a stack of 64 bytes cannot be had as the options want it, errno 12",
        ),
        (
            local(Mishap::Smashed { address: 0x1000, size: 24 }),
            "sensitive-stack-overflow: free: 24-byte local written past its end",
        ),
        (
            local(Mishap::Gone { address: 0x1000, size: 24 }),
            "sensitive-stack-overflow: free: 24-byte local was gone before its block ended",
        ),
        (
            local(Mishap::Above { distance: 0 }),
            "sensitive-stack-overflow: free: accessed past the stack's end, at offset 0",
        ),
        (
            local(Mishap::Below { distance: 1 }),
            "sensitive-stack-overflow: free: accessed before the stack's start, at offset -1",
        ),
        (
            Fault::SecretResidue { place: Residue::Freed(block), address: 0x1008, length: 16 },
            "secret-residue: free: 24-byte block freed with a watched secret in it, at offset 8",
        ),
        (
            Fault::SecretResidue { place: Residue::Moved(block), address: 0x1000, length: 16 },
            "secret-residue: free: 24-byte block moved with a watched secret in its old place, at offset 0",
        ),
        (
            Fault::SecretResidue { place: Residue::Cut(block), address: 0x1008, length: 16 },
            "secret-residue: free: 24-byte block shrunk with a watched secret in what it lost, at offset 8",
        ),
        (
            Fault::SecretResidue { place: Residue::Live(block), address: 0x1008, length: 16 },
            "secret-residue: free: 24-byte block holds a watched secret, at offset 8",
        ),
        (
            Fault::SecretResidue {
                place: Residue::Stack { thread: 43, below: 64 }, address: 0x7f08, length: 16,
            },
            "secret-residue: free: a watched secret was left on the stack of the calling thread",
        ),
        (
            Fault::SecretResidue {
                place: Residue::Stack { thread: 44, below: 64 }, address: 0x7f08, length: 16,
            },
            "secret-residue: free: a watched secret was left on the stack of another thread",
        ),
    ];
    let mut seen = [false; crate::fault::FAULTS];
    for (fault, line) in cases {
        let text = lines(&fault);
        assert_eq!(
            text.lines().next().unwrap(),
            format!("secmalloc: 42: {line}")
        );
        assert!(text.ends_with("stopped (SIGABRT)\n"));
        seen[fault.index()] = true;
    }
    assert!(seen.iter().all(|&s| s), "a fault without a line");
}

#[test]
fn a_block_of_another_family_is_freed_and_its_caller_named() {
    let fault = Fault::AllocDeallocMismatch {
        block: Block {
            kind: Some(Kind::NewArray),
            ..block()
        },
        given: Some(8),
        caller: 0x55_1234,
    };
    let context = Context {
        process: 42,
        thread: 43,
        operation: Operation::Delete,
        stops: false,
        memory: Some("r-xp /bin/program"),
        names: [None; 3],
        neighbours: [None; 2],
    };
    let text = String::from_utf8(render(&fault, &context).as_bytes().to_vec()).unwrap();
    assert!(text.starts_with(
        "secmalloc: 42: alloc-dealloc-mismatch: operator delete: 24-byte block was made by new[]\n\
         \x20 caller     0x551234\n  claimed    8 bytes\n  memory     r-xp /bin/program\n"
    ));
    assert!(text.contains("the block is freed"), "{text}");
}

#[test]
fn a_residue_says_where_it_is_and_nothing_else_of_it() {
    let text = lines(&Fault::SecretResidue {
        place: Residue::Stack {
            thread: 44,
            below: 64,
        },
        address: 0x7f08,
        length: 16,
    });
    let second = text.lines().nth(1).unwrap();
    assert_eq!(
        second,
        "  secret     16 bytes at 0x7f08, 64 bytes below the stack pointer of thread 44"
    );
    let text = lines(&Fault::SecretResidue {
        place: Residue::Freed(block()),
        address: 0x1008,
        length: 16,
    });
    assert!(text.contains("\n  secret     16 bytes at 0x1008\n  block      0x1000, "));
    assert!(
        !text.contains("expected") && !text.contains("found  "),
        "{text}"
    );
}

#[test]
fn evidence_never_shows_intact_canary() {
    let mut found = [0xaa; EVIDENCE];
    found[1] = 0x41;
    let evidence = Evidence {
        found,
        wrong: 0b10,
        canary: 0b111,
        length: 4,
        ..Evidence::default()
    };
    let fault = Fault::UseAfterFreeWrite {
        block: block(),
        offset: 0,
        evidence,
    };
    let text = lines(&fault);
    assert!(
        text.contains("expected   ?? ?? ?? 00  (?? is keyed canary)\n"),
        "{text}"
    );
    assert!(
        text.contains("found      == 41 == ==  \".A..\"\n"),
        "{text}"
    );
    assert!(
        !text.contains("aa") && text.matches("expected").count() == 1,
        "{text}"
    );
}

#[test]
fn the_longest_message_fits() {
    let actor = Actor {
        thread: u32::MAX,
        or_earlier: true,
        ..Actor::default()
    };
    let block = Block {
        address: usize::MAX,
        requested: Some(usize::MAX),
        slot: usize::MAX,
        kind: Some(Kind::NewArray),
        allocated_by: actor,
        freed_by: actor,
    };
    let evidence = Evidence {
        address: usize::MAX,
        found: [b'x'; EVIDENCE],
        wrong: u64::MAX,
        canary: u64::MAX,
        length: EVIDENCE,
        more: usize::MAX,
        hidden: false,
    };
    let neighbour = Neighbour {
        block,
        standing: Standing::Live,
        gap: usize::MAX,
    };
    let contact = Contact::Written(evidence);
    let fault = Fault::HeapBufferOverflow {
        block,
        offset: usize::MAX,
        contact,
    };
    let context = Context {
        process: u32::MAX,
        thread: u32::MAX,
        operation: Operation::FreeAlignedSized,
        stops: false,
        memory: None,
        names: [Some("a name of fiften"); 3],
        neighbours: [Some(neighbour); 2],
    };
    let text = render(&fault, &context);
    assert!(text.as_bytes().len() < CAPACITY && text.as_bytes().ends_with(b"(policy)\n"));
}

#[test]
fn bytes_are_shown_to_the_last_wrong_one_and_the_rest_is_counted() {
    let mut found = [0; EVIDENCE];
    found[17] = b'B';
    let evidence = Evidence {
        address: 0x1018,
        found,
        wrong: 1 | 1 << 17,
        canary: 0,
        length: EVIDENCE,
        more: 5,
        hidden: false,
    };
    let text = lines(&Fault::UseAfterFreeWrite {
        block: block(),
        offset: 24,
        evidence,
    });
    assert!(text.contains("  at         0x1018\n"), "{text}");
    assert_eq!(text.matches("  expected   00 ").count(), 2, "{text}");
    assert!(text.contains("\n  found      == 42 == == == == == == == == == == == == == ==  \".B"));
    assert!(
        text.contains("  further    5 more of the bytes behind these\n"),
        "{text}"
    );
}

/// What stood in sensitive memory is in no message, not even one byte of it.
#[test]
fn bytes_of_sensitive_memory_are_counted_only() {
    let evidence = Evidence {
        address: 0x1018,
        found: [b'S'; EVIDENCE],
        wrong: u64::MAX,
        canary: 0,
        length: 0,
        more: 31,
        hidden: true,
    };
    let text = lines(&Fault::UseAfterFreeWrite {
        block: block(),
        offset: 24,
        evidence,
    });
    assert!(text.contains("  found      31 wrong bytes, not shown: the memory is sensitive\n"));
    assert!(
        !text.contains("expected") && !text.contains(" 53 53"),
        "{text}"
    );
}

#[test]
fn neighbours_are_named() {
    let fault = Fault::DoubleFree { block: block() };
    let live = Neighbour {
        block: block(),
        standing: Standing::Live,
        gap: 0,
    };
    let freed = Neighbour {
        block: Block {
            requested: None,
            ..block()
        },
        standing: Standing::Freed,
        gap: 4096,
    };
    let context = Context {
        process: 42,
        thread: 43,
        operation: Operation::Free,
        stops: true,
        memory: None,
        names: [None; 3],
        neighbours: [Some(live), Some(freed)],
    };
    let text = String::from_utf8(render(&fault, &context).as_bytes().to_vec()).unwrap();
    for line in [
        "  before     0x1000, 24 bytes, allocated by thread 7\n",
        "  behind     0x1000, slot of 32 bytes, freed by thread 8, 4096 bytes away\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}
