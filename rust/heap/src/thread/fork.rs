// SPDX-License-Identifier: MIT OR Apache-2.0
//! `fork`: all locks are taken before it, so that the child finds nothing half changed, and are free
//! again after it.
//!
//! A signal handler may fork, and may have interrupted this very thread where it had a lock. That
//! one stays as it is, and the interrupted call goes on in parent and child. No two threads wait
//! for each other here; the order of locks is in ARCHITECTURE.md, "Invariants":
//!
//! 1. The C library's list of open files (`sys::open_files`), whose holders may wait for any of ours.
//! 2. [`FORKS`]: one thread forks at a time.
//! 3. Those of heap number 0 and of the shared heaps are only tried: their holders may wait for a
//!    lock below.
//! 4. The others, in the order of [`each_lock`]. Who holds one waits for nothing, but for who forks
//!    in a handler: that thread has announced its locks, and those are passed over.
//!
//! What could not be taken is half changed in the child, and mended there.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use secmalloc_policy::size_class::COUNT;

use super::cold::SHARED;
use super::{current_or_closed, open, word};
use crate::lock::Lock;
use crate::pool::{self, shared};
use crate::sys::{self, open_files};
use crate::vault;

/// One thread forks at a time, and what follows is its own.
static FORKS: Lock = Lock::new();
/// Locks by their place in the order: that the forking thread had already; that it could not take;
/// that it announced.
static HELD: Places = Places::none();
static MISSED: Places = Places::none();
static ANNOUNCED: Places = Places::none();
/// Handlers in the middle of a fork that fork in their turn, with the same locks.
static DEPTH: AtomicU32 = AtomicU32::new(0);
/// The fork is a handler's that interrupted another where that had not all locks yet.
static WITHIN_ANOTHER: AtomicBool = AtomicBool::new(false);
/// The thread word before the fork.
static WORD: AtomicUsize = AtomicUsize::new(0);

/// The locks of heap number 0 and of the shared heaps.
const COMMON: u32 = 0;
const FIRST_COLD: u32 = 1;
const REGISTRY: u32 = FIRST_COLD + SHARED as u32;
const LARGE: u32 = REGISTRY + 1;
const FIRST_STORE: u32 = LARGE + 1;
const _: () = assert!(FIRST_STORE as usize + COUNT <= u128::BITS as usize);

/// Every lock there is, with its place in the order in which they are taken.
fn each_lock(mut with: impl FnMut(u32, &Lock)) {
    let shared = shared();
    with(COMMON, &shared.threads.common);
    for (place, line) in (FIRST_COLD..).zip(&shared.threads.cold.locks) {
        with(place, &line.0);
    }
    with(REGISTRY, &shared.threads.lock);
    with(LARGE, &shared.large.lock);
    for (place, store) in (FIRST_STORE..).zip(&shared.stores) {
        with(place, &store.lock);
    }
}

const fn bit(place: u32) -> u128 {
    1 << place
}

/// A bit for each lock.
struct Places([AtomicU64; 2]);

impl Places {
    const fn none() -> Places {
        Places([const { AtomicU64::new(0) }; 2])
    }

    /// Relaxed, both: read by the thread that wrote it, or by its copy in the child; the locks order the rest.
    fn load(&self) -> u128 {
        let [low, high] = &self.0;
        u128::from(low.load(Relaxed)) | u128::from(high.load(Relaxed)) << u64::BITS
    }

    fn store(&self, bits: u128) {
        let [low, high] = &self.0;
        low.store(bits as u64, Relaxed);
        high.store((bits >> u64::BITS) as u64, Relaxed);
    }
}

/// Whether this is a signal handler, or a fork in one, that interrupted this thread where it was
/// changing what others share.
pub(crate) fn is_inside_a_change() -> bool {
    if sys::is_forking() {
        return HELD.load() | MISSED.load() != 0;
    }
    let mut any = false;
    each_lock(|_, lock| any |= lock.is_mine());
    any
}

