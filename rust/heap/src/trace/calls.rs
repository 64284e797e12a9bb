// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls of the interface, as they are recorded.
//!
//! A recorded call goes a short way of its own ([`crate::quick`], [`Recorded`]); what does not go that way is
//! done step by step as any other, and recorded around it.
//!
//! # The time of a call
//! The reader plays the calls of all threads in the order of their times. What must be right is the order of two
//! calls in different threads that are about one address: a free comes behind the `malloc` that made the
//! block, and a `malloc` behind the free of what was there before. A time is never later than the call, so
//! that the *later* of two such calls is recorded right if it looks at the clock: [`When::Now`]. All do that but
//! these ([`When::Lately`]), which may take the time of the thread's last look:
//!
//! - a block that comes from the thread's own magazine: the slot was freed by this very thread, or it came from
//!   the store in a call that went the long way, and looked then;
//! - the end of a block that this thread made ([`Sound::maker`]): nobody but its thread recorded anything of it
//!   since, for what another thread resizes moves.
//!
//! How long ago the last look may be is told by the processor's counter, which takes a third of the time.

use core::ptr::NonNull;

use secmalloc_policy::fault::Operation;
use secmalloc_policy::request::{Refusal, Request};
use secmalloc_policy::trace_format::call::{function, Call, Shape};
use secmalloc_unwind::Registers;

use super::recorder::{self, When};
use super::{now, stack_number};
use crate::heap::Claim;
use crate::pool::{self, fixed};
use crate::quick::{self, All, Bands, Sound};
use crate::thread::{self, Door, Recorded, ThreadHeap};

/// A call and its arguments, as they were passed. What a function does not have is 0.
#[derive(Debug, Clone, Copy)]
pub struct Passed {
    /// The function.
    pub operation: Operation,
    /// The pointer.
    pub pointer: usize,
    /// The number of elements.
    pub count: usize,
    /// The size.
    pub size: usize,
    /// The alignment.
    pub alignment: usize,
}

impl Passed {
    /// Nothing but the function.
    #[inline]
    #[must_use]
    pub const fn to(operation: Operation) -> Passed {
        Passed {
            operation,
            pointer: 0,
            count: 0,
            size: 0,
            alignment: 0,
        }
    }

    /// With a pointer.
    #[inline]
    #[must_use]
    pub const fn pointer(self, pointer: usize) -> Passed {
        Passed { pointer, ..self }
    }

    /// With a number of elements and the size of one.
    #[inline]
    #[must_use]
    pub const fn array(self, count: usize, size: usize) -> Passed {
        Passed {
            count,
            size,
            ..self
        }
    }

    /// With a size.
    #[inline]
    #[must_use]
    pub const fn size(self, size: usize) -> Passed {
        Passed { size, ..self }
    }

    /// With an alignment.
    #[inline]
    #[must_use]
    pub const fn alignment(self, alignment: usize) -> Passed {
        Passed { alignment, ..self }
    }
}

/// A call that is being recorded: its record is written when its result is known.
#[must_use]
pub struct Begun(Call);

/// A call that makes a block, as far as it got.
pub enum Making {
    /// Nothing is recorded; the block is still to be made.
    Unrecorded,
    /// It is still to be made, and the call to be ended by [`end`].
    Begun(Begun),
    /// It is made, and recorded.
    Made(NonNull<u8>),
}

/// Whether calls are recorded. The very first call is, too.
#[inline(always)]
fn is_on() -> bool {
    (pool::started() || pool::start()) && fixed().trace.is_on()
}

/// To be called as a function of the interface begins. `None` where nothing is recorded.
#[inline(always)]
pub fn begin(passed: &Passed) -> Option<Begun> {
    if is_on() {
        begin_recorded(passed, Registers::here())
    } else {
        None
    }
}

#[cold]
#[inline(never)]
fn begin_recorded(passed: &Passed, from: Registers) -> Option<Begun> {
    call(passed, from).map(begun)
}

/// What goes the long way.
fn begun(call: Call) -> Begun {
    let took = call.shape.0 & Shape::TOOK != 0;
    Begun(Call {
        time: if took { now() } else { 0 },
        ..call
    })
}

/// As [`begin`], of a function that makes a block; where calls are recorded, the short way of it is tried.
#[inline(always)]
pub fn begin_make(passed: &Passed, request: &Result<Request, Refusal>) -> Making {
    if is_on() {
        make_recorded(passed, request, Registers::here())
    } else {
        Making::Unrecorded
    }
}

/// Records a call that the short way has done.
fn done(heap: &ThreadHeap, mut call: Call, block: NonNull<u8>) -> Making {
    call.result = block.addr().get() as u64;
    record_in(heap, call, When::Lately);
    Making::Made(block)
}

