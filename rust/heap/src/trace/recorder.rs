// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread's pen: where it writes the next record.

use core::cell::UnsafeCell;
use core::sync::atomic::{compiler_fence, AtomicBool, AtomicU64, Ordering};

use secmalloc_policy::options::Level;
use secmalloc_policy::size_class::{self, COUNT};
use secmalloc_policy::trace_format::address::Addresses;
use secmalloc_policy::trace_format::call::{Call, Shape};
use secmalloc_policy::trace_format::note::{self, Note};
use secmalloc_policy::trace_format::number::Writer;
use secmalloc_policy::trace_format::{checksum, Header, Pen, HEADER, VERSION};

use secmalloc_unwind::{Stack, Trail};

use super::file::{Chunk, LARGEST, SMALLEST};
use super::{now, text, Trace};
use crate::sys;
use crate::thread::ThreadHeap;

/// Bytes that the record of a call may take.
const MOST_CALL: usize = 96;
/// What stands at the start of each chunk: the thread, and what was lost.
const PREAMBLE: usize = 64;

/// What a heap's thread has of the report. All zero is one that has written nothing.
#[repr(C, align(64))]
pub(super) struct Recorder {
    /// A record is being written: by this thread, if it is found in a signal handler; by another one, in the
    /// recorder that threads without a heap share.
    busy: AtomicBool,
    /// Where the stack of the heap's thread lies.
    stack: UnsafeCell<Stack>,
    /// The heap's thread is walking its stack.
    walking: AtomicBool,
    /// Its last walk. Only touched by whoever set `walking`.
    trail: UnsafeCell<Trail>,
    made: Made,
    own: UnsafeCell<Own>,
}

/// Which time a call gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Its own, or, where that is 0, that of now.
    Now,
    /// That of the last look at the clock, unless it is long ago.
    Lately,
}

struct Own {
    chunk: Chunk,
    /// Where the next record goes, from the chunk's start.
    at: usize,
    time: u64,
    /// The time of the last look at the clock, and what the processor counted then.
    looked: u64,
    ticks: u64,
    addresses: Addresses,
    /// The thread that the last record was of.
    thread: u32,
    /// Calls that were not recorded.
    lost: u64,
}

/// Blocks made, and bytes requested for them, by size class; the last is for large blocks. Only whoever set
/// `busy` writes.
type Made = [(AtomicU64, AtomicU64); COUNT + 1];
/// A sum of them.
pub(super) type Sums = [(u64, u64); COUNT + 1];

// SAFETY: what is in `own` is only touched by whoever set `busy`, `trail` by whoever set
// `walking`, and `stack` by the heap's thread. But for the recorder that threads share, all of these are
// the thread that has the heap, and handlers in it.
unsafe impl Sync for Recorder {}

impl Recorder {
    /// Where the stack of the heap's thread lies, as far as it is known.
    pub(super) fn stack(&self) -> &Stack {
        // SAFETY: only changed by `forget_stack`, when no thread has the heap.
        unsafe { &*self.stack.get() }
    }

    /// The heap has a new thread.
    pub(super) fn forget_stack(&self) {
        // SAFETY: the thread that takes the heap over has not begun to use it.
        unsafe { *self.stack.get() = Stack::new() };
        // The thread that had it before may have ended in a walk (`longjmp` out of a signal handler).
        self.walking.store(false, Ordering::Relaxed);
    }

