// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread's sensitive stack: the long ways of `smalloc.h`'s `SMALLOC_LOCAL`, whose short ones are inline.
//!
//! Each thread's is a mapping of its own between two guards, made when it is first used. It grows up. What is at
//! or above its top is zero, always: so a new object is zero without being cleared, and a signal handler may push
//! above whatever it interrupted. Behind each object stands a check word, its own address exclusive-or the stack's key.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use secmalloc_policy::fault::{Fault, Mishap, Operation};

use super::{erase, protect};
use crate::die;
use crate::pool::{self, fixed};
use crate::sys::{self, Access, AtomicUsize};

/// What is known of the calling thread's, in its thread-local storage. All zero is none. The first three words
/// are read and written by programs (`struct smalloc_stack_` in `smalloc.h`): their places never change.
///
/// Nobody but its thread touches it, and signal handlers of that thread.
#[repr(C)]
pub(crate) struct Stack {
    /// The first free byte.
    top: AtomicUsize,
    /// The end, 0 where there is no stack: then no object fits, and the long way makes one.
    limit: AtomicUsize,
    key: AtomicUsize,
    base: AtomicUsize,
    /// Objects below were there when this process was forked, and were wiped then, check words and all.
    inherited: AtomicUsize,
    /// The process that made it, or knows that it inherited it.
    process: AtomicUsize,
    /// The thread's end has been noticed, or will not be: the stack goes as soon as it is empty.
    ended: AtomicUsize,
}

/// Bytes of it, in `sys`.
const _: () = assert!(size_of::<Stack>() == sys::LOCAL_STACK);

/// Bytes out of reach at either end.
const GUARD: usize = 64 << 10;
/// Objects begin at multiples of this, and take multiples of it.
const STEP: usize = 16;
const WORD: usize = size_of::<usize>();
const MOST_ALIGNED: usize = 4096;
/// In the check word of the first object on a stack that goes when it is left: the short way then asks us.
const LAST: usize = 1;

/// Everything has been wiped, at exit; threads may still run.
static WIPED: AtomicBool = AtomicBool::new(false);

fn own() -> &'static Stack {
    // SAFETY: the thread's own words, zero at first, which is a `Stack`; they are there while the thread runs, and
    // nobody keeps the reference for longer.
    unsafe { sys::pointer::<Stack>(sys::local_stack()).as_ref() }
}

/// An object on the stack.
#[derive(Clone, Copy)]
pub struct Pushed {
    /// The thread's stack.
    pub stack: usize,
    /// The object.
    pub at: usize,
    /// The first free byte before.
    pub before: usize,
}

/// Bytes that an object takes with its check word; too many for any stack where that overflows.
fn whole(size: usize) -> usize {
    match size.checked_add(WORD + STEP - 1) {
        Some(sum) => sum & !(STEP - 1),
        None => usize::MAX & !(STEP - 1),
    }
}

/// Puts an object on the calling thread's stack. Stops the process where that cannot be.
#[cold]
#[must_use]
pub fn push(size: usize, alignment: usize) -> Pushed {
    let own = own();
    let mut first = 0;
    if own.limit.load(Relaxed) == 0 {
        if let Err(why) = make(own) {
            let size = match pool::started() {
                true => fixed().options.sensitive().stack,
                false => 0,
            };
            die::found_last(
                &stack_fault(Mishap::Refused { size, why }),
                Operation::Local,
            );
        }
    }
    let (base, limit) = (own.base.load(Relaxed), own.limit.load(Relaxed));
    let before = own.top.load(Relaxed);
    if before == base && own.ended.load(Relaxed) != 0 {
        first = LAST;
    }
    let at = before.next_multiple_of(alignment.max(STEP));
    if alignment > MOST_ALIGNED || limit.saturating_sub(at) < whole(size) {
        let (used, whole) = (before - base, limit - base);
        die::found_last(
            &stack_fault(Mishap::Full { size, used, whole }),
            Operation::Local,
        );
    }
    own.top.store(at + whole(size), Relaxed);
    // A handler that comes here pushes above.
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
    // SAFETY: within the stack, and below its top now. Not aligned: any byte behind the object is to be seen.
    unsafe { write_word(at + size, (own.key.load(Relaxed) ^ (at + size)) ^ first) };
    Pushed {
        stack: core::ptr::from_ref(own).addr(),
        at,
        before,
    }
}