/// Before `fork`.
pub(crate) unsafe extern "C" fn before_fork() {
    if !pool::started() {
        return;
    }
    if sys::is_forking() {
        DEPTH.store(DEPTH.load(Relaxed) + 1, Relaxed);
        return;
    }
    let word = word::close();
    let within_another = FORKS.is_mine();
    let (mut held, mut missed, mut announced) = (0, 0, 0);
    each_lock(|place, lock| {
        if lock.is_mine() {
            held |= bit(place);
            if !within_another && lock.announce() {
                announced |= bit(place);
            }
        }
    });
    open_files::lock();
    if !within_another {
        FORKS.acquire();
    }
    each_lock(|place, lock| {
        let taken = held & bit(place) != 0
            || if place < REGISTRY {
                lock.acquire_soon()
            } else {
                lock.acquire_unless_announced()
            };
        if !taken {
            missed |= bit(place);
        }
    });
    HELD.store(held);
    MISSED.store(missed);
    ANNOUNCED.store(announced);
    // Relaxed, as above.
    WITHIN_ANOTHER.store(within_another, Relaxed);
    WORD.store(word, Relaxed);
    sys::set_forking(true);
    if held | missed == 0 {
        // Fork handlers of others may allocate: this thread has every lock, and passes it.
        sys::set_thread_word(word);
    }
}

/// After `fork`, in the parent.
pub(crate) unsafe extern "C" fn after_fork_parent() {
    if sys::is_forking() && !ends_inner() {
        give_back(Lock::release);
        open_files::unlock();
    }
}

/// After `fork`, in the child: the only thread is this one. Slots in the hands of the others are
/// lost: they may have been stopped in the middle of a change. The slabs that they drew from are
/// not, see `store/forked.rs`.
pub(crate) unsafe extern "C" fn after_fork_child() {
    if !sys::is_forking() {
        return;
    }
    open_files::forget();
    vault::variables_after_fork();
    shared().threads.next_generation(current_or_closed());
    if let Some(own) = open() {
        own.seed();
    }
    mend();
    vault::after_fork_child();
    if !ends_inner() {
        give_back(Lock::reset);
    }
    pool::after_fork_child();
}

/// Whether it is not the outermost fork that ends.
fn ends_inner() -> bool {
    let depth = DEPTH.load(Relaxed);
    DEPTH.store(depth.saturating_sub(1), Relaxed);
    depth > 0
}

/// Makes the locks free that [`before_fork`] took.
fn give_back(with: impl Fn(&Lock)) {
    let not_ours = HELD.load() | MISSED.load();
    let announced = ANNOUNCED.load();
    let within_another = WITHIN_ANOTHER.load(Relaxed);
    let before = WORD.load(Relaxed);
    word::close();
    sys::set_forking(false);
    each_lock(|place, lock| {
        if not_ours & bit(place) == 0 {
            with(lock);
        }
        if announced & bit(place) != 0 {
            lock.unannounce();
        }
    });
    if !within_another {
        with(&FORKS);
    }
    word::reopen(before);
}

/// In the child: what other threads of the parent's were changing. The locks are this thread's then.
fn mend() {
    let missed = MISSED.load();
    MISSED.store(0);
    let shared = shared();
    if missed != 0 {
        pool::be_unsure();
    }
    each_lock(|place, lock| {
        if missed & bit(place) == 0 {
            return;
        }
        match place {
            COMMON => shared.threads.forget_common(),
            REGISTRY => shared.threads.forget_lists(),
            cold if cold < REGISTRY => shared.threads.cold.forget(cold - FIRST_COLD),
            LARGE => shared.large.mend(),
            _ => {
                let class = (place - FIRST_STORE) as usize;
                shared.stores[class].mend(class);
            }
        }
        lock.reset();
        lock.acquire();
    });
}
