// SPDX-License-Identifier: MIT OR Apache-2.0
//! A class gives back what is reserved for it and not in use (see `pool/relinquish.rs`).

use core::ops::Range;

use super::Store;
use crate::pool::{self, Fixed};
use crate::slab::{ClassMap, Life};

impl Store {
    /// Calls `give_back` with the addresses that are not in use, of the class's `region` and of its arrays, if that was
    /// not done before.
    pub(crate) fn relinquish(
        &self,
        fixed: &Fixed,
        map: &ClassMap,
        class: usize,
        region: Range<usize>,
        give_back: &mut impl FnMut(Range<usize>),
    ) {
        let _held = self.lock.hold();
        if !self.reservation.end() {
            return;
        }
        give_back(region.start..map.base);
        give_back(map.base + self.committed.get()..region.end);
        let mut next = self.purged.first();
        while let Some(slab) = next {
            let record = map.record(slab);
            next = record.next.get().checked_sub(1);
            if record.life.get() == Life::Returned {
                give_back(map.slab(slab)..map.slab(slab) + map.slab_size());
            }
        }
        let arrays = pool::arrays_of(fixed, map);
        match [self.records.bytes(), self.states.bytes()] {
            [0, _] | [_, 0] => give_back(arrays),
            [records, states] => {
                give_back(arrays.start..map.point() - records);
                give_back(map.point() + states..arrays.end);
            }
        }
        self.narrow_reach(map, class);
    }

    /// Only slabs that exist are the class's: what lies behind them may be anybody's.
    pub(super) fn narrow_reach(&self, map: &ClassMap, class: usize) {
        pool::set_reach(class, self.slabs() as usize * map.slab_size());
    }
}