/// Takes an object off the stack, where the short way found something unusual.
#[cold]
pub fn pop(at: usize, size: usize, before: usize) {
    let own = own();
    let (base, top) = (own.base.load(Relaxed), own.top.load(Relaxed));
    if !(base..top).contains(&at) || before > at || before < base || size > top - at {
        // Left before, by a jump or by another thread: what is there now is somebody else's.
        if !WIPED.load(Relaxed) {
            die::found(
                &stack_fault(Mishap::Gone { address: at, size }),
                Operation::Local,
            );
        }
        return;
    }
    let expected = own.key.load(Relaxed) ^ (at + size);
    // SAFETY: the stack has whole steps, and the object with its word lies within it.
    let word = unsafe { read_word(at + size) };
    let mut to = top.max(at + whole(size));
    if word != expected && word != expected ^ LAST && !is_wiped(own, at, word) {
        die::found(
            &stack_fault(Mishap::Smashed { address: at, size }),
            Operation::Local,
        );
        // Nobody knows how far.
        to = own.limit.load(Relaxed);
    }
    // What is above was left behind by a plain longjmp.
    lower(own, before, to);
}

/// Whether an object's check word went with the object.
fn is_wiped(own: &Stack, at: usize, word: usize) -> bool {
    word == 0
        && (at < own.inherited.load(Relaxed)
            || WIPED.load(Relaxed)
            // Forked past all handlers.
            || own.process.load(Relaxed) != sys::process_id() as usize)
}

/// Lowers the top, and has all above it zero. What is not is below `to`.
fn lower(own: &Stack, top: usize, to: usize) {
    let to = to.min(own.limit.load(Relaxed));
    // SAFETY: within the stack, and nobody's any more.
    unsafe { erase(top, to - top) };
    // A handler that comes here pushes above what is wiped, and leaves zeros.
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
    own.top.store(top, Relaxed);
    if top < own.inherited.load(Relaxed) {
        own.inherited.store(top, Relaxed);
    }
    if top == own.base.load(Relaxed) && own.ended.load(Relaxed) != 0 {
        release(own);
    }
}

/// How far the stack is in use, for `setjmp`.
#[cold]
#[must_use]
pub fn mark() -> usize {
    own().top.load(Relaxed)
}

/// Takes everything off that was pushed since the mark.
pub fn unwind(mark: usize) {
    let own = own();
    let (base, top) = (own.base.load(Relaxed), own.top.load(Relaxed));
    // A mark from before there was a stack is below it.
    let mark = mark.max(base);
    if mark < top {
        lower(own, mark, top);
    }
}

/// Makes the thread's stack; `Err` says why not.
#[inline(never)]
fn make(own: &Stack) -> Result<(), i32> {
    if !pool::start() {
        return Err(libc::ENOMEM);
    }
    // A handler would find it half made, or make another.
    let blocked = sys::block_signals();
    let made = if own.limit.load(Relaxed) == 0 {
        make_now(own)
    } else {
        Ok(())
    };
    sys::set_signals(blocked);
    made
}

fn make_now(own: &Stack) -> Result<(), i32> {
    let wanted = fixed().options.sensitive();
    let size = wanted.stack.next_multiple_of(fixed().page);
    let guard = GUARD.next_multiple_of(fixed().page);
    let all = size + 2 * guard;
    let at = sys::map(all, Access::Nothing).ok_or(libc::ENOMEM)?;
    let base = at + guard;
    // SAFETY: just mapped, here and below, and nobody else knows of it.
    let done = unsafe {
        if sys::protect(base, size, Access::Write) {
            protect(base, size)
        } else {
            sys::unmap(at, all);
            return Err(libc::ENOMEM);
        }
    };
    if let (Err(why), true) = (done, wanted.strict) {
        // SAFETY: as above.
        unsafe { sys::unmap(at, all) };
        return Err(why);
    }
    let mut key = [0; WORD];
    for (byte, from) in key.iter_mut().zip(pool::fresh_seed()) {
        *byte = from;
    }
    own.key.store(usize::from_ne_bytes(key), Relaxed);
    own.base.store(base, Relaxed);
    own.inherited.store(0, Relaxed);
    own.process.store(sys::process_id() as usize, Relaxed);
    own.top.store(base, Relaxed);
    own.limit.store(base + size, Relaxed);
    // Its end may have been noticed before: in destructors of others, say.
    if own.ended.load(Relaxed) == 0 {
        let address = core::ptr::from_ref(own).addr();
        let noticed = fixed()
            .thread_key
            .is_some_and(|key| sys::notice_thread_end(key, address));
        own.ended.store(usize::from(!noticed), Relaxed);
    }
    Ok(())
}

