// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is done before the answer is that there is no memory.

use crate::large;
use crate::pool::shared;
use crate::thread::{self, ThreadHeap};

/// Gives back everything that is held for later: slots and slabs of this thread and of those that
/// ended, memory and addresses of empty slabs, mappings of freed large blocks. Only what rests stays
/// where it is. What is still lacking then is lacking.
#[cold]
#[inline(never)]
pub(crate) fn relieve(heap: &ThreadHeap) {
    heap.give_back_unused();
    thread::give_back_shared();
    thread::drain_kept();
    for (class, store) in shared().stores.iter().enumerate() {
        store.trim(class);
        store.return_addresses(class);
    }
    large::trim();
}
