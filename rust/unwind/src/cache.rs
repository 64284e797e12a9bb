// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules that were read before, by address.
//!
//! Two words an entry, written without a lock by whoever comes first or last: the second word is
//! the rule, the first is address and rule combined by exclusive or. A pair of which one word is
//! from another writer gives an address that nobody asks for, and is a miss (the trick is that of
//! chess programs' transposition tables; R. Hyatt and T. Mann, 2002).
//!
//! A rule is a hint, not a proof: the reader of the stack checks every address that it leads to,
//! so that even an entry that somebody overwrote makes a wrong walk and not a fault.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::rule::Rule;

/// A place for one rule. Zero at first.
#[repr(C, align(16))]
#[derive(Debug, Default)]
pub struct Entry {
    mixed: AtomicU64,
    rule: AtomicU64,
}

impl Entry {
    /// An empty place.
    #[must_use]
    pub const fn new() -> Entry {
        Entry {
            mixed: AtomicU64::new(0),
            rule: AtomicU64::new(0),
        }
    }
}

/// As many entries as the index can reach: a power of two, or none.
pub(crate) fn usable(cache: &[Entry]) -> &[Entry] {
    let length = match cache.len().checked_ilog2() {
        Some(bits) => 1 << bits,
        None => 0,
    };
    cache.get(..length).unwrap_or(&[])
}

/// The one place for an address. Return addresses differ most in their low bits, which the
/// multiplication spreads upwards.
#[inline]
fn place(cache: &[Entry], address: usize) -> Option<&Entry> {
    let mixed = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    cache.get(mixed as usize & cache.len().wrapping_sub(1))
}

/// The rule for an address, if it is there and was read from the module with this stamp.
#[inline]
pub(crate) fn find(cache: &[Entry], address: usize, stamp: u16) -> Option<Rule> {
    let entry = place(cache, address)?;
    // Relaxed: the pair proves itself.
    let rule = entry.rule.load(Ordering::Relaxed);
    let mixed = entry.mixed.load(Ordering::Relaxed);
    let rule_read = Rule::from_bits(rule);
    (mixed ^ rule == address as u64 && rule_read.stamp() == stamp).then_some(rule_read)
}

/// Keeps a rule in the place of whatever was there. The address is not 0.
pub(crate) fn keep(cache: &[Entry], address: usize, rule: Rule) {
    if let Some(entry) = place(cache, address) {
        let mixed = address as u64 ^ rule.bits();
        entry.rule.store(rule.bits(), Ordering::Relaxed);
        entry.mixed.store(mixed, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries<const N: usize>() -> [Entry; N] {
        [const { Entry::new() }; N]
    }

    #[test]
    fn what_was_kept_is_found_for_its_address_and_stamp_only() {
        let cache: [Entry; 64] = entries();
        let rule = Rule::END.with_stamp(7);
        assert_eq!(find(&cache, 0x1234, 0), None, "empty");
        keep(&cache, 0x1234, rule);
        assert_eq!(find(&cache, 0x1234, 7), Some(rule));
        assert_eq!(find(&cache, 0x1234, 8), None, "another module");
        assert_eq!(find(&cache, 0x1235, 7), None, "another address");
    }

    #[test]
    fn a_torn_pair_is_a_miss() {
        let cache: [Entry; 1] = entries();
        keep(&cache, 0x1000, Rule::END.with_stamp(1));
        keep(&cache, 0x2000, Rule::SIGNAL.with_stamp(1));
        // As if the writer of 0x1000 had stored its rule last.
        let other = Rule::END.with_stamp(1).bits();
        cache[0].rule.store(other, Ordering::Relaxed);
        assert_eq!(find(&cache, 0x1000, 1), None);
        assert_eq!(find(&cache, 0x2000, 1), None);
    }

    #[test]
    fn any_length_will_do() {
        assert_eq!(usable(&[]).len(), 0);
        keep(&[], 0x1000, Rule::END);
        assert_eq!(find(&[], 0x1000, 0), None);
        let cache: [Entry; 7] = entries();
        assert_eq!(usable(&cache).len(), 4);
        let one: [Entry; 1] = entries();
        keep(usable(&one), 0x1000, Rule::END);
        assert_eq!(find(usable(&one), 0x1000, 0), Some(Rule::END));
    }
}
