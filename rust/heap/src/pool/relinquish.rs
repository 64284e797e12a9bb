// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that limits its own address space: what is reserved and not used goes back, since the limit
//! (`RLIMIT_AS`, setrlimit(2)) counts it, and else no mapping could be made any more, by nobody.
//!
//! From then on both pools are held as under a limit that was there at the start: pieces are mapped as they are
//! wanted, at their places, or not at all. The kernel gives others the highest gap that is large enough: it lies in the upper
//! half of the data pool, among the regions of sensitive blocks, so that ordinary classes keep their places. Where the
//! kernel begins at the bottom (`setarch -L`), they would not, and nothing goes back.
//!
//! Each part has its own lock, under which its [`Reservation`](super::Reservation) ends; whoever comes later finds what is left to do.

use core::ops::Range;
use core::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

use secmalloc_policy::layout::{Plan, REGIONS};

use super::{fixed, shared, started, Fixed, NO_CLASS};
use crate::large;
use crate::slab::ClassMap;
use crate::sys;
use crate::sys::files::Errno;
use crate::thread::{self, ThreadHeap};

/// Set before the first part goes back, and never unset.
static BEGUN: AtomicBool = AtomicBool::new(false);
/// The process whose limits count: a child that shares our memory, or that the fork handlers know nothing of, must not
/// give back what is its parent's, nor wait for threads that it has not.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Whether what was reserved has gone back, or is about to.
pub(crate) fn is_relinquished() -> bool {
    // Acquire: who sees a mapping of others in the pool sees this too.
    BEGUN.load(Acquire)
}

/// The heap starts.
pub(super) fn begin() {
    OWNER.store(sys::process_id(), Relaxed);
}

/// In a forked child, once it has all locks again: another thread of the parent's may have been at it.
pub(crate) fn after_fork_child() {
    begin();
    if is_relinquished() {
        relinquish(fixed());
    }
}

/// Changes and asks for a limit of a process as prlimit(2) does; what it means for the heap is done. Not in a signal handler that
/// interrupted a change of the heap: the locks that are wanted may be this thread's own.
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
    if resource == libc::RLIMIT_AS && !new.is_null() && started() && is_to_be_heeded() {
        thread::with_heap(|_| {
            // Release: as above.
            BEGUN.store(true, Release);
            large::trim();
            relinquish(fixed());
        });
    }
    Ok(())
}

/// Whether there is a limit now that the reservation would break, and it may go back.
fn is_to_be_heeded() -> bool {
    let fixed = fixed();
    let top = sys::auxiliary(libc::AT_RANDOM);
    fixed.plan.reserved
        && OWNER.load(Relaxed) == sys::process_id()
        // Else the kernel begins at the bottom.
        && fixed.data > top / 2
        && !Plan::for_limit(sys::address_space_limit(), top).reserved
}

/// Whole pages of ours between what is in use go back.
fn give_back(unused: Range<usize>) {
    if unused.start < unused.end {
        // SAFETY: reserved for us; nobody has used them, and nobody else could, so far.
        unsafe { sys::unmap(unused.start, unused.end - unused.start) };
    }
}

fn relinquish(fixed: &Fixed) {
    for (class, (map, store)) in fixed.classes.iter().zip(&shared().stores).enumerate() {
        let region = fixed.region_of(map.base);
        store.relinquish(fixed, map, class, region, &mut give_back);
    }
    shared().large.relinquish(give_back);
    shared().threads.relinquish(|heaps| {
        give_back(heaps);
        (0..REGIONS)
            .filter(|&region| fixed.class_of_region(region) == NO_CLASS)
            .map(|region| fixed.data + (region << fixed.region_shift))
            .for_each(|region| give_back(fixed.region_of(region)));
        between_arrays(fixed);
        let pool = fixed.shared_at()..fixed.shared_at() + fixed.metadata_size;
        let (from, size) = fixed.around_metadata;
        give_back(from..pool.start);
        give_back(pool.end..from + size);
        give_back(fixed.evidence.room());
    });
}

/// Addresses that the states and records of a class may come to, in whole pages.
pub(crate) fn arrays_of(fixed: &Fixed, map: &ClassMap) -> Range<usize> {
    let [records, states] = map.array_bytes(map.slabs as usize);
    let whole = |address: usize| address / fixed.page * fixed.page;
    whole(map.point() - records)..(map.point() + states).next_multiple_of(fixed.page)
}

/// Parts are made for the largest region: what no class's arrays can come to.
fn between_arrays(fixed: &Fixed) {
    let heaps = fixed.heaps + fixed.heap_count as usize * ThreadHeap::STRIDE;
    let mut end = heaps.next_multiple_of(fixed.page);
    for map in &fixed.classes {
        let arrays = arrays_of(fixed, map);
        give_back(end..arrays.start);
        end = arrays.end;
    }
    give_back(end..fixed.large_tables.start());
}
