// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which thread has which heap: a thread joins with its first allocation, and its heap passes on when it
//! ends.

use core::cell::Cell;
use core::ffi::c_void;

use super::cold::{first_shared, Cold, SHARED};
use super::{current, heap, ThreadHeap, NONE};
use crate::lock::Lock;
use crate::pool::{self, fixed, shared, Growing};
use crate::sys;

/// All heaps: which are used, which are free. All zero is none.
#[repr(C)]
pub(crate) struct Registry {
    pub(super) lock: Lock,
    /// Heaps ever used, number 0 included.
    used: Cell<u32>,
    /// Memory for heaps, counted from where everything that changes begins.
    memory: Growing,
    /// Heaps without a thread, the first one's number plus one: empty ones, and some whose slots stay
    /// where they are for the next thread.
    empty: Cell<u32>,
    kept: Cell<u32>,
    kept_count: Cell<u32>,
    /// Counts forks, plus one.
    pub(super) generation: Cell<u32>,
    /// Held by a thread that uses heap number 0.
    pub(super) common: Lock,
    /// What threads share for the classes that are not their own.
    pub(super) cold: Cold,
}

/// Heaps of finished threads that are kept as they are. A program that makes a thread for each task
/// would else move all of a thread's slots through the stores and back, time and again.
const MOST_KEPT: u32 = 8;

// SAFETY: every cell is only touched under `lock`; what is in `cold` is atomic.
unsafe impl Sync for Registry {}

/// Does something with a heap: the thread's own, a new one, or the common one. `None` if the
/// whole heap cannot start.
#[cold]
pub(crate) fn with_heap<T>(work: impl FnOnce(&ThreadHeap) -> T) -> Option<T> {
    if !pool::start() {
        return None;
    }
    if let Some(own) = current().or_else(join) {
        return Some(work(own));
    }
    let registry = &shared().threads;
    // A signal handler may have interrupted this very thread in here; then it must go on.
    if registry.common.is_mine() {
        return Some(work(heap(0)));
    }
    let _held = registry.common.hold();
    let common = heap(0);
    if common.owners.get() == 0 {
        common.begin(0);
    } else {
        // There may have been a fork since.
        common.seed();
    }
    Some(work(common))
}

impl Registry {
    /// Sees to memory for a heap. The caller holds the lock.
    fn has_memory_for(&self, number: u32) -> bool {
        /// Heaps that get memory at a time, where there is enough.
        const STEP: usize = 4;
        let (start, heaps) = (fixed().shared_at(), fixed().heaps);
        if self.memory.bytes() == 0 {
            self.memory.begin(fixed().first);
        }
        let end = |number: usize| heaps - start + number * ThreadHeap::STRIDE;
        // Those that threads share lie before the others.
        let wanted = SHARED + number as usize + 1;
        wanted * ThreadHeap::STRIDE + heaps - start <= self.memory.bytes()
            || [wanted + STEP, wanted].iter().any(|&to| {
                self.memory
                    .up(start, end(to.min(fixed().heap_count as usize)))
            })
    }
}

/// Gives the calling thread a heap, unless it must not have one.
fn join() -> Option<&'static ThreadHeap> {
    // Where every block is guarded, magazines have nothing to do: all goes the slow way.
    if sys::thread_word() == NONE || fixed().options.guard_all() {
        return None;
    }
    let registry = &shared().threads;
    let number = {
        let _held = registry.lock.hold();
        if let Some(number) = pop(&registry.kept) {
            registry.kept_count.set(registry.kept_count.get() - 1);
            number
        } else if let Some(number) = pop(&registry.empty) {
            number
        } else {
            // Number 0 is the common heap.
            let number = registry.used.get().max(1);
            if number >= first_shared() || !registry.has_memory_for(number) {
                return None;
            }
            registry.used.set(number + 1);
            number
        }
    };
    registry.cold.joined();
    let own = heap(number);
    own.begin(number);
    let address = core::ptr::from_ref(own).expose_provenance();
    // Before the mark: setting it may allocate.
    sys::set_thread_word(address);
    if let Some(key) = fixed().thread_key {
        sys::notice_thread_end(key, address);
    }
    Some(own)
}

/// The end of a thread. What it frees or allocates after this, in the destructors of others, goes
/// through the common heap.
pub(crate) unsafe extern "C" fn at_thread_end(_: *mut c_void) {
    let Some(own) = current() else { return };
    sys::set_thread_word(NONE);
    let registry = &shared().threads;
    registry.cold.left();
    {
        let _held = registry.lock.hold();
        if registry.kept_count.get() < MOST_KEPT {
            registry.kept_count.set(registry.kept_count.get() + 1);
            push(&registry.kept, own);
            return;
        }
    }
    own.drain();
    let _held = registry.lock.hold();
    push(&registry.empty, own);
}

/// Gives what the heaps of finished threads hold back to the stores.
pub(crate) fn drain_kept() {
    let registry = &shared().threads;
    loop {
        let number = {
            let _held = registry.lock.hold();
            let Some(number) = pop(&registry.kept) else {
                return;
            };
            registry.kept_count.set(registry.kept_count.get() - 1);
            number
        };
        heap(number).drain();
        let _held = registry.lock.hold();
        push(&registry.empty, heap(number));
    }
}

fn push(list: &Cell<u32>, heap: &ThreadHeap) {
    heap.next.set(list.get());
    list.set(heap.number.get() + 1);
}

fn pop(list: &Cell<u32>) -> Option<u32> {
    let number = list.get().checked_sub(1)?;
    list.set(heap(number).next.get());
    Some(number)
}
