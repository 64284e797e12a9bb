// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is read is what was written; what cannot be read is named, and harms nothing.

use super::*;

fn parse(text: &str) -> (Options, Vec<String>) {
    let mut complaints = Vec::new();
    let options = Options::parse(text.as_bytes(), |c| complaints.push(c.to_string()));
    (options, complaints)
}

#[test]
fn names_and_places_agree() {
    let named = [
        (row::PROFILE, "profile"),
        (row::POLICY, "policy"),
        (row::FOREIGN, "foreign_pointer"),
        (row::USABLE, "usable_size"),
        (row::SWEEP, "sweep_ms"),
        (row::SWEEP_SHARE, "sweep_share"),
        (row::NEIGHBOURS, "neighbours"),
        (row::VERIFY_FRESH, "verify_fresh"),
        (row::WINDOW, "window"),
        (row::GUARD_EVERY, "guard_every"),
        (row::GUARD_ALL, "guard_all"),
        (row::LARGE_KEPT, "large_kept"),
        (row::EXPLAIN_SEGV, "explain_segv"),
        (row::TRACE, "trace"),
        (row::STACKS, "stacks"),
        (row::REPORT_DIR, "report_dir"),
        (row::LEAKS, "leaks"),
        (row::LEAK_STATUS, "leak_exit_status"),
        (row::SENSITIVE, "sensitive"),
        (row::SENSITIVE_DUMP, "sensitive_dump"),
        (row::SENSITIVE_LOCK, "sensitive_lock"),
        (row::SENSITIVE_FORK, "sensitive_fork"),
        (row::SENSITIVE_BACKING, "sensitive_backing"),
        (row::SENSITIVE_EXIT, "sensitive_exit"),
        (row::SENSITIVE_STACK, "sensitive_stack"),
        (row::SENSITIVE_ACCESS, "sensitive_access"),
    ];
    assert_eq!(named.len(), row::FIRST_FAULT);
    for (place, name) in named {
        assert_eq!(TABLE[place].name, name);
    }
}

#[test]
fn reports_hold_as_much_as_is_asked() {
    assert_eq!(Options::default().trace(), Level::Calls);
    assert_eq!(parse("trace=summary").0.trace(), Level::Summary);
    assert_eq!(parse("trace=stacks").0.trace(), Level::Stacks);
    assert_eq!(parse("profile=diagnose").0.trace(), Level::Stacks);
}

#[test]
fn sensitive_memory_has_all_protections_until_told_otherwise() {
    let usual = Options::default().sensitive();
    assert!(usual.excluded && usual.locked && usual.wiped_on_fork && usual.wiped_at_exit);
    assert!(!usual.secret && !usual.strict && !usual.windows && usual.stack == 256 << 10);
    let (options, _) = parse(
        "sensitive=strict:sensitive_dump=keep:sensitive_lock=no:sensitive_fork=keep:\
         sensitive_backing=secret:sensitive_exit=keep:sensitive_stack=16:\
         sensitive_access=window",
    );
    let other = options.sensitive();
    assert!(other.strict && other.secret && other.windows && other.stack == 16 << 10);
    assert!(!other.excluded && !other.locked && !other.wiped_on_fork && !other.wiped_at_exit);
}

#[test]
fn leaks_are_looked_for_where_that_was_asked() {
    for (text, recorded, plain) in [
        ("", true, false),
        ("leaks=no", false, false),
        ("leaks=yes", true, true),
        ("leak_exit_status=23", true, true),
        ("leak_exit_status=23:leaks=no", false, false),
    ] {
        let options = parse(text).0;
        assert_eq!(options.leaks(true), recorded, "{text}");
        assert_eq!(options.leaks(false), plain, "{text}");
    }
    assert_eq!(parse("leak_exit_status=23").0.leak_exit_status(), 23);
    assert_eq!(parse("leak_exit_status=256").1.len(), 1);
}

#[test]
fn a_profile_comes_first_wherever_it_stands() {
    let (options, complaints) = parse("sweep_ms=7:profile=strict");
    assert!(complaints.is_empty());
    assert_eq!(options.sweep_ms(), 7);
    assert!(options.verify_fresh());
}

#[test]
fn bad_pieces_are_named_and_leave_the_default() {
    let (options, complaints) = parse("sweep_ms=never:colour=red:policy::neighbours=no");
    assert_eq!(options.sweep_ms(), 50);
    assert!(!options.neighbours());
    assert_eq!(complaints.len(), 3);
    assert!(complaints[0].contains("`never`") && complaints[0].contains("0..60000 ms"));
    assert!(complaints[1].contains("`colour`") && complaints[1].contains("guard_every"));
    assert!(complaints[2].contains("`policy` has no value"));
    let (_, complaints) = parse("policy=\x1b[31m");
    assert!(complaints[0].contains("`?[31m`"));
}

#[test]
fn sweeps_are_bounded_by_what_the_process_has_used() {
    let options = Options::default();
    assert_eq!(options.sweep_us(0, false), 1000);
    assert_eq!(options.sweep_us(0, true), 250);
    assert_eq!(options.sweep_us(1_000_000, true), 10_000);
    assert_eq!(options.sweep_us(u64::MAX, false), 50_000);
    assert_eq!(parse("sweep_share=0").0.sweep_us(0, true), 50_000);
    assert_eq!(parse("sweep_ms=0").0.sweep_us(1 << 40, false), 0);
    assert_eq!(parse("profile=strict").0.sweep_us(0, true), 10_000_000);
}

#[test]
fn policies_by_fault() {
    let (options, _) = parse("policy=report:double-free=abort:foreign_pointer=ignore");
    assert_eq!(options.policy(0, false), Policy::Report);
    assert_eq!(options.policy(2, false), Policy::Abort);
    assert_eq!(options.policy(3, true), Policy::Ignore);
    assert_eq!(options.policy(3, false), Policy::Report);
    assert_eq!(Options::default().policy(3, true), Policy::Abort);
    assert_eq!(Options::default().policy(10, false), Policy::Report);
    assert_eq!(parse("profile=strict").0.policy(10, false), Policy::Abort);
    let (options, _) = parse("alloc-dealloc-mismatch=abort");
    assert_eq!(options.policy(10, false), Policy::Abort);
}

#[test]
fn values_read_back() {
    let (options, _) = parse("large_kept=5:usable_size=slot");
    let mut text = String::new();
    assert!(options
        .write_value(b"large_kept", &mut text)
        .unwrap()
        .is_ok());
    assert!(options
        .write_value(b"usable_size", &mut text)
        .unwrap()
        .is_ok());
    assert_eq!(text, "5slot");
    assert!(options.write_value(b"nothing", &mut text).is_none());
    assert_eq!(options.large_kept(), 5 << 20);
}

proptest::proptest! {
    #[test]
    fn any_text_parses(text in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let mut length = 0;
        let _ = Options::parse(&text, |c| length += c.to_string().len());
    }
}

#[test]
fn a_path_is_found_again_in_its_string() {
    let text = b"sweep_ms=1::report_dir=/var/crash:stacks=all";
    let options = Options::parse(text, |complaint| panic!("{complaint}"));
    assert_eq!(options.report_dir().unwrap().of(text), b"/var/crash");
    assert_eq!(Options::default().report_dir(), None);
    let long = [b"report_dir=/".as_slice(), &[b'x'; 4095]].concat();
    for wrong in [&b"report_dir="[..], b"report_dir=here", &long] {
        let mut complaints = 0;
        let options = Options::parse(wrong, |_| complaints += 1);
        assert_eq!((options.report_dir(), complaints), (None, 1));
    }
}
