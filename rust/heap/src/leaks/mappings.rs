// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that the program mapped itself: allocators, garbage collectors and coroutines keep pointers there. All private
//! anonymous mappings that may be written are roots, but for what is ours, and for the stacks of threads: of those that
//! live, only the part in use counts ([`super::roots`]), of those that have ended, whose stacks the C library keeps
//! for the next threads, nothing.
//!
//! Stacks are told by the record of the thread at their upper end. On x86-64 that begins with its own address, and
//! the third word is that address too (ELF Handling for Thread-Local Storage, 3.4.6; glibc's `tcbhead_t`). On other
//! processors those of threads that have allocated are known, and other stacks that are kept count as roots.
//!
//! The record of a thread that has ended still names a block in which the C library keeps where its
//! thread-local variables are (glibc's *dtv*): the next thread gets it, it is not lost. LeakSanitizer takes every block for
//! reachable that the loader allocated; here nobody knows who allocated a block.

use core::mem::size_of;

use super::area::{Area, Plain};
use super::memory::Memory;
use super::roots::RECORD;
use crate::pool::{self, fixed};
use crate::slab;
use crate::sys;

/// Distance of the word that names the dtv from the thread pointer.
const DTV: usize = if cfg!(target_arch = "x86_64") { 8 } else { 0 };
/// Stacks of threads that are told apart; further ones count as roots.
const MOST_STACKS: usize = 1 << 16;

/// Addresses: from, to.
#[derive(Clone, Copy)]
struct Range(usize, usize);

// SAFETY: numbers.
unsafe impl Plain for Range {}

/// What is no root of this kind.
pub(super) struct Skipped {
    ranges: Area<Range>,
    count: usize,
}

impl Skipped {
    /// Room for so many ranges, besides those that are always there. `None` where there is no memory for it.
    pub(super) fn new(count: usize) -> Option<Skipped> {
        let mut skipped = Skipped {
            ranges: Area::new(count.checked_add(MOST_STACKS)?)?,
            count: 0,
        };
        let (from, to) = skipped.ranges.span();
        skipped.add(from, to);
        let fixed = fixed();
        if pool::is_relinquished() {
            for (map, store) in fixed.classes.iter().zip(&pool::shared().stores) {
                skipped.add(map.base, map.base + store.committed_bytes());
            }
        } else {
            skipped.add(fixed.data, fixed.data + fixed.data_size);
        }
        let shared = fixed.shared_at();
        skipped.add(shared, shared + fixed.metadata_size);
        let (from, to) = fixed.evidence.span();
        skipped.add(from, to);
        Some(skipped)
    }

    /// One more, of ours.
    pub(super) fn add(&mut self, from: usize, to: usize) {
        if let Some(room) = self.ranges.items_mut().get_mut(self.count) {
            *room = Range(from, to);
            self.count += 1;
        }
    }

    /// The stacks of all threads, but for the initial one, whose record is not on its stack. Calls `with` for each word
    /// that names a dtv.
    pub(super) fn add_stacks(
        &mut self,
        memory: &mut Memory,
        initial: Option<usize>,
        with: &mut impl FnMut(&mut Memory, usize),
    ) {
        each_range(&mut |from, to| {
            if slab::in_data_pool(from) {
                return;
            }
            let mut found = |memory: &mut Memory, record: usize| {
                if let Some(dtv) = word(memory, record.wrapping_add(DTV)) {
                    with(memory, dtv);
                }
                if initial != Some(record) {
                    // From the guard on, before which the mapping ends.
                    self.add(from, record.saturating_add(RECORD));
                }
            };
            if cfg!(target_arch = "x86_64") {
                each_record(memory, from, to, &mut found);
                return;
            }
            for heap in pool::shared().threads.heaps() {
                if (from..to).contains(&heap.identity()) {
                    found(memory, heap.identity());
                }
            }
        });
    }