#[cold]
#[inline(never)]
fn make_recorded(passed: &Passed, request: &Result<Request, Refusal>, from: Registers) -> Making {
    let Some(call) = call(passed, from) else {
        return Making::Unrecorded;
    };
    if let (Ok(request), Some(heap)) = (request, quick_heap()) {
        let Request {
            size, kind, zeroed, ..
        } = *request;
        if request.is_usual() && !request.sensitive {
            let made = quick::allocate::<Bands, Recorded>(size, kind, zeroed)
                .or_else(|| quick::allocate::<All, Recorded>(size, kind, zeroed));
            if let Some(block) = made {
                return done(heap, call, block);
            }
        }
    }
    Making::Begun(begun(call))
}

/// As [`begin_make`], of a function that changes the size of a block.
///
/// # Safety
/// - If `block` is a live block, nothing uses its old address after a success.
#[inline(always)]
pub unsafe fn begin_change(
    passed: &Passed,
    block: NonNull<u8>,
    request: &Result<Request, Refusal>,
) -> Making {
    if is_on() {
        // SAFETY: the caller's promise.
        unsafe { change_recorded(passed, block, request, Registers::here()) }
    } else {
        Making::Unrecorded
    }
}

#[cold]
#[inline(never)]
unsafe fn change_recorded(
    passed: &Passed,
    block: NonNull<u8>,
    request: &Result<Request, Refusal>,
    from: Registers,
) -> Making {
    let Some(call) = call(passed, from) else {
        return Making::Unrecorded;
    };
    let ordinary = request.as_ref().ok().filter(|request| !request.sensitive);
    if let (Some(request), Some(heap)) = (ordinary, quick_heap()) {
        let own = |found: &Sound| found.maker().is_some();
        let address = block.addr().get();
        // SAFETY: the caller's promise.
        let made = unsafe { quick::resize::<All, Recorded>(address, request.size, own) };
        if let Some(block) = made {
            return done(heap, call, block);
        }
    }
    Making::Begun(begun(call))
}

/// To be called as a function begins that ends a block: it is recorded before it is done, so that no other
/// thread's record of the same address comes earlier. Whether it is done, too.
///
/// # Safety
/// - If `passed.pointer` is a live block, nothing uses it any more.
#[inline(always)]
pub(crate) unsafe fn end_block(passed: &Passed, claim: Claim) -> bool {
    // SAFETY: the caller's promise.
    is_on() && unsafe { end_recorded(passed, claim, Registers::here()) }
}

#[cold]
#[inline(never)]
unsafe fn end_recorded(passed: &Passed, claim: Claim, from: Registers) -> bool {
    let Some(mut call) = call(passed, from) else {
        return false;
    };
    if let Some(heap) = quick_heap() {
        let (address, kind) = (passed.pointer, passed.operation.family());
        let before = |found: &Sound| {
            let when = match found.maker() {
                Some(_) => When::Lately,
                None => When::Now,
            };
            record_in(heap, call, when);
        };
        // SAFETY: the caller's promise.
        let done = unsafe {
            quick::release::<Bands, Recorded>(address, kind, claim, before)
                || quick::release::<All, Recorded>(address, kind, claim, before)
        };
        if done {
            return true;
        }
    }
    call.time = now();
    record(call);
    false
}

/// The heap of the calling thread, if it may go the short way.
#[inline]
fn quick_heap() -> Option<&'static ThreadHeap> {
    fixed().trace.quick.then(Recorded::current)?
}

/// What is known as a call begins; `None` for what is no call.
#[inline(always)]
fn call(passed: &Passed, from: Registers) -> Option<Call> {
    let (number, shape) = function(passed.operation)?;
    let stack = match fixed().trace.tree() {
        Some(tree) => stack_number(&tree, from),
        None => 0,
    };
    Some(Call {
        function: number,
        shape,
        pointer: passed.pointer as u64,
        count: passed.count as u64,
        size: passed.size as u64,
        alignment: passed.alignment as u64,
        stack,
        ..Call::default()
    })
}

/// To be called with the result, an address or a number, or with what `errno` says.
#[cold]
#[inline(never)]
pub fn end(begun: Begun, result: usize, errno: i32) {
    let mut call = begun.0;
    call.result = result as u64;
    call.errno = errno as u64;
    if call.shape.0 & Shape::TOOK != 0 {
        call.took = now().saturating_sub(call.time);
    } else {
        // After it was made, so that no other thread's free of the same address comes earlier.
        call.time = now();
    }
    record(call);
}

fn record(call: Call) {
    if thread::with_heap(|heap| record_in(heap, call, When::Now)).is_none() {
        recorder::lose();
    }
}

#[inline]
fn record_in(heap: &ThreadHeap, call: Call, when: When) {
    let trace = &fixed().trace;
    trace.recorder(heap.number()).call(trace, call, heap, when);
}
