// SPDX-License-Identifier: MIT OR Apache-2.0
//! A stack of our own for what takes more of it than calls of ours may: walks that read unwind tables, and
//! messages. Threads may have the smallest stacks that the system allows.

use core::cell::UnsafeCell;
use core::mem::size_of;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::sys;

/// Something that one thread has at a time.
pub(super) struct Owner(AtomicU32);

impl Owner {
    pub(super) const fn nobody() -> Owner {
        Owner(AtomicU32::new(0))
    }

    /// Takes it, if it is free, or becomes so meanwhile. What a thread of another process had as this one was
    /// forked is free.
    pub(super) fn take(&self, tries: u32) -> bool {
        let own = sys::process_id();
        (0..tries).any(|_| {
            let owner = self.0.load(Ordering::Relaxed);
            // Acquire: what the last one did with it comes before.
            let taken = owner != own
                && self
                    .0
                    .compare_exchange(owner, own, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok();
            if !taken && tries > 1 {
                sys::pause();
            }
            taken
        })
    }

    pub(super) fn give_back(&self) {
        // Release: see `take`.
        self.0.store(0, Ordering::Release);
    }
}

#[repr(C, align(4096))]
struct Stack(UnsafeCell<[u8; 32 << 10]>);

// SAFETY: only used as the stack of the one thread that took it.
unsafe impl Sync for Stack {}

static OWNER: Owner = Owner::nobody();
static STACK: Stack = Stack(UnsafeCell::new([0; 32 << 10]));

/// Where it is: from, to.
pub(crate) fn stack() -> (usize, usize) {
    let at = STACK.0.get().addr();
    (at, at + size_of::<Stack>())
}

/// Does something on that stack; `false` if it was not free. No signal handler of the program comes in
/// between: it would have to do with what is left of this stack.
pub(crate) fn aside<T>(tries: u32, work: &mut T, run: fn(&mut T)) -> bool {
    let blocked = sys::block_signals();
    let taken = OWNER.take(tries);
    if taken {
        let mut call = Call { work, run };
        let top = STACK.0.get().addr() + size_of::<Stack>();
        // SAFETY: the stack is ours alone, and many times as large as what is called.
        unsafe {
            sys::call_on_stack(top, enter::<T>, (&raw mut call).expose_provenance());
        }
        OWNER.give_back();
    }
    sys::set_signals(blocked);
    taken
}

struct Call<'a, T> {
    work: &'a mut T,
    run: fn(&mut T),
}

extern "C" fn enter<T>(call: usize) {
    // SAFETY: `aside`'s own, which waits for this to return.
    let call = unsafe { sys::pointer::<Call<'_, T>>(call).as_mut() };
    (call.run)(call.work);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_elsewhere_by_one_at_a_time() {
        let here = 0u8;
        let mut found = (0usize, true);
        // Another test may use it for a moment.
        assert!(aside(1 << 20, &mut found, |found| {
            let there = 0u8;
            let mut inner = ();
            *found = ((&raw const there).addr(), aside(1, &mut inner, |()| ()));
        }));
        let bottom = STACK.0.get().addr();
        assert!((bottom..bottom + size_of::<Stack>()).contains(&found.0));
        assert!(!(bottom..bottom + size_of::<Stack>()).contains(&(&raw const here).addr()));
        assert!(!found.1, "not twice");
    }
}