    /// Each word of the roots.
    pub(super) fn each_root(
        mut self,
        memory: &mut Memory,
        with: &mut impl FnMut(&mut Memory, usize),
    ) {
        let skipped = self.in_order();
        let mut other = Memory::new();
        each_range(&mut |from, to| {
            let mut at = from;
            let first = skipped.partition_point(|range| range.1 <= from);
            let rest = skipped.get(first..).unwrap_or(&[]);
            for &Range(start, end) in rest.iter().take_while(|range| range.0 < to) {
                memory.words(at, start.max(at), &mut |word| with(&mut other, word));
                at = end;
            }
            memory.words(at, to, &mut |word| with(&mut other, word));
        });
    }

    /// The ranges in the order of their addresses; those that overlap are one.
    fn in_order(&mut self) -> &[Range] {
        let count = self.count;
        let all = self.ranges.items_mut().get_mut(..count).unwrap_or(&mut []);
        all.sort_unstable_by_key(|range| range.0);
        let mut kept = 0;
        for next in 0..all.len() {
            let Range(from, to) = all[next];
            if kept > 0 && from <= all[kept - 1].1 {
                all[kept - 1].1 = all[kept - 1].1.max(to);
            } else {
                all[kept] = Range(from, to);
                kept += 1;
            }
        }
        all.get(..kept).unwrap_or(&[])
    }
}

fn word(memory: &mut Memory, at: usize) -> Option<usize> {
    let mut read = None;
    if at % size_of::<usize>() == 0 {
        memory.words(at, at.saturating_add(size_of::<usize>()), &mut |word| {
            read = Some(word);
        });
    }
    read
}

/// Looks for records of threads between two addresses.
fn each_record(
    memory: &mut Memory,
    from: usize,
    to: usize,
    with: &mut impl FnMut(&mut Memory, usize),
) {
    /// Of a record (`TCB_ALIGNMENT`).
    const ALIGNMENT: usize = 64;
    let mut last = [0; 3];
    let mut other = Memory::new();
    memory.words(from, to, &mut |third| {
        last = [last[1], last[2], third];
        let likely = last[0] == third && third % ALIGNMENT == 0 && (from..to).contains(&third);
        if likely
            && [0, 16]
                .iter()
                .all(|at| word(&mut other, third + at) == Some(third))
        {
            with(&mut other, third);
        }
    });
}

/// The private anonymous mappings that may be written, as the kernel lists them (proc_pid_maps(5)).
fn each_range(with: &mut impl FnMut(usize, usize)) {
    let (mut line, mut length) = ([0u8; 96], 0);
    let mut piece = [0; 1024];
    sys::read_file(c"/proc/self/maps", &mut piece, |bytes| {
        for &byte in bytes {
            if byte != b'\n' {
                if let Some(place) = line.get_mut(length) {
                    *place = byte;
                    length += 1;
                }
                continue;
            }
            if let Some((from, to)) = line.get(..length).and_then(range) {
                with(from, to);
            }
            length = 0;
        }
        true
    });
}

fn range(line: &[u8]) -> Option<(usize, usize)> {
    let mut fields = core::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let (from, to) = fields.next()?.split_once('-')?;
    let anonymous = fields.next()? == "rw-p" && fields.nth(2)? == "0";
    // A name is one that the program, or the C library, gave it.
    let anonymous = anonymous && fields.next().is_none_or(|name| name.starts_with("[anon:"));
    let number = |digits| usize::from_str_radix(digits, 16).ok();
    anonymous.then_some((number(from)?, number(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_hold_stacks_is_looked_at() {
        let of = |line: &str| range(line.as_bytes());
        assert_eq!(
            of("7f0000001000-7f0000003000 rw-p 00000000 00:00 0 "),
            Some((0x7f00_0000_1000, 0x7f00_0000_3000))
        );
        assert!(of("1000-3000 rw-p 00000000 00:00 0  [anon: glibc: pthread stack: 42]").is_some());
        for other in [
            "7ffd1000-7ffd3000 rw-p 00000000 00:00 0                          [stack]",
            "7ffd1000-7ffd3000 rw-s 00000000 00:00 0 ",
            "7ffd1000-7ffd3000 ---p 00000000 00:00 0 ",
            "7ffd1000-7ffd3000 rw-p 00001000 08:01 77 /lib/x.so",
            "nonsense",
            "",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