    /// Does something with the last walk of the heap's thread, which is the calling one; without it in a signal handler
    /// that interrupted one.
    pub(super) fn with_trail<T>(&self, work: impl FnOnce(Option<&mut Trail>) -> T) -> T {
        // Relaxed: only one thread.
        if self.walking.load(Ordering::Relaxed) {
            return work(None);
        }
        self.walking.store(true, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        // SAFETY: `walking` was not set, and a handler that comes now finds it set.
        let done = work(Some(unsafe { &mut *self.trail.get() }));
        compiler_fence(Ordering::Release);
        self.walking.store(false, Ordering::Relaxed);
        done
    }

    /// Records a call by the thread that uses this heap.
    pub(super) fn call(&self, trace: &Trace, mut call: Call, heap: &ThreadHeap, when: When) {
        self.with(heap.is_common(), |own| {
            self.count(&call);
            if trace.level == Level::Summary {
                return;
            }
            call.time = own.time_of(&call, when);
            if trace.template().is_text() {
                text::call(trace, &call);
                return;
            }
            if own.ready(trace, heap, MOST_CALL) {
                own.put(|pen| pen.call(&call));
            } else {
                own.lost += 1;
            }
        });
    }

    /// Records something else.
    pub(super) fn note(&self, trace: &Trace, note: &Note<'_>, heap: &ThreadHeap) {
        self.with(heap.is_common(), |own| {
            if own.ready(trace, heap, note::MOST) {
                own.put(|pen| pen.note(note));
            }
        });
    }

    /// Ends the chunk, if there is one.
    pub(super) fn seal(&self) {
        self.with(false, Own::seal);
    }

    /// Adds what was made here to a sum.
    pub(super) fn add_made(&self, sum: &mut Sums) {
        for ((blocks, bytes), (more, of)) in sum.iter_mut().zip(&self.made) {
            // Relaxed: only numbers, as of about now.
            *blocks += more.load(Ordering::Relaxed);
            *bytes += of.load(Ordering::Relaxed);
        }
    }

    #[inline(always)]
    fn with(&self, shared: bool, work: impl FnOnce(&mut Own)) {
        let free = if shared {
            self.is_free_in_time()
        } else {
            // Nobody but this thread, so that no exchange is needed.
            let free = !self.busy.load(Ordering::Relaxed);
            self.busy.store(true, Ordering::Relaxed);
            free
        };
        if !free {
            lose();
            return;
        }
        // A handler in this thread must see it before any change.
        compiler_fence(Ordering::SeqCst);
        // SAFETY: `busy` was free, and is ours now.
        work(unsafe { &mut *self.own.get() });
        // Release: in a shared recorder, for the next one.
        self.busy.store(false, Ordering::Release);
    }

    /// Makes a shared recorder busy, as soon as no other thread has it.
    #[cold]
    fn is_free_in_time(&self) -> bool {
        /// How long to wait for another thread. A signal handler that interrupted this one must not wait
        /// for ever.
        const PATIENCE: u32 = 1000;
        // Acquire: what the last one wrote there.
        (0..PATIENCE).any(|_| {
            let free = !self.busy.swap(true, Ordering::Acquire);
            if !free {
                sys::pause();
            }
            free
        })
    }

    #[inline]
    fn count(&self, call: &Call) {
        let made = call.shape.0 & Shape::BLOCK != 0 && call.result != 0;
        if !made {
            return;
        }
        let size = call.size.wrapping_mul(call.count.max(1));
        let class = size_class::class_of_aligned(size as usize, call.alignment.max(16) as usize);
        if let Some((blocks, bytes)) = self.made.get(class.unwrap_or(COUNT)) {
            // Relaxed, and no exchange: see `Made`.
            let add = |to: &AtomicU64, more| {
                to.store(to.load(Ordering::Relaxed) + more, Ordering::Relaxed);
            };
            add(blocks, 1);
            add(bytes, size);
        }
    }
}

/// Calls that found their recorder busy, or no heap: a sum for the process.
static LOST: AtomicU64 = AtomicU64::new(0);

/// A call is not recorded.
pub(super) fn lose() {
    // Relaxed: only a number.
    LOST.fetch_add(1, Ordering::Relaxed);
}

impl Own {
    /// The time to be recorded for a call, which is never later than its own.
    #[inline]
    fn time_of(&mut self, call: &Call, when: When) -> u64 {
        /// What the processor may count until the clock is looked at again: some microseconds. That a counter
        /// may be another processor's, or have been set, makes a look too many, or a time that is older.
        const LATELY: u64 = if cfg!(target_arch = "x86_64") {
            1 << 14
        } else {
            1 << 8
        };
        let ticks = sys::ticks();
        if when == When::Lately && ticks.wrapping_sub(self.ticks) < LATELY {
            return self.looked;
        }
        self.ticks = ticks;
        let time = if call.time == 0 { now() } else { call.time };
        // What comes next in this thread comes after its end.
        self.looked = self.looked.max(time + call.took);
        time
    }

