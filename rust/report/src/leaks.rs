// SPDX-License-Identifier: MIT OR Apache-2.0
//! Leaks, by the place that allocated them, and those that somebody knows of.

use std::cmp::Reverse;
use std::collections::HashMap;

use secmalloc_policy::suppressions::{matches, pattern, Complaint};
use secmalloc_policy::trace_format::note::Reach;

use crate::history::History;
use crate::report::{Leak, Report};
use crate::symbols::Symbols;

/// Patterns of leaks that are not to be shown, each with what it hid: blocks and bytes.
#[derive(Debug, Default)]
pub struct Suppressions {
    /// In the order of the file.
    pub known: Vec<(String, (u64, u64))>,
}

impl Suppressions {
    /// Reads a file of suppressions.
    ///
    /// # Errors
    /// If a line is none: which, and why.
    pub fn of(text: &str) -> Result<Suppressions, String> {
        let mut suppressions = Suppressions::default();
        for (number, line) in text.lines().enumerate() {
            match pattern(line.as_bytes()) {
                None => {}
                Some(Ok(pattern)) => {
                    let pattern = String::from_utf8_lossy(pattern).into_owned();
                    suppressions.known.push((pattern, (0, 0)));
                }
                Some(Err(why)) => {
                    let why = match why {
                        Complaint::NotOfLeaks => "accepted are `leak:PATTERN` and `# comment`",
                        Complaint::Empty => "no pattern follows `leak:`",
                    };
                    return Err(format!("line {}: `{line}`: {why}", number + 1));
                }
            }
        }
        Ok(suppressions)
    }

    /// The place of the first that knows one of these names.
    fn find(&self, names: &[String]) -> Option<usize> {
        self.known.iter().position(|(pattern, _)| {
            names
                .iter()
                .any(|name| matches(pattern.as_bytes(), name.as_bytes()))
        })
    }
}

/// Leaks from one place.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// How many.
    pub blocks: u64,
    /// Bytes requested for them.
    pub bytes: u64,
    /// One of them, with the stack of its allocation.
    pub first: Leak,
}

/// The groups of leaks that nothing suppresses, the worst first.
pub fn groups(
    report: &Report<'_>,
    history: &History,
    symbols: &mut Symbols,
    suppressions: &mut Suppressions,
) -> Vec<Group> {
    let mut groups: HashMap<(u64, u64), Group> = HashMap::new();
    for leak in &report.leaks {
        let stack = match (leak.stack, history.live.get(&leak.address)) {
            (0, Some(block)) => block.made.call.stack,
            (stack, _) => stack,
        };
        // Blocks whose stacks are not known have nothing in common but that.
        let group = groups
            .entry((leak.reach as u64, stack))
            .or_insert_with(|| Group {
                blocks: 0,
                bytes: 0,
                first: Leak { stack, ..*leak },
            });
        group.blocks += 1;
        group.bytes += leak.size;
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.retain(|group| {
        let names = names(report, symbols, group.first.stack);
        let place = suppressions.find(&names);
        let hidden = place.and_then(|place| suppressions.known.get_mut(place));
        if let Some((_, (blocks, bytes))) = hidden {
            *blocks += group.blocks;
            *bytes += group.bytes;
            return false;
        }
        true
    });
    groups.sort_by_key(|group| {
        let reach = Reverse(group.first.reach as u64);
        (reach, Reverse(group.bytes), group.first.address)
    });
    groups
}

/// Whether any of these is lost, and not only live.
#[must_use]
pub fn any_lost(groups: &[Group]) -> bool {
    groups
        .iter()
        .any(|group| group.first.reach != Reach::Reachable)
}

/// The names of functions, source files and modules on a stack.
fn names(report: &Report<'_>, symbols: &mut Symbols, stack: u64) -> Vec<String> {
    let mut names = vec![];
    for frame in &report.stack(stack).unwrap_or_default() {
        let Some(module) = report.modules.get(&frame.module) else {
            continue;
        };
        names.push(module.path.clone());
        for symbol in symbols.of(module, frame) {
            names.extend(symbol.function);
            names.extend(symbol.place.map(|(file, _)| file));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_suppressions_are_read_or_refused() {
        let known = Suppressions::of("# known\n\nleak:one\n leak:^two$ \n").unwrap();
        let patterns: Vec<_> = known.known.iter().map(|(p, _)| p.as_str()).collect();
        assert_eq!(patterns, ["one", "^two$"]);
        assert_eq!(known.find(&["a".into(), "two".into()]), Some(1));
        assert_eq!(known.find(&[]), None);
        let why = Suppressions::of("leak:one\nrace:two").unwrap_err();
        assert!(
            why.contains("line 2") && why.contains("race:two") && why.contains("leak:PATTERN"),
            "{why}"
        );
    }
}
