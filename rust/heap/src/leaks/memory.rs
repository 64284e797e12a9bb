// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading the program's memory word by word, none of which need be there.

use core::mem::size_of;

use crate::pool::fixed;
use crate::sys;
use crate::sys::files::{is_readable, File, Purpose};

/// Ranges from this length on may have been asked for and hardly touched: their holes are left out.
const SPARSE: usize = 1 << 20;
/// Pages whose state is asked for at once.
const BATCH: usize = 128;
const WORD: usize = size_of::<usize>();

/// What the kernel says of a page (Documentation/admin-guide/mm/pagemap.rst): it is in memory, or in swap.
const PRESENT: u64 = 3 << 62;

/// A reader. No page is touched before the kernel said that it can be read: programs protect pages of blocks and of
/// their data.
pub(crate) struct Memory {
    page: usize,
    /// The page that was asked about last, and the answer.
    last: (usize, bool),
    /// `/proc/self/pagemap`, if it was needed and is there.
    pages: Option<Option<File>>,
    /// What it says of some pages.
    batch: [u64; BATCH],
}

impl Memory {
    pub(crate) fn new() -> Memory {
        Memory {
            page: fixed().page,
            last: (usize::MAX, false),
            pages: None,
            batch: [0; BATCH],
        }
    }

    pub(crate) fn page(&self) -> usize {
        self.page
    }

    /// Whether the page of an address can be read.
    pub(crate) fn can_read(&mut self, at: usize) -> bool {
        let page = at & !(self.page - 1);
        if self.last.0 != page {
            self.last = (page, page != 0 && is_readable(page));
        }
        self.last.1
    }

    /// The end of the pages from `at` on that can be read without a gap, `end` at most.
    pub(crate) fn readable_up_to(&mut self, at: usize, end: usize) -> usize {
        let mut to = at;
        while to < end && self.can_read(to) {
            to = (to & !(self.page - 1)).saturating_add(self.page);
        }
        to.min(end)
    }

    /// The start of the pages up to `at` that can be read without a gap, `most` bytes at most.
    pub(crate) fn readable_down_from(&mut self, at: usize, most: usize) -> usize {
        let start = at.saturating_sub(most);
        let mut from = at & !(self.page - 1);
        if !self.can_read(from) {
            return at;
        }
        while from > start && self.can_read(from - self.page) {
            from -= self.page;
        }
        from
    }

    /// Each word at an aligned address of a range, as far as it can be read.
    pub(crate) fn words(&mut self, from: usize, to: usize, with: &mut impl FnMut(usize)) {
        self.pages(from.next_multiple_of(WORD), to, &mut |mut at, end| {
            while at + WORD <= end {
                // SAFETY: aligned, and in a page that can be read; whose word it is we cannot know,
                // and it may be written meanwhile by a thread that could not be stopped: any value will do.
                with(unsafe { sys::pointer::<usize>(at).as_ptr().read_volatile() });
                at += WORD;
            }
        });
    }

    /// What can be read of a range, in pieces as long as can be: from, to.
    pub(crate) fn ranges(&mut self, from: usize, to: usize, with: &mut impl FnMut(usize, usize)) {
        let mut open = (from, from);
        self.pages(from, to, &mut |at, end| {
            if at != open.1 {
                if open.0 < open.1 {
                    with(open.0, open.1);
                }
                open.0 = at;
            }
            open.1 = end;
        });
        if open.0 < open.1 {
            with(open.0, open.1);
        }
    }

    /// Each page of a range that can be read, or its part in the range; of a long one without its holes.
    fn pages(&mut self, from: usize, to: usize, with: &mut impl FnMut(usize, usize)) {
        let sparse = to.saturating_sub(from) >= SPARSE;
        let mut at = from;
        while at < to {
            let end = to.min(self.batch_end(at));
            let known = if sparse { self.ask_pages(at) } else { 0 };
            for number in 0.. {
                let page_end = ((at & !(self.page - 1)) + self.page).min(end);
                let hole = number < known && self.batch[number] & PRESENT == 0;
                if !hole && self.can_read(at) {
                    with(at, page_end);
                }
                at = page_end;
                if at >= end {
                    break;
                }
            }
            at = end;
        }
    }

    fn batch_end(&self, at: usize) -> usize {
        (at & !(self.page - 1)) + BATCH * self.page
    }

    /// What the kernel says of the pages from `at` on; how many it said something of.
    fn ask_pages(&mut self, at: usize) -> usize {
        let file = self
            .pages
            .get_or_insert_with(|| File::open(c"/proc/self/pagemap", Purpose::Read).ok());
        let Some(file) = file else {
            return 0;
        };
        let mut bytes = [0; BATCH * 8];
        let got = file.read_at(at / self.page * 8, &mut bytes);
        let mut known = 0;
        for (to, from) in self.batch.iter_mut().zip(got.chunks_exact(8)) {
            *to = from.try_into().map_or(PRESENT, u64::from_ne_bytes);
            known += 1;
        }
        known
    }
}