    /// Makes room for a record of up to `size` bytes; `false` if there is none to be had.
    #[inline]
    fn ready(&mut self, trace: &Trace, heap: &ThreadHeap, size: usize) -> bool {
        let thread = if heap.is_common() {
            sys::thread_id()
        } else {
            heap.thread()
        };
        // Relaxed: only a number.
        let lost = self.lost > 0 || LOST.load(Ordering::Relaxed) > 0;
        let fits = self.chunk.length() >= self.at + PREAMBLE + size;
        (fits && self.thread == thread && !lost) || self.make_ready(trace, thread, fits)
    }

    #[cold]
    #[inline(never)]
    fn make_ready(&mut self, trace: &Trace, thread: u32, fits: bool) -> bool {
        if !fits {
            let length = match self.chunk.length() {
                0 => SMALLEST,
                last => (last * 2).min(LARGEST),
            };
            self.seal();
            let Some(chunk) = Chunk::new(trace, length) else {
                return false;
            };
            self.begin(chunk);
        }
        if self.thread != thread {
            self.thread = thread;
            let name = sys::files::thread_name();
            let name = name.split(|&byte| byte == 0).next().unwrap_or(&[]);
            self.put(|pen| {
                pen.note(&Note::Thread {
                    thread: thread.into(),
                    name,
                })
            });
        }
        // Relaxed: only a number.
        if self.lost > 0 || LOST.load(Ordering::Relaxed) > 0 {
            let lost = self.lost + LOST.swap(0, Ordering::Relaxed);
            self.lost = 0;
            self.put(|pen| pen.note(&Note::Lost { calls: lost }));
        }
        true
    }

    fn begin(&mut self, chunk: Chunk) {
        self.chunk = chunk;
        self.at = HEADER;
        self.time = now();
        self.addresses.clear();
        // Each chunk says whose it is.
        self.thread = 0;
        let header = Header {
            version: VERSION,
            records: HEADER,
            length: self.chunk.length(),
            used: 0,
            process: self.chunk.process(),
            time: self.time,
            checksum: 0,
        };
        self.chunk.write(0, &header.to_bytes());
    }

    /// Writes a record: its first byte last, so that a record is either whole or not there.
    #[inline]
    fn put(&mut self, with: impl FnOnce(&mut Pen<'_>) -> Option<u8>) {
        let mut pen = Pen {
            writer: Writer::to(self.chunk.rest(self.at + 1)),
            time: &mut self.time,
            addresses: &mut self.addresses,
        };
        let first = with(&mut pen);
        let length = 1 + pen.writer.written();
        let Some(first) = first else {
            // It was larger than anybody thought, and what stands there now is not zero any more.
            self.lost += 1;
            self.seal();
            return;
        };
        // Nothing ends a process between two instructions in another order than theirs; the compiler must
        // keep that order.
        compiler_fence(Ordering::Release);
        self.chunk.write(self.at, &[first]);
        self.at += length;
    }

    /// Says in the chunk's header how long it is, with a checksum, and lets go of it.
    fn seal(&mut self) {
        if self.chunk.length() == 0 {
            return;
        }
        let mut header = Header {
            version: VERSION,
            records: HEADER,
            length: self.chunk.length(),
            used: self.at,
            process: self.chunk.process(),
            time: 0,
            checksum: 0,
        };
        header.time = Header::read(self.chunk.bytes(HEADER)).map_or(0, |begun| begun.time);
        self.chunk.write(0, &header.to_bytes());
        header.checksum = checksum(self.chunk.bytes(self.at));
        self.chunk.write(0, &header.to_bytes());
        self.chunk.drop_mapping();
        self.at = 0;
    }
}
