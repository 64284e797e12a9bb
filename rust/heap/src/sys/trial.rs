// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machines that are not at hand, and system calls that fail: for tests alone, behind the feature
//! `trial`, which no build that is installed has.
//!
//! `SECMALLOC_TRIAL=name=number,name=number` in the environment of the process:
//!
//! | name | what it makes of the kernel |
//! |---|---|
//! | `page` | one with pages of so many bytes: addresses must be multiples, lengths are rounded up |
//! | `space` | one whose addresses have so many bits: no mapping is larger than half of all |
//! | `fail` | one that refuses one mapping call in so many, at random |
//!
//! The page is never smaller than the real one, so that whatever is asked here can be asked there.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::machine;

/// Settings; 0 where there is none. `READ` once they have been read.
static PAGE: AtomicUsize = AtomicUsize::new(0);
static SPACE: AtomicUsize = AtomicUsize::new(0);
static FAIL: AtomicUsize = AtomicUsize::new(0);
static READ: AtomicUsize = AtomicUsize::new(0);

/// The call that is to fail next, counted down from where [`fail_once`] set it: its kind, and how many
/// of that kind are to succeed before.
static KIND: AtomicU64 = AtomicU64::new(0);
static LEFT: AtomicUsize = AtomicUsize::new(0);
/// Calls refused so far, and of these those that would have given something back.
static REFUSED: AtomicUsize = AtomicUsize::new(0);
static KEPT: AtomicUsize = AtomicUsize::new(0);
static STATE: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);

/// The mapping calls, each of which may fail.
pub const CALLS: [(&str, i64); 5] = [
    ("mmap", libc::SYS_mmap),
    ("munmap", libc::SYS_munmap),
    ("mprotect", libc::SYS_mprotect),
    ("mremap", libc::SYS_mremap),
    ("madvise", libc::SYS_madvise),
];

/// Refuses the next call of this kind after `left` others; `number` 0 for none.
pub fn fail_once(number: i64, left: usize) {
    LEFT.store(left, Relaxed);
    KIND.store(number as u64, Relaxed);
}

/// Refuses one mapping call in so many from now on; 0 for none.
pub fn fail_often(one_in: usize) {
    read_settings();
    FAIL.store(one_in, Relaxed);
}

/// How many calls were refused, and how many of these would have given a mapping back.
pub fn refused() -> (usize, usize) {
    (REFUSED.load(Relaxed), KEPT.load(Relaxed))
}

/// The page size to be believed in.
pub(super) fn page_size() -> Option<usize> {
    read_settings();
    Some(PAGE.load(Relaxed)).filter(|&page| page > 0)
}

/// What stands between the heap and the kernel.
///
/// # Safety
/// - As [`machine::call`].
pub(super) unsafe fn call(number: i64, mut a: [usize; 6]) -> isize {
    read_settings();
    let is_mapping = CALLS.iter().any(|&(_, call)| call == number);
    if is_mapping && is_refused(number) {
        REFUSED.fetch_add(1, Relaxed);
        if number == libc::SYS_munmap || number == libc::SYS_mremap {
            KEPT.fetch_add(1, Relaxed);
        }
        return -(libc::ENOMEM as isize);
    }
    let space = SPACE.load(Relaxed);
    if number == libc::SYS_mmap && space > 0 && a[1] > 1 << (space - 1) {
        return -(libc::ENOMEM as isize);
    }
    let page = PAGE.load(Relaxed);
    if page > 0 && (is_mapping || number == libc::SYS_mincore || number == super::SYS_MSEAL) {
        if a[0] % page != 0 {
            return -(libc::EINVAL as isize);
        }
        a[1] = a[1].next_multiple_of(page);
        // SAFETY: the caller's promise, here and below.
        unsafe {
            if number == libc::SYS_mmap && a[3] as i32 & libc::MAP_FIXED == 0 {
                return map_aligned(a, page);
            }
            if number == libc::SYS_mincore {
                return present(a, page);
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { machine::call(number, a) }
}

/// A mapping that begins at a multiple of the page.
unsafe fn map_aligned(mut a: [usize; 6], page: usize) -> isize {
    if a[3] as i32 & libc::MAP_FIXED_NOREPLACE != 0 {
        // SAFETY: the caller's promise, here and below.
        return unsafe { machine::call(libc::SYS_mmap, a) };
    }
    let size = a[1];
    a[1] += page;
    // SAFETY: as above; what is given back was mapped here.
    unsafe {
        let at = machine::call(libc::SYS_mmap, a);
        if at < 0 {
            return at;
        }
        let (from, start) = (at as usize, (at as usize).next_multiple_of(page));
        let _ = machine::call(
            libc::SYS_munmap,
            [start + size, from + page - start, 0, 0, 0, 0],
        );
        if start > from {
            let _ = machine::call(libc::SYS_munmap, [from, start - from, 0, 0, 0, 0]);
        }
        start as isize
    }
}

/// A large page is there if a part of it is.
unsafe fn present(a: [usize; 6], page: usize) -> isize {
    const SMALLEST: usize = 4096;
    let mut parts = [0u8; 16];
    for (number, at) in (a[0]..a[0] + a[1]).step_by(page).enumerate() {
        let to = parts.as_mut_ptr() as usize;
        // SAFETY: pages are at most 16 of the smallest; one byte for each page is the caller's.
        unsafe {
            let result = machine::call(libc::SYS_mincore, [at, page, to, 0, 0, 0]);
            if result < 0 {
                return result;
            }
            let any = parts[..page / SMALLEST].iter().any(|part| part & 1 == 1);
            super::pointer::<u8>(a[2] + number).write(u8::from(any));
        }
    }
    0
}

fn is_refused(number: i64) -> bool {
    if KIND.load(Relaxed) == number as u64 && KIND.load(Relaxed) != u64::MAX {
        let left = LEFT.load(Relaxed);
        if left == 0 {
            KIND.store(u64::MAX, Relaxed);
            return true;
        }
        LEFT.store(left - 1, Relaxed);
    }
    let one_in = FAIL.load(Relaxed) as u64;
    one_in > 0 && {
        let next = STATE
            .load(Relaxed)
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        STATE.store(next, Relaxed);
        (next >> 33) % one_in == 0
    }
}

fn read_settings() {
    if READ.load(Relaxed) == 0 && READ.swap(1, Relaxed) == 0 {
        read_environment();
    }
}

/// Reads the environment as the kernel has it: the C library may not be up yet. Never part of another function: the
/// stack of its caller may be one of ours, with less room than this takes.
#[cold]
#[inline(never)]
fn read_environment() {
    let (mut room, mut all, mut length) = ([0; 4096], [0; 64 << 10], 0);
    super::read_file(c"/proc/self/environ", &mut room, |piece| {
        let Some(to) = all.get_mut(length..length + piece.len()) else {
            return false;
        };
        to.copy_from_slice(piece);
        length += piece.len();
        true
    });
    let text = all[..length]
        .split(|&byte| byte == 0)
        .find_map(|entry| super::value_of(entry, b"SECMALLOC_TRIAL"));
    for setting in text.unwrap_or(&[]).split(|&byte| byte == b',') {
        for (name, place) in [(&b"page"[..], &PAGE), (b"space", &SPACE), (b"fail", &FAIL)] {
            if let Some(digits) = super::value_of(setting, name) {
                let number = core::str::from_utf8(digits)
                    .ok()
                    .and_then(|text| text.parse().ok());
                place.store(number.unwrap_or(0), Relaxed);
            }
        }
    }
}