/// Wipes the stack and gives it back.
fn release(own: &Stack) {
    let blocked = sys::block_signals();
    let (base, limit) = (own.base.load(Relaxed), own.limit.load(Relaxed));
    let top = own.top.load(Relaxed);
    own.limit.store(0, Relaxed);
    own.top.store(0, Relaxed);
    own.base.store(0, Relaxed);
    if base != 0 {
        let guard = GUARD.next_multiple_of(fixed().page);
        // SAFETY: this thread's alone, and it knows it no more.
        unsafe {
            erase(base, top - base);
            sys::unmap(base - guard, limit - base + 2 * guard);
        }
    }
    sys::set_signals(blocked);
}

/// The thread ends. Destructors of others may use it yet: each first object then brings a new stack, which goes with it.
pub(crate) fn at_thread_end() {
    let own = own();
    own.ended.store(1, Relaxed);
    release(own);
}

/// In a forked child: what was on the stack is zero, and locks on memory are not passed on.
pub(crate) fn forked() {
    let own = own();
    let (base, limit) = (own.base.load(Relaxed), own.limit.load(Relaxed));
    if base == 0 {
        return;
    }
    if fixed().options.sensitive().wiped_on_fork {
        own.inherited.store(own.top.load(Relaxed), Relaxed);
    }
    own.process.store(sys::process_id() as usize, Relaxed);
    // SAFETY: this thread's alone.
    unsafe { super::renew(base, limit - base) };
}

/// Wipes the calling thread's stack, at the end of the process.
pub(super) fn wipe_at_exit() {
    let own = own();
    WIPED.store(true, Relaxed);
    let (base, top) = (own.base.load(Relaxed), own.top.load(Relaxed));
    if base != 0 {
        // SAFETY: within the stack; the process ends.
        unsafe { erase(base, top - base) };
    }
}

/// Whether the calling thread has one.
pub(super) fn is_in_use() -> bool {
    own().base.load(Relaxed) != 0
}

/// The calling thread's stack, if the address lies in it: from, to.
pub(crate) fn find(address: usize) -> Option<(usize, usize)> {
    let own = own();
    let (base, limit) = (own.base.load(Relaxed), own.limit.load(Relaxed));
    (base..limit).contains(&address).then_some((base, limit))
}

/// The fault of touching a guard of the calling thread's stack.
pub(crate) fn touched(address: usize) -> Option<Fault> {
    let own = own();
    let (base, limit) = (own.base.load(Relaxed), own.limit.load(Relaxed));
    if base == 0 {
        return None;
    }
    if (limit..limit + GUARD).contains(&address) {
        let distance = address - limit;
        return Some(stack_fault(Mishap::Above { distance }));
    }
    let distance = base.wrapping_sub(address);
    (1..=GUARD)
        .contains(&distance)
        .then(|| stack_fault(Mishap::Below { distance }))
}

fn stack_fault(mishap: Mishap) -> Fault {
    Fault::SensitiveStackOverflow { mishap }
}

/// # Safety
/// - A word at `at`, aligned or not, may be read.
unsafe fn read_word(at: usize) -> usize {
    // SAFETY: passed on to the caller.
    unsafe { sys::pointer::<usize>(at).as_ptr().read_unaligned() }
}

/// # Safety
/// - A word at `at`, aligned or not, may be written.
unsafe fn write_word(at: usize, word: usize) {
    // SAFETY: passed on to the caller.
    unsafe { sys::pointer::<usize>(at).as_ptr().write_unaligned(word) }
}
