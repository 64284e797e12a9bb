// SPDX-License-Identifier: MIT OR Apache-2.0
//! A list of slabs. The links lie in the slabs' records, so that a list takes no memory of its own and a
//! slab leaves it from the middle.

use core::cell::Cell;

use crate::slab::ClassMap;

/// A list of slabs, through their records: the numbers of the first and the last slab, plus one.
#[repr(C)]
pub(super) struct List {
    first: Cell<u32>,
    last: Cell<u32>,
}

impl List {
    /// Forgets all.
    pub(super) fn clear(&self) {
        self.first.set(0);
        self.last.set(0);
    }

    pub(super) fn first(&self) -> Option<u32> {
        self.first.get().checked_sub(1)
    }

    pub(super) fn last(&self) -> Option<u32> {
        self.last.get().checked_sub(1)
    }

    pub(super) fn push_front(&self, map: &ClassMap, slab: u32) {
        let record = map.record(slab);
        record.previous.set(0);
        record.next.set(self.first.get());
        match self.first() {
            Some(second) => map.record(second).previous.set(slab + 1),
            None => self.last.set(slab + 1),
        }
        self.first.set(slab + 1);
    }

    pub(super) fn push_back(&self, map: &ClassMap, slab: u32) {
        let record = map.record(slab);
        record.next.set(0);
        record.previous.set(self.last.get());
        match self.last() {
            Some(before) => map.record(before).next.set(slab + 1),
            None => self.first.set(slab + 1),
        }
        self.last.set(slab + 1);
    }

    pub(super) fn remove(&self, map: &ClassMap, slab: u32) {
        let record = map.record(slab);
        match record.previous.get().checked_sub(1) {
            Some(before) => map.record(before).next.set(record.next.get()),
            None => self.first.set(record.next.get()),
        }
        match record.next.get().checked_sub(1) {
            Some(after) => map.record(after).previous.set(record.previous.get()),
            None => self.last.set(record.previous.get()),
        }
    }
}
