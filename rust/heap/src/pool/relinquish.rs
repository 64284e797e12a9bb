// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that limits its own address space: what is reserved and not used goes back, since the limit
//! (`RLIMIT_AS`, setrlimit(2)) counts it, and else no mapping could be made any more, by nobody.
//!
//! From then on both pools are held as under a limit that was there at the start: pieces are mapped as they are
//! wanted, at their places. These are nobody's for long: the kernel gives the highest gap that is large enough, which lies
//! in the upper half of the data pool, among the regions of sensitive blocks, each of them many GiB from where
//! it is in use.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use secmalloc_policy::layout::{Plan, REGIONS};

use super::{fixed, shared, started, Fixed, NO_CLASS};
use crate::large;
use crate::sys;
use crate::sys::files::Errno;
use crate::thread::{self, ThreadHeap};

/// Set before anything goes back: who finds it unset under the lock of a part finds that part as it was.
static DONE: AtomicBool = AtomicBool::new(false);

/// Whether what was reserved has gone back.
pub(crate) fn is_relinquished() -> bool {
    // Relaxed: what it speaks of changes under locks.
    DONE.load(Relaxed)
}

/// Changes and asks for a limit of a process as prlimit(2) does; what it means for the heap is done. In a signal handler that
/// interrupted a change of the heap that has to wait until memory is short: the locks that are wanted may be this thread's own.
///
/// # Errors
/// - The errno of the system call.
///
/// # Safety
/// - As prlimit(2) has it: null, or what the kernel may read or write.
pub unsafe fn set_limit(
    process: libc::pid_t,
    resource: u32,
    new: *const libc::rlimit64,
    old: *mut libc::rlimit64,
) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    unsafe { sys::limit(process, resource, new, old) }?;
    if resource == libc::RLIMIT_AS && !new.is_null() && started() {
        thread::with_heap(|_| heed_limit());
    }
    Ok(())
}

/// Gives back what is reserved if it is limited now how much the process may map. The thread's heap is closed, and it holds
/// no lock of what is given back.
pub(crate) fn heed_limit() {
    let is_limited = || !Plan::for_limit(sys::address_space_limit(), usize::MAX).reserved;
    if fixed().is_reserved() && is_limited() && !DONE.swap(true, Relaxed) {
        large::trim();
        relinquish(fixed());
    }
}

/// Whole pages of ours between what is in use go back.
fn give_back(unused: Range<usize>) {
    if unused.start < unused.end {
        // SAFETY: reserved for us; nobody has ever used them.
        unsafe { sys::unmap(unused.start, unused.end - unused.start) };
    }
}

fn relinquish(fixed: &Fixed) {
    for region in 0..REGIONS {
        let from = fixed.data + (region << fixed.region_shift);
        let to = from + (1 << fixed.region_shift);
        match fixed.class_of_region(region) {
            NO_CLASS => give_back(from..to),
            class => {
                let class = usize::from(class);
                let (map, store) = (&fixed.classes[class], &shared().stores[class]);
                let _held = store.lock.hold();
                give_back(from..map.base);
                give_back(map.base + store.committed_bytes()..to);
            }
        }
    }
    shared().threads.with_spare_memory(give_back);
    relinquish_arrays(fixed);
    shared().large.with_spare_memory(give_back);
    let pool = fixed.shared_at()..fixed.shared_at() + fixed.metadata_size;
    let (from, size) = fixed.around_metadata;
    give_back(from..pool.start);
    give_back(pool.end..from + size);
    give_back(fixed.evidence.room());
}

/// The same for records and states of all classes, which lie one behind the other.
fn relinquish_arrays(fixed: &Fixed) {
    let whole = |address: usize| address / fixed.page * fixed.page;
    let mut end = whole(fixed.heaps + fixed.heap_count as usize * ThreadHeap::STRIDE);
    for (map, store) in fixed.classes.iter().zip(&shared().stores) {
        let [records, states] = map.array_bytes(map.slabs as usize);
        let _held = store.lock.hold();
        // Without memory, both begin in the middle of one page.
        let used = match store.array_bytes() {
            [0, _] | [_, 0] => whole(map.point())..whole(map.point()),
            [below, above] => map.point() - below..map.point() + above,
        };
        // Part of this is no class's: parts are made for the largest region.
        give_back(end..whole(map.point() - records));
        give_back(whole(map.point() - records)..used.start);
        end = whole(map.point() + states);
        give_back(used.end..end);
        end = end.max(used.end);
    }
    give_back(end..fixed.large_tables.start());
}
