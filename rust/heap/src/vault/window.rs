// SPDX-License-Identifier: MIT OR Apache-2.0
//! Access windows (option `sensitive_access=window`): blocks and globals of the vault are out of reach, but between
//! `secmalloc_sensitive_open` and `_close`, and while we ourselves look at them.
//!
//! What is out of reach is so for the whole process, by `mprotect`: a window of one thread is one of all others, as
//! long as it is open. The heap counts: the first window opens the vault, the last one closes it. In between nothing is
//! asked of the kernel. All that reads or writes sensitive slots does so within a window (`around`), and
//! the short ways are closed for them (`pool::refresh`, `quick`).

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use secmalloc_policy::size_class::{is_sensitive, is_zero};

use super::globals;
use crate::large;
use crate::lock::Lock;
use crate::pool::{self, fixed, shared};
use crate::slab::{self, Life};
use crate::sys::{self, Access};

/// Held while the vault is opened or closed.
static LOCK: Lock = Lock::new();
/// Windows that are open. Written under the lock.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// A window, open until this is dropped.
pub(crate) struct Window(());

impl Drop for Window {
    fn drop(&mut self) {
        let _ = close();
    }
}

/// A window for us, where the options have any. The caller holds no store's lock.
#[inline]
pub(crate) fn around() -> Option<Window> {
    fixed().windows.then(open_ours)
}

#[cold]
#[inline(never)]
fn open_ours() -> Window {
    // What could not be opened faults when it is touched, as it would for the program.
    let _ = open();
    Window(())
}

/// A window for what is done to the block at an address, where it may be a sensitive one.
#[inline]
pub(crate) fn around_block(address: usize) -> Option<Window> {
    if !fixed().windows {
        return None;
    }
    let small = slab::spot(fixed(), address);
    let sensitive = match small {
        Some(spot) => is_sensitive(spot.slot.class),
        None => large::find(address).is_some_and(|descriptor| descriptor.sensitive),
    };
    sensitive.then(open_ours)
}

/// A window for what is done to the slots of a class.
#[inline]
pub(crate) fn around_class(class: usize) -> Option<Window> {
    (is_sensitive(class) && fixed().windows).then(open_ours)
}

/// Opens one. `false` where the kernel refused a part: there is no window then.
#[must_use]
pub fn open() -> bool {
    change(|before| {
        let opened = before > 0 || !fixed().windows || set(Access::Write);
        if !opened {
            set(Access::Nothing);
        }
        opened.then_some(before + 1)
    })
}

/// Closes one. `false` where none is open, or where the kernel refused a part, which is in reach still.
#[must_use]
pub fn close() -> bool {
    let mut closed = true;
    change(|before| {
        let left = before.checked_sub(1)?;
        if left == 0 && fixed().windows {
            closed = set(Access::Nothing);
        }
        Some(left)
    }) && closed
}

/// Changes the number of windows. No handler comes in between: it would find the vault half open.
fn change(to: impl FnOnce(usize) -> Option<usize>) -> bool {
    if !pool::start() {
        return false;
    }
    let blocked = sys::block_signals();
    let done = {
        let _held = LOCK.hold();
        match to(OPEN.load(Relaxed)) {
            Some(count) => {
                OPEN.store(count, Relaxed);
                true
            }
            None => false,
        }
    };
    sys::set_signals(blocked);
    done
}

/// In a forked child: another thread of the parent's may have had the lock. Its windows stay open.
pub(super) fn forked() {
    LOCK.reset();
}

/// Sets what may be done with all of the vault but its guards. Nobody is in a window, so that nothing of it changes
/// meanwhile; what is committed and was never in a slab holds nothing.
fn set(access: Access) -> bool {
    let mut all = true;
    let mut set = |from: usize, to: usize| {
        if from < to {
            // SAFETY: memory of the vault, which nobody may touch outside of a window.
            all &= unsafe { sys::protect(from, to - from, access) };
        }
    };
    let page = fixed().page;
    for (class, store) in shared().stores.iter().enumerate() {
        if !is_sensitive(class) || is_zero(class) {
            continue;
        }
        let map = &fixed().classes[class];
        let mut run = None;
        for slab in 0..=store.slabs() {
            let is_memory = slab < store.slabs()
                && !matches!(map.record(slab).life.get(), Life::Guard | Life::Returned);
            match (is_memory, run) {
                (true, None) => run = Some(slab),
                (false, Some(first)) => {
                    // Guards are whole pages: what shares one with a slab is no guard.
                    let (from, to) = (map.slab(first), map.slab(slab));
                    set(from / page * page, to.next_multiple_of(page));
                    run = None;
                }
                _ => {}
            }
        }
    }
    large::each_sensitive(|descriptor| {
        set(descriptor.mapping.data, descriptor.mapping.data_end());
    });
    for (from, to) in globals::each() {
        // Whole pages of them alone.
        set(from.next_multiple_of(page), to / page * page);
    }
    all
}
