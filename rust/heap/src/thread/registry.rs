// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which thread has which heap: a thread joins with its first allocation, and its heap passes on when it
//! ends.

use core::cell::Cell;
use core::ffi::c_void;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::cold::{first_shared, Cold, SHARED};
use super::{current_or_closed, enter_any, fork, heap, recorded, Own, ThreadHeap, NONE};
use crate::lock::Lock;
use crate::pool::{self, fixed, shared, Growing, Reservation};
use crate::sys;
use crate::vault;

/// All heaps: which are used, which are free. All zero is none.
#[repr(C)]
pub(crate) struct Registry {
    pub(super) lock: Lock,
    /// Heaps ever used, number 0 included. Written under the lock, as all here.
    used: AtomicU32,
    /// Memory for heaps, counted from where everything that changes begins.
    memory: Growing,
    /// How they, and what lies between all parts, are held.
    reservation: Reservation,
    /// Heaps without a thread, the first one's number plus one: empty ones, and some whose slots stay
    /// where they are for the next thread.
    empty: Cell<u32>,
    kept: Cell<u32>,
    kept_count: Cell<u32>,
    /// Heaps before this one are not looked for threads of a parent's again, in this generation.
    sought: Cell<u32>,
    sought_in: Cell<u32>,
    /// Counts the forks that led to this process.
    generation: AtomicU32,
    /// Held by a thread that uses heap number 0.
    pub(super) common: Lock,
    /// What threads share for the classes that are not their own.
    pub(super) cold: Cold,
    /// Heap number 0 was in use by another thread as this process was forked. Under `common`.
    common_lost: Cell<bool>,
}

/// Heaps of finished threads that are kept as they are. A program that makes a thread for each task
/// would else move all of a thread's slots through the stores and back, time and again.
const MOST_KEPT: u32 = 8;

// SAFETY: every cell is only touched under `lock`, or under `common` where it says so; what is in `cold` is
// atomic.
unsafe impl Sync for Registry {}

impl Registry {
    /// The number of forks that led to this process.
    pub(crate) fn generation(&self) -> u32 {
        // Relaxed: changed by a child that has one thread yet.
        self.generation.load(Relaxed)
    }

    /// In a forked child: one more. The calling thread's heap goes on living.
    pub(super) fn next_generation(&self, own: Option<&ThreadHeap>) {
        let now = self.generation() + 1;
        self.generation.store(now, Relaxed);
        self.cold.alone();
        if let Some(own) = own {
            own.lives.store(now, Relaxed);
            own.thread.set(sys::thread_id());
        }
    }

    /// In a forked child, where another thread of the parent's had the lock: the lists may be half
    /// changed. What they held is found by [`Registry::find_lost`] when it is wanted.
    pub(super) fn forget_lists(&self) {
        self.kept.set(0);
        self.empty.set(0);
        self.kept_count.set(0);
    }

    /// In a forked child, where another thread of the parent's used heap number 0.
    pub(super) fn forget_common(&self) {
        self.common_lost.set(true);
    }

    /// Heaps ever used by threads, number 0 included.
    pub(crate) fn used(&self) -> u32 {
        self.used.load(Relaxed).max(1)
    }

    /// Every heap that was ever used.
    pub(crate) fn heaps(&self) -> impl Iterator<Item = &'static ThreadHeap> {
        (0..self.used.load(Relaxed))
            .chain(self.cold.used_heaps())
            .map(heap)
    }

    /// Heaps of threads that this process was forked without, and some that wait for a thread.
    pub(crate) fn lost_heaps(&self) -> impl Iterator<Item = &'static ThreadHeap> {
        let now = self.generation();
        (0..self.used.load(Relaxed))
            .map(heap)
            .filter(move |heap| heap.lives.load(Relaxed) != now)
    }

    /// The number of a lost heap, for another thread. To be called under the lock, when no list has
    /// one to give: those in the lists look lost too.
    fn find_lost(&self) -> Option<u32> {
        let now = self.generation();
        if self.sought_in.replace(now) != now {
            self.sought.set(1);
        }
        while self.sought.get() < self.used.load(Relaxed) {
            let number = self.sought.replace(self.sought.get() + 1);
            if heap(number).lives.load(Relaxed) != now {
                return Some(number);
            }
        }
        None
    }
}

