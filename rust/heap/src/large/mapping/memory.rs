// SPDX-License-Identifier: MIT OR Apache-2.0
//! What of a mapping is in memory: counted, wiped, dropped, and in pages of which size.

use super::{Mapping, HUGE_FROM, HUGE_PAGE};
use crate::large::touched;
use crate::pool::fixed;
use crate::sys;
use crate::wipe;

impl Mapping {
    /// How many bytes of the data are in memory.
    pub(crate) fn present(&self) -> usize {
        const CHUNK: usize = 1024;
        let page = fixed().page;
        let mut flags = [0u8; CHUNK];
        let (mut at, mut there) = (self.data, 0);
        while at < self.data_end() {
            let size = (self.data_end() - at).min(CHUNK * page);
            // SAFETY: our pages, as many as there are bytes in `flags` at most.
            if unsafe { sys::present(at, size, &mut flags) } {
                there += flags[..size / page].iter().filter(|&&f| f & 1 == 1).count() * page;
            }
            at += size;
        }
        there
    }

    /// Zeroes the pages that are there. Pages that were never touched stay untouched.
    pub(super) fn wipe(&self) {
        const CHUNK: usize = 1024;
        let page = fixed().page;
        let mut flags = [0u8; CHUNK];
        let end = self.data + self.data_size.min(self.warm);
        let mut at = self.data;
        while at < end {
            let size = (end - at).min(CHUNK * page);
            // SAFETY: our pages, as many as there are bytes in `flags` at most.
            if !unsafe { sys::present(at, size, &mut flags) } {
                // SAFETY: our pages; dropping them zeroes them too.
                unsafe { sys::drop_pages(at, size) };
                at += size;
                continue;
            }
            // Absent pages may lie in swap: dropping them costs nothing where nothing is.
            let mut run = at;
            for flags in flags[..size / page].chunk_by(|a, b| a & 1 == b & 1) {
                let length = flags.len() * page;
                // SAFETY: our pages.
                unsafe {
                    if flags.first().is_some_and(|flags| flags & 1 == 1) {
                        wipe::zero_bytes(run, length);
                    } else {
                        sys::drop_pages(run, length);
                    }
                }
                run += length;
            }
            at += size;
        }
    }

    /// Drops the memory of a closed mapping from `keep` bytes on.
    pub(crate) fn cool(&mut self, keep: usize) {
        // SAFETY: the mapping is closed: nobody can reach what is in it.
        if keep < self.warm && unsafe { sys::drop_pages(self.data + keep, self.warm - keep) } {
            self.warm = keep;
        }
    }

    /// Drops what a closed mapping holds, unless it has proved worth keeping: one that served a
    /// second block will serve a third.
    pub(crate) fn empty_unless_reused(&mut self) {
        if !self.reused {
            self.cool(0);
        }
    }

    /// Huge pages for programs that use all of what they ask for. The mapping is closed, or new.
    pub(crate) fn choose_page_size(&mut self, data_size: usize) {
        let suits = self.costly && self.data % HUGE_PAGE == 0 && data_size >= HUGE_FROM;
        let huge = suits && touched::wants_huge(data_size);
        if huge != self.huge {
            // Pages that are there keep their size: they must go for others to come.
            self.cool(0);
            self.advise_huge(huge);
        }
    }

    /// Asks for huge pages, or for none.
    pub(crate) fn advise_huge(&mut self, huge: bool) {
        let (from, size) = (self.data, self.span_end() - self.data);
        // SAFETY: our own mapping. What the kernel makes of it is not seen by the program.
        unsafe { sys::huge_pages(from, size, huge) };
        self.huge = huge;
    }
}
