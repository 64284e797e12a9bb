// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must be true of option strings and messages, whatever they are about: for
//! `tests/properties.rs`, which draws them at random, and for the fuzzer (`rust/fuzz`).
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

use secmalloc_policy::fault::{Actor, Fault};
use secmalloc_policy::message::{render, Context, CAPACITY};
use secmalloc_policy::options::{Accepts, Options, TABLE};

/// What is read is in range, reads back as what it is, and what is not read is complained of without
/// a byte that could speak to a terminal.
pub fn options_hold(text: &[u8]) {
    let mut complaints = Vec::new();
    let options = Options::parse(text, |complaint| complaints.push(complaint.to_string()));
    for complaint in &complaints {
        assert!(complaint.starts_with("option: "), "{complaint:?}");
        assert!(complaint.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }
    let pieces = text.split(|&byte| byte == b':').filter(|p| !p.is_empty());
    assert!(complaints.len() <= pieces.count());

    let mut again = String::new();
    for row in &TABLE {
        let mut value = String::new();
        options
            .write_value(row.name.as_bytes(), &mut value)
            .unwrap()
            .unwrap();
        match row.accepts {
            Accepts::Words(words) => assert!(words.contains(&&*value)),
            Accepts::Path => assert!(["none", "set"].contains(&&*value)),
            Accepts::Number(least, most, _) => {
                assert!((least..=most).contains(&value.parse().unwrap()));
            }
        }
        if !matches!(row.accepts, Accepts::Path) {
            again.push_str(&format!("{}={value}:", row.name));
        }
    }
    if let Some(path) = options.report_dir() {
        assert!(path.of(text).starts_with(b"/") && !path.of(text).contains(&b':'));
        return;
    }
    let read = Options::parse(again.as_bytes(), |complaint| panic!("{again}: {complaint}"));
    assert_eq!(read, options, "{again}");
}

/// A message is one line for machines, in a form that never changes, and whole lines for people.
pub fn message_holds(fault: &Fault, context: &Context<'_>) {
    let text = render(fault, context);
    let bytes = text.as_bytes();
    assert!(bytes.len() <= CAPACITY);
    let start = format!(
        "secmalloc: {}: {}: {}: ",
        context.process,
        fault.name(),
        context.operation.name()
    );
    assert!(bytes.starts_with(start.as_bytes()));
    // What the kernel says of a foreign address may be long, and in any letters.
    if context.memory.is_none() {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(text.ends_with('\n') && bytes.len() < CAPACITY, "{text}");
        let (block, evidence) = (fault.block(), fault.evidence());
        let did = |by: Option<Actor>| by.is_some_and(|by| by.thread != 0);
        let expected = [
            ("block", block.is_some()),
            ("allocated", did(block.map(|block| block.allocated_by))),
            ("freed", did(block.map(|block| block.freed_by))),
            // Of sensitive memory nothing is shown.
            (
                "expected",
                evidence.is_some_and(|evidence| !evidence.hidden),
            ),
            ("found", evidence.is_some()),
            ("thread", true),
            ("the", true),
        ];
        let expected = expected.iter().filter(|(_, is_there)| *is_there);
        // Indented, and each under its own word.
        let words = text.lines().skip(1).map(|line| {
            let word = line
                .strip_prefix("  ")
                .and_then(|line| line.split(' ').next());
            word.unwrap_or("nothing")
        });
        let of_fault = [
            "pointer", "state", "caller", "claimed", "local", "secret", "before", "behind", "at",
            "further",
        ];
        let mut words: Vec<_> = words.filter(|word| !of_fault.contains(word)).collect();
        // Bytes may take several lines.
        while let Some(at) = words
            .windows(4)
            .position(|four| four == ["expected", "found", "expected", "found"])
        {
            words.drain(at..at + 2);
        }
        assert!(words.iter().eq(expected.map(|(word, _)| word)), "{text}");
        assert!(text
            .bytes()
            .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
    }
}
