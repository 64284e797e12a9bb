// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel says of sensitive memory now: the flags of its mappings, from `/proc/self/smaps`
//! (proc_pid_smaps(5)).
//!
//! The kernel walks all pages of the process to answer, and writes a page of text for each few mappings. Who asks
//! now and then is told what holds now. Who asks about a million blocks in turn waits for some answers, not for a
//! million: readings may take one part in [`SHARE`] of the time, in the long run, and between them an answer serves
//! on. How long that is depends on what a reading takes: a fixed time would be over before a slow one is made.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicUsize, Ordering::Acquire, Ordering::Release};

use crate::lock::Lock;
use crate::sys;

/// The part of the time that readings may take.
const SHARE: u64 = 16;
/// What they may take at once, in microseconds: some dozens of them.
const AT_ONCE_US: u64 = 100_000;
/// Mappings that are remembered of an answer: those that any of these flags is set for.
const MOST: usize = 2048;

/// What is set for a mapping.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Flags {
    pub(super) excluded: bool,
    pub(super) locked: bool,
    /// Zero in children, or not there.
    pub(super) not_inherited: bool,
    pub(super) secret: bool,
}

/// A mapping: from, to.
#[derive(Clone, Copy, Default)]
struct Mapping {
    from: usize,
    to: usize,
    flags: Flags,
}

struct Answer {
    /// Of [`CHANGES`], when it was read.
    changes: usize,
    /// When, in microseconds, all readings so far have taken no more than their share.
    paid_at: u64,
    count: usize,
    mappings: [Mapping; MOST],
}

struct Shared(UnsafeCell<Answer>);

// SAFETY: only touched under `LOCK`.
unsafe impl Sync for Shared {}

static LOCK: Lock = Lock::new();
static ANSWER: Shared = Shared(UnsafeCell::new(Answer {
    changes: 0,
    paid_at: 0,
    count: 0,
    mappings: [Mapping {
        from: 0,
        to: 0,
        flags: Flags {
            excluded: false,
            locked: false,
            not_inherited: false,
            secret: false,
        },
    }; MOST],
}));

/// How often this library itself has changed what protects some memory: no answer outlives that.
static CHANGES: AtomicUsize = AtomicUsize::new(0);

/// To be called after each change of protection.
pub(super) fn changed() {
    // Release: who reads the new count in `flags` sees the mappings as they are after the change.
    CHANGES.fetch_add(1, Release);
}

/// In a forked child: locks are not inherited, and another thread of the parent's may have been reading.
pub(super) fn after_fork_child() {
    LOCK.reset();
    changed();
}

/// What is set for every page of a range; `None` where the kernel does not say.
pub(super) fn flags(from: usize, to: usize) -> Option<Flags> {
    let _held = LOCK.hold();
    // SAFETY: under the lock.
    let answer = unsafe { &mut *ANSWER.0.get() };
    let now = sys::monotonic_us();
    // Acquire: as `changed`. Before the reading, so that what changes during it makes it old.
    let changes = CHANGES.load(Acquire);
    if answer.changes == changes && answer.paid_at > now + SHARE * AT_ONCE_US {
        if let Some(flags) = answer.of(from, to) {
            return Some(flags);
        }
    }
    answer.read(from)?;
    answer.changes = changes;
    let took = sys::monotonic_us().saturating_sub(now);
    // What had to be read anew is a debt too, but not one for long.
    let most = now + SHARE * (AT_ONCE_US + took);
    answer.paid_at = (answer.paid_at.max(now) + SHARE * took).min(most);
    // What is in no mapping that has a flag has none.
    Some(answer.of(from, to).unwrap_or_default())
}

impl Answer {
    fn of(&self, from: usize, to: usize) -> Option<Flags> {
        let known = self.mappings.get(..self.count)?;
        let first = known.partition_point(|mapping| mapping.to <= from);
        let (mut at, mut all) = (from, None::<Flags>);
        for mapping in known.get(first..)? {
            if mapping.from > at {
                break;
            }
            let so_far = all.unwrap_or(mapping.flags);
            all = Some(so_far.and(mapping.flags));
            at = mapping.to;
            if at >= to {
                return all;
            }
        }
        None
    }

