// SPDX-License-Identifier: MIT OR Apache-2.0
//! A store in a forked child: slabs that only threads of the parent's drew from, and what another
//! thread was changing as the process was forked.

use core::sync::atomic::Ordering::Relaxed;

use secmalloc_policy::size_class::is_zero;

use super::Store;
use crate::pool::{fixed, shared};
use crate::slab::{ClassMap, Life};

impl Store {
    /// Takes back the slabs of threads that this process was forked without; once in a process, when
    /// there is nothing else to draw from: the child that only calls `exec` must not pay for it.
    ///
    /// What such a thread had drawn stays lost. It may have been stopped between taking a slot and
    /// saying so, and a slot must not be in two places. A slab and its owner change together, under
    /// the lock, which the fork took. The caller holds it.
    pub(super) fn take_lost(&self, map: &ClassMap, class: usize) {
        let threads = &shared().threads;
        let now = threads.generation();
        if self.sought_in.replace(now) == now {
            return;
        }
        for heap in threads.lost_heaps() {
            self.disown_held(map, heap, heap.bin(class));
        }
    }

    /// Makes the lists anew, from the records, whatever another thread was doing to them: that one
    /// does not exist here, in a child that has one thread yet. The bits of free slots are right at
    /// every moment, but for slots that were on their way: those are lost.
    pub(crate) fn mend(&self, class: usize) {
        let (map, threads) = (&fixed().classes[class], &shared().threads);
        for list in [&self.partial, &self.warm, &self.purged, &self.fresh] {
            list.clear();
        }
        self.warm_count.store(0, Relaxed);
        self.purged_count.store(0, Relaxed);
        for bin in threads.heaps().map(|heap| heap.bin(class)) {
            // Not written where it need not be: each page would be copied.
            if bin.slab.get() != 0 {
                bin.slab.set(0);
            }
        }
        for slab in 0..self.slabs() {
            let record = map.record(slab);
            let free = record.free.iter().map(|word| word.get().count_ones());
            record.free_count.set(free.sum());
            record.owner.set(0);
            match record.life.get() {
                Life::Warm => self.list(map, slab),
                Life::Purged | Life::Returned => {
                    // Its memory may just have been given back for good: it is seen to again.
                    if !is_zero(class) {
                        record.life.set(Life::Returned);
                    }
                    self.add_purged(map, slab);
                }
                Life::Absent | Life::Guard => {}
            }
        }
    }
}
