// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stood in memory, and what was expected there.
//!
//! Canary bytes are never printed: processes forked from this one share the key, and logs are
//! read by more people than memory is. Nor are bytes of a block that is live. What is printed are bytes
//! that differ from what was left behind a block, before it, or in a freed one; one that still is as it must be prints
//! as `==`.

use core::fmt::{self, Write};

use super::Text;
use crate::fault::Evidence;

/// Bytes in a line.
const ROW: usize = 16;

pub(super) fn show(text: &mut Text, evidence: &Evidence) -> fmt::Result {
    writeln!(text, "  at         {:#x}", evidence.address)?;
    if evidence.hidden {
        return writeln!(
            text,
            "  found      {} wrong bytes, not shown: the memory is sensitive",
            evidence.more
        );
    }
    let last_wrong = (0..evidence.length)
        .rev()
        .find(|&at| bit(evidence.wrong, at))
        .unwrap_or(0);
    for from in (0..=last_wrong).step_by(ROW) {
        row(text, evidence, from)?;
    }
    if evidence.more > 0 {
        writeln!(
            text,
            "  further    {} more of the bytes behind these",
            evidence.more
        )?;
    }
    Ok(())
}

fn row(text: &mut Text, evidence: &Evidence, from: usize) -> fmt::Result {
    let end = evidence.length.min(from.saturating_add(ROW));
    text.write_str("  expected  ")?;
    for at in from..end {
        text.write_str(if bit(evidence.canary, at) {
            " ??"
        } else {
            " 00"
        })?;
    }
    if from == 0 && evidence.canary != 0 {
        text.write_str("  (?? is keyed canary)")?;
    }
    text.write_str("\n  found     ")?;
    let found = |at: usize| {
        let byte = evidence.found.get(at).copied().unwrap_or(0);
        bit(evidence.wrong, at).then_some(byte)
    };
    for at in from..end {
        match found(at) {
            Some(byte) => write!(text, " {byte:02x}")?,
            None => text.write_str(" ==")?,
        }
    }
    let letter = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    if (from..end).any(|at| found(at).as_ref().is_some_and(letter)) {
        text.write_str("  \"")?;
        for at in from..end {
            text.write_char(found(at).filter(letter).map_or('.', char::from))?;
        }
        text.write_char('"')?;
    }
    text.write_char('\n')
}

fn bit(bits: u64, at: usize) -> bool {
    bits.checked_shr(at as u32).unwrap_or(0) & 1 == 1
}