/// Does something with a heap: the thread's own, a new one, or the common one. `None` if the
/// whole heap cannot start, and in a signal handler that interrupted this thread where it had a
/// lock: what that guards is half changed.
#[cold]
pub(crate) fn with_heap<T>(work: impl FnOnce(&ThreadHeap) -> T) -> Option<T> {
    if !pool::start() {
        return None;
    }
    if let Some(own) = enter_any().or_else(join) {
        return Some(work(&own));
    }
    if fork::is_inside_a_change() {
        return None;
    }
    let registry = &shared().threads;
    let _held = registry.common.hold();
    let common = heap(0);
    if registry.common_lost.replace(false) {
        common.forget();
    }
    if common.owners.get() == 0 {
        common.begin(0);
    } else {
        // There may have been a fork since.
        common.seed();
    }
    common.lives.store(registry.generation(), Relaxed);
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
                self.memory.up(
                    self.reservation.stands(),
                    start,
                    end(to.min(fixed().heap_count as usize)),
                )
            })
    }
}

impl Registry {
    /// Ends the reservation. Calls `with` with the addresses of heaps that have no memory yet, under the lock, if it stood.
    pub(crate) fn relinquish(&self, with: impl FnOnce(Range<usize>)) {
        let _held = self.lock.hold();
        if !self.reservation.end() {
            return;
        }
        let fixed = fixed();
        let so_far = self.memory.bytes().max(fixed.first);
        let end = fixed.heaps + fixed.heap_count as usize * ThreadHeap::STRIDE;
        with(fixed.shared_at() + so_far..end / fixed.page * fixed.page);
    }
}

/// Gives the calling thread a heap, unless it must not have one.
fn join() -> Option<Own> {
    // Where every block is guarded, magazines have nothing to do: all goes the slow way. Only a recorder
    // may be wanted then.
    let is_recorded = fixed().trace.is_on();
    let is_slow = is_recorded || fixed().evidence.is_of_all();
    if sys::thread_word() != 0 || (fixed().options.guard_all() && !is_recorded) {
        return None;
    }
    // A signal handler that interrupts this takes the common heap.
    sys::set_thread_word(NONE);
    let Some((number, lost)) = new_number(&shared().threads) else {
        sys::set_thread_word(0);
        return None;
    };
    shared().threads.cold.joined();
    let own = heap(number);
    if lost {
        own.forget();
    }
    own.begin(number);
    fixed().trace.new_thread(number);
    let address = core::ptr::from_ref(own).expose_provenance();
    // Before the mark: setting it may allocate.
    sys::set_thread_word(if is_slow { recorded(address) } else { address });
    if let Some(key) = fixed().thread_key {
        sys::notice_thread_end(key, address);
    }
    enter_any()
}

/// The number of a heap for another thread, and whether a parent's thread had it last.
fn new_number(registry: &Registry) -> Option<(u32, bool)> {
    let _held = registry.lock.hold();
    let mut lost = false;
    let number = if let Some(number) = pop(&registry.kept) {
        registry.kept_count.set(registry.kept_count.get() - 1);
        number
    } else if let Some(number) = pop(&registry.empty) {
        number
    } else if registry.used.load(Relaxed).max(1) < first_shared() {
        // Number 0 is the common heap.
        let number = registry.used.load(Relaxed).max(1);
        if !registry.has_memory_for(number) {
            return None;
        }
        registry.used.store(number + 1, Relaxed);
        number
    } else {
        lost = true;
        registry.find_lost()?
    };
    heap(number).lives.store(registry.generation(), Relaxed);
    Some((number, lost))
}

/// The end of a thread. What it frees or allocates after this, in the destructors of others, goes
/// through the common heap.
pub(crate) unsafe extern "C" fn at_thread_end(_: *mut c_void) {
    vault::stack::at_thread_end();
    let Some(own) = current_or_closed() else {
        return;
    };
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
            // Not one of those that a fork left behind.
            heap(number).lives.store(registry.generation(), Relaxed);
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
