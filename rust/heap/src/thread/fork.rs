// SPDX-License-Identifier: MIT OR Apache-2.0
//! `fork`: all locks are taken before it, so that the child finds nothing half changed, and are free
//! again after it.

use core::sync::atomic::{AtomicU64, Ordering};

use super::current;
use crate::lock::Lock;
use crate::pool::{self, shared};
use crate::sys;

/// Every lock there is, in the order in which they are taken.
fn each_lock(mut with: impl FnMut(&Lock)) {
    let shared = shared();
    with(&shared.threads.common);
    let cold = &shared.threads.cold;
    cold.locks.iter().for_each(|line| with(&line.0));
    with(&shared.threads.lock);
    shared.stores.iter().for_each(|store| with(&store.lock));
    with(&shared.large.lock);
}

/// Locks that the forking thread held already, by their place in that order.
static HELD_BEFORE: AtomicU64 = AtomicU64::new(0);

/// Before `fork`: nobody may be in the middle of anything. A lock that the forking thread itself
/// holds (a signal handler forks) stays as it is, and its holder goes on in parent and child.
pub(crate) unsafe extern "C" fn before_fork() {
    if pool::started() {
        let (mut place, mut mine) = (0, 0);
        each_lock(|lock| {
            if lock.is_mine() {
                mine |= 1 << place;
            } else {
                lock.acquire();
            }
            place += 1;
        });
        // Relaxed: read by this thread, or by its copy in the child; the locks order the rest.
        HELD_BEFORE.store(mine, Ordering::Relaxed);
        sys::set_forking(true);
    }
}

/// Does something with the locks that [`before_fork`] took.
fn each_taken_lock(with: impl Fn(&Lock)) {
    let mine = HELD_BEFORE.load(Ordering::Relaxed);
    let mut place = 0;
    each_lock(|lock| {
        if mine >> place & 1 == 0 {
            with(lock);
        }
        place += 1;
    });
}

/// After `fork`, in the parent.
pub(crate) unsafe extern "C" fn after_fork_parent() {
    if pool::started() {
        sys::set_forking(false);
        each_taken_lock(Lock::release);
    }
}

/// After `fork`, in the child: the only thread is this one. The heaps of the others are lost with
/// what was in them, some kilobytes each: they may have been stopped in the middle of a change.
pub(crate) unsafe extern "C" fn after_fork_child() {
    if !pool::started() {
        return;
    }
    sys::set_forking(false);
    each_taken_lock(Lock::reset);
    let generation = &shared().threads.generation;
    generation.set(generation.get() + 1);
    shared().threads.cold.alone();
    if let Some(own) = current() {
        own.thread.set(sys::thread_id());
        own.seed();
    }
}