    /// Reads all mappings. Where they are too many, those from `around` on count.
    fn read(&mut self, around: usize) -> Option<()> {
        self.count = 0;
        let (mut line, mut length) = ([0u8; 160], 0);
        let (mut mapping, mut any) = (None, false);
        let mut piece = [0; 1024];
        sys::read_file(c"/proc/self/smaps", &mut piece, |bytes| {
            for &byte in bytes {
                if byte != b'\n' {
                    if let Some(place) = line.get_mut(length) {
                        *place = byte;
                        length += 1;
                    }
                    continue;
                }
                let text = core::str::from_utf8(line.get(..length).unwrap_or(&[])).unwrap_or("");
                length = 0;
                if let Some(flags) = text.strip_prefix("VmFlags:") {
                    any = true;
                    if let Some(mapping) = mapping.take() {
                        self.add(with_flags(mapping, flags), around);
                    }
                } else if let Some(begun) = head(text) {
                    mapping = Some(begun);
                }
            }
            true
        });
        any.then_some(())
    }

    fn add(&mut self, mapping: Mapping, around: usize) {
        if mapping.flags == Flags::default() {
            return;
        }
        if self.count == MOST && mapping.to > around {
            // Those before it are not asked for.
            let before = self.mappings.partition_point(|known| known.to <= around);
            self.mappings.copy_within(before.., 0);
            self.count = MOST - before;
        }
        if let Some(place) = self.mappings.get_mut(self.count) {
            *place = mapping;
            self.count += 1;
        }
    }
}

impl Flags {
    fn and(self, other: Flags) -> Flags {
        Flags {
            excluded: self.excluded && other.excluded,
            locked: self.locked && other.locked,
            not_inherited: self.not_inherited && other.not_inherited,
            secret: self.secret && other.secret,
        }
    }
}

/// The first line of a mapping: its addresses, and, at the end, what it is of. `None` for other lines, and of what
/// is out of reach: blocks may come to lie there while the answer still serves.
fn head(line: &str) -> Option<Mapping> {
    let (from, rest) = line.split_once('-')?;
    let (to, rest) = rest.split_once(' ')?;
    let number = |digits| usize::from_str_radix(digits, 16).ok();
    rest.starts_with("rw").then_some(())?;
    Some(Mapping {
        from: number(from)?,
        to: number(to)?,
        flags: Flags {
            secret: rest.contains("/secretmem"),
            ..Flags::default()
        },
    })
}

fn with_flags(mut mapping: Mapping, flags: &str) -> Mapping {
    for flag in flags.split_ascii_whitespace() {
        match flag {
            "dd" => mapping.flags.excluded = true,
            "lo" => mapping.flags.locked = true,
            "wf" | "dc" => mapping.flags.not_inherited = true,
            _ => {}
        }
    }
    mapping
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_kernel_writes_them() {
        let text = "7f0000001000-7f0000003000 rw-p 00000000 00:00 0 ";
        let mapping = head(text).unwrap();
        assert_eq!(
            (mapping.from, mapping.to),
            (0x7f00_0000_1000, 0x7f00_0000_3000)
        );
        assert_eq!(mapping.flags, Flags::default());
        let set = with_flags(mapping, " rd wr mr mw me lo ac dd wf sd").flags;
        assert!(set.excluded && set.locked && set.not_inherited && !set.secret);
        let secret = "7f0000001000-7f0000003000 rw-s 00000000 00:0e 12   /secretmem (deleted)";
        assert!(head(secret).unwrap().flags.secret);
        assert!(head("1000-3000 ---p 00000000 00:00 0 ").is_none());
        assert!(head("Rss:                 108 kB").is_none());
        assert!(head("VmFlags: rd ex mr").is_none());
    }

    /// A range is as safe as its weakest mapping, and of unknown safety where a part is unknown.
    #[test]
    fn ranges_take_what_all_their_mappings_have() {
        let mut answer = Box::new(Answer {
            changes: 0,
            paid_at: 0,
            count: 0,
            mappings: [Mapping::default(); MOST],
        });
        let both = Flags {
            excluded: true,
            locked: true,
            ..Flags::default()
        };
        let one = Flags {
            locked: false,
            ..both
        };
        for (from, to, flags) in [(10, 20, both), (20, 30, one), (40, 50, both)] {
            answer.add(Mapping { from, to, flags }, 0);
        }
        assert_eq!(answer.of(12, 20), Some(both));
        assert_eq!(answer.of(12, 21), Some(one));
        assert_eq!(answer.of(20, 30), Some(one));
        assert_eq!(answer.of(25, 41), None);
        assert_eq!(answer.of(0, 11), None);
        // More than there is room for: those around what is asked for stay.
        for at in (100..100 + 3 * MOST).step_by(2) {
            let mapping = Mapping {
                from: at,
                to: at + 1,
                flags: both,
            };
            answer.add(mapping, 100 + 2 * MOST);
        }
        assert_eq!(answer.of(100 + 2 * MOST, 101 + 2 * MOST), Some(both));
    }
}
