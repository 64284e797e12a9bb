// SPDX-License-Identifier: MIT OR Apache-2.0
//! Suppressions of leaks, in LeakSanitizer's words: a file of lines `leak:PATTERN`, with `#` before what is a comment.
//!
//! A pattern is found in the name of a function, of a source file or of a module on the stack of the allocation: any
//! part of the name will do. `*` stands for any run of letters; `^` at the start and `$` at the end bind the pattern to the start and
//! the end of the name. What follows a `$` does not count.

/// Why a line is no suppression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complaint {
    /// It does not start with `leak:`.
    NotOfLeaks,
    /// Nothing follows `leak:`, so that everything would be suppressed.
    Empty,
}

/// The pattern of a line; `None` for an empty line or a comment.
#[must_use]
pub fn pattern(line: &[u8]) -> Option<Result<&[u8], Complaint>> {
    let line = line.trim_ascii();
    if line.is_empty() || line.starts_with(b"#") {
        return None;
    }
    Some(match line.strip_prefix(b"leak:") {
        None => Err(Complaint::NotOfLeaks),
        Some(pattern) if pattern.trim_ascii().is_empty() => Err(Complaint::Empty),
        Some(pattern) => Ok(pattern.trim_ascii()),
    })
}

/// Whether a pattern is found in a name. No pattern is found in an empty name.
#[must_use]
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.is_empty() {
        return false;
    }
    let (pattern, from_start) = match pattern.strip_prefix(b"^") {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    let end = pattern.iter().position(|&letter| letter == b'$');
    let to_end = end.is_some();
    let pattern = pattern.get(..end.unwrap_or(pattern.len())).unwrap_or(&[]);
    // Each part between stars at the first place behind the one before it: a later place leaves less room for the rest.
    let mut rest = name;
    let mut parts = pattern.split(|&letter| letter == b'*').peekable();
    let mut bound = from_start;
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let found = match (bound, last && to_end) {
            (true, true) => (rest == part).then_some(part.len()),
            (true, false) => rest.starts_with(part).then_some(part.len()),
            (false, true) => rest.ends_with(part).then_some(rest.len()),
            (false, false) => find(rest, part).map(|at| at.saturating_add(part.len())),
        };
        let Some(after) = found else {
            return false;
        };
        rest = rest.get(after..).unwrap_or(&[]);
        bound = false;
    }
    true
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by trying everything.
    fn slowly(pattern: &[u8], name: &[u8]) -> bool {
        fn here(pattern: &[u8], name: &[u8]) -> bool {
            match pattern.split_first() {
                None => true,
                Some((b'$', _)) => name.is_empty(),
                Some((b'*', rest)) => (0..=name.len()).any(|skipped| here(rest, &name[skipped..])),
                Some((letter, rest)) => name.first() == Some(letter) && here(rest, &name[1..]),
            }
        }
        if name.is_empty() {
            return false;
        }
        match pattern.strip_prefix(b"^") {
            Some(rest) => here(rest, name),
            None => (0..=name.len()).any(|skipped| here(pattern, &name[skipped..])),
        }
    }

    proptest! {
        #[test]
        fn as_by_trying_everything(pattern in "\\^?[ab*]{0,6}\\$?[ab]{0,2}", name in "[ab]{0,8}") {
            let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
            prop_assert_eq!(matches(pattern, name), slowly(pattern, name));
        }

        #[test]
        fn a_name_matches_its_own_parts(before in "[a-z:]{0,9}", part in "[a-z:]{1,9}", after in "[a-z:]{0,9}") {
            let name = [before.as_str(), &part, &after].concat();
            prop_assert!(matches(part.as_bytes(), name.as_bytes()));
            let parts = (["^", &before, "*", &after, "$"].concat(), ["^", &name, "$"].concat());
            prop_assert!(matches(parts.0.as_bytes(), name.as_bytes()));
            prop_assert!(matches(parts.1.as_bytes(), name.as_bytes()));
            let longer = [&name, "!"].concat();
            prop_assert!(!matches(parts.1.as_bytes(), longer.as_bytes()));
        }

        #[test]
        fn any_line_is_read(line in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(Ok(pattern)) = pattern(&line) {
                prop_assert!(!pattern.is_empty());
                let _ = matches(pattern, &line);
            }
        }
    }

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(pattern(b"leak:libfoo.so"), Some(Ok(&b"libfoo.so"[..])));
        assert_eq!(pattern(b"  leak: a b \r"), Some(Ok(&b"a b"[..])));
        assert_eq!(pattern(b""), None);
        assert_eq!(pattern(b" # leak:x"), None);
        assert_eq!(pattern(b"race:x"), Some(Err(Complaint::NotOfLeaks)));
        assert_eq!(pattern(b"leak: "), Some(Err(Complaint::Empty)));
    }

    #[test]
    fn the_examples_of_its_manual() {
        assert!(matches(b"MyFunction", b"ns::MyFunction(int)"));
        assert!(!matches(b"^MyFunction", b"ns::MyFunction(int)"));
        assert!(matches(b"*.so$", b"/usr/lib/libfoo.so"));
        assert!(!matches(b".so$", b"/usr/lib/libfoo.so.1"));
        // LeakSanitizer itself stops at the first "abc" here.
        assert!(matches(b"abc$", b"abcabc"));
    }
}
