// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads: each has a heap of its own in the metadata pool, found through one thread-local word.
//!
//! The word is 0 in a new thread, the address of the heap in one that has allocated, and
//! [`NONE`] in one that can have no heap: while it ends, or when there are more threads than
//! heaps. Such a thread shares heap number 0, under a lock. Heaps of finished threads are passed
//! on: a few as they are, with all their slots, the others after their slots went back to the stores.
//!
//! While a thread changes its heap, the word is the address negated: *closed*. A signal handler that
//! interrupted the change finds no heap there, and takes number 0. Where calls are recorded, the word is the
//! address inverted as long as the heap is open: the short way of `malloc` and `free` takes that for no heap,
//! so that every call goes the long way, where it is recorded, and nothing is paid where none is. There it
//! finds a copy of the short way that knows such words ([`Door`]).

mod cold;
mod fork;
mod registry;
pub(crate) mod word;

use core::cell::{Cell, UnsafeCell};
use core::mem::size_of;
use core::ops::Deref;
use core::sync::atomic::{compiler_fence, AtomicU32, Ordering};

use secmalloc_policy::fault::Actor;
use secmalloc_policy::quarantine;
use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::{Places, COUNT, NOBODYS, PLACES};
use secmalloc_policy::slot_state::Tag;

use crate::evidence;
use crate::pool::{self, fixed, shared};
use crate::sys;
pub(crate) use cold::{give_back_shared, with_shared, SHARED};
pub(crate) use fork::{after_fork_child, after_fork_parent, before_fork, is_inside_a_change};
pub(crate) use registry::{at_thread_end, drain_kept, with_heap, Registry};
use word::NONE;

/// A thread's own slots and what goes with them. Nobody else touches it, but for the sweep that
/// counts; all zero, but for the generator, is an empty heap.
#[repr(C)]
pub(crate) struct ThreadHeap {
    tag: Cell<Tag>,
    number: Cell<u32>,
    thread: Cell<u32>,
    /// How many threads have had this heap.
    owners: Cell<u32>,
    /// The next heap in its list of those without a thread, its number plus one.
    next: Cell<u32>,
    /// What [`Registry::generation`] was when the generator was seeded.
    seeded: Cell<u32>,
    /// Bytes that the bins of its own classes may hold, but for those it owns from the start.
    own_bytes: Cell<usize>,
    /// Blocks to be made the slow way until evidence of one is kept.
    until_evidence: Cell<u32>,
    /// What it was when the heap's thread was last known to be there; before that, the thread was
    /// one of a parent's.
    lives: AtomicU32,
    random: UnsafeCell<Random>,
    bins: [Bin; COUNT],
    /// Numbers of slots: every class's magazine and quarantine, where its bin says.
    slots: [Cell<u32>; PLACES.1],
    /// The thread pointer of the thread that has, or had, this heap.
    identity: Cell<usize>,
}

/// The places of a class that is not the heap's own: no magazine, and a quarantine of one place, which is
/// empty but between [`crate::quick`]'s putting a slot there and [`ThreadHeap::take_nobodys`].
const NO_PLACES: Places = Places {
    magazine: 0,
    ready: 0,
    quarantine: 0,
    mask: 0,
};

/// What a thread has of one class, in half a cache line.
#[repr(C, align(32))]
pub(crate) struct Bin {
    places: Cell<Places>,
    /// Slots ready in the magazine.
    pub(crate) ready: Cell<u32>,
    /// The turn of the quarantine.
    pub(crate) turn: Cell<u32>,
    /// The slab that this thread draws from, its number plus one; 0 for none.
    pub(crate) slab: Cell<u32>,
    /// How often this thread has used the class, until it is its own.
    uses: Cell<u32>,
}

impl ThreadHeap {
    /// Bytes from one heap to the next.
    pub(crate) const STRIDE: usize = size_of::<ThreadHeap>().next_multiple_of(4096);

    /// The mark that this thread leaves in state bytes.
    #[inline(always)]
    pub(crate) fn tag(&self) -> Tag {
        self.tag.get()
    }

    /// The kernel's number of the thread that has this heap.
    pub(crate) fn thread(&self) -> u32 {
        self.thread.get()
    }

    /// Its thread pointer.
    pub(crate) fn identity(&self) -> usize {
        self.identity.get()
    }

    /// The thread's generator.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)] // one thread, and no caller keeps it
    pub(crate) fn random(&self) -> &mut Random {
        // SAFETY: only this thread has the heap, and no reference outlives one use.
        unsafe { &mut *self.random.get() }
    }

    /// What the thread has of a class.
    #[inline(always)]
    pub(crate) fn bin(&self, class: usize) -> &Bin {
        debug_assert!(class < COUNT);
        // SAFETY: all callers have the class from the tables of classes or from a slot.
        unsafe { self.bins.get_unchecked(class) }
    }

    /// # Safety
    /// - `from + length` is within the array, as every part of a bin's `places` is.
    #[inline(always)]
    unsafe fn part(&self, from: usize, length: usize) -> &[Cell<u32>] {
        // SAFETY: the caller's promise.
        unsafe { core::slice::from_raw_parts(self.slots.as_ptr().add(from), length) }
    }

    /// The magazine of a bin of this heap.
    #[inline(always)]
    pub(crate) fn magazine(&self, bin: &Bin) -> &[Cell<u32>] {
        let places = bin.places.get();
        // SAFETY: the bin's part of the array.
        unsafe { self.part(places.magazine as usize, places.ready as usize) }
    }

    /// The two stages of a bin's quarantine, and their length less one.
    #[inline(always)]
    #[allow(clippy::type_complexity)] // a pair of slices and a number
    pub(crate) fn quarantine(&self, bin: &Bin) -> ((&[Cell<u32>], &[Cell<u32>]), u32) {
        let places = bin.places.get();
        let (from, half) = (places.quarantine as usize, places.mask as usize + 1);
        // SAFETY: both halves are the bin's part of the array.
        let stages = unsafe { (self.part(from, half), self.part(from + half, half)) };
        (stages, places.mask)
    }

    /// The slot that was to rest in this bin, if the class is not this heap's own. It was put into
    /// [`NO_PLACES`], and is taken out of there.
    pub(crate) fn take_nobodys(&self, bin: &Bin) -> Option<u32> {
        if bin.places.get().ready > 0 {
            return None;
        }
        let [drawn, _]: &[Cell<u32>; NOBODYS] = self.slots.first_chunk()?;
        drawn.replace(0).checked_sub(1)
    }

    /// Goes on as an empty heap, in a process that its thread was not forked into: that one may
    /// have been in the middle of a change. Its slots are lost.
    fn forget(&self) {
        for (class, bin) in self.bins.iter().enumerate() {
            shared().stores[class].disown(class, self, bin);
            bin.ready.set(0);
            bin.turn.set(0);
        }
        self.slots.iter().for_each(|slot| slot.set(0));
        self.disown_classes();
    }

    fn begin(&self, number: u32) {
        self.number.set(number);
        self.tag.set(Tag::of(number));
        self.thread.set(sys::thread_id());
        self.identity.set(sys::thread_identity());
        self.owners.set(self.owners.get() + 1);
        self.next_due(evidence::first_due());
        self.seed();
    }

    /// Whether evidence of the block that is being made the slow way is to be kept.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        let left = self.until_evidence.get().wrapping_sub(1);
        self.until_evidence.set(left);
        left == 0
    }

    /// The next one is so many blocks away.
    pub(crate) fn next_due(&self, blocks: u32) {
        self.until_evidence.set(blocks);
    }

    /// Parent and child of a fork must not place their next blocks alike. Here, and not only in
    /// `fork`, which may be called in the middle of a change.
    #[inline]
    pub(crate) fn seed(&self) {
        let now = shared().threads.generation() + 1;
        if self.seeded.replace(now) != now {
            self.random().reseed(pool::fresh_seed());
        }
    }

    /// The heap's number.
    pub(crate) fn number(&self) -> u32 {
        self.number.get()
    }

    /// Whether threads share this heap.
    pub(crate) fn is_common(&self) -> bool {
        self.number.get() == 0
    }

    /// The heap's mark in the records of slabs that are its own.
    pub(crate) fn owner(&self) -> u32 {
        self.number.get() + 1
    }

    /// Gives the slots that are ready back to the stores.
    pub(crate) fn give_back_ready(&self) {
        for (class, bin) in self.bins.iter().enumerate() {
            let count = bin.ready.replace(0) as usize;
            give_back(class, &self.magazine(bin)[..count]);
        }
    }

    /// Gives everything back to the stores.
    fn drain(&self) {
        self.give_back_ready();
        for (class, bin) in self.bins.iter().enumerate() {
            if bin.places.get().ready == 0 {
                continue;
            }
            let ((drawn, ring), _) = self.quarantine(bin);
            for stage in [drawn, ring] {
                // Resting slots, moved together at the stage's start.
                let mut count = 0;
                quarantine::drain(stage, |slot| {
                    stage[count].set(slot);
                    count += 1;
                });
                give_back(class, &stage[..count]);
                stage[..count].iter().for_each(|place| place.set(0));
            }
            shared().stores[class].disown(class, self, bin);
        }
        self.disown_classes();
    }

    /// Gives back what is not resting: ready slots, and the slabs that are drawn from.
    pub(crate) fn give_back_unused(&self) {
        self.give_back_ready();
        for (class, bin) in self.bins.iter().enumerate() {
            shared().stores[class].disown(class, self, bin);
        }
    }
}

fn give_back(class: usize, slots: &[Cell<u32>]) {
    if !slots.is_empty() {
        // A slot that is there already was freed twice at once; it stays where it is.
        let _ = shared().stores[class].give_back(class, slots.iter().map(Cell::get));
    }
}

fn heap(number: u32) -> &'static ThreadHeap {
    debug_assert!(number < fixed().heap_count);
    let place = match number.checked_sub(cold::first_shared()) {
        Some(shared) => shared as usize,
        None => SHARED + number as usize,
    };
    // SAFETY: numbers are given out by `join`, which sees to memory, but for 0 and those that are
    // shared, which have it from the start; it is zero at first.
    unsafe { sys::pointer::<ThreadHeap>(fixed().heaps + place * ThreadHeap::STRIDE).as_ref() }
}

/// The calling thread's heap, if it has one already.
#[inline(always)]
pub(crate) fn current() -> Option<&'static ThreadHeap> {
    let word = sys::thread_word() as isize;
    // Addresses of user space are positive, so that one comparison tells closed ones too.
    if word <= NONE as isize {
        return None;
    }
    // SAFETY: the word is the address of a heap in the metadata pool, this thread's alone.
    Some(unsafe { sys::pointer::<ThreadHeap>(word as usize).as_ref() })
}

/// Which threads a copy of [`crate::quick`] serves.
pub(crate) trait Door {
    /// The calling thread's heap, if it is such a thread and has one that is open.
    fn current() -> Option<&'static ThreadHeap>;
    /// Closes the heap that `current` found.
    fn close(heap: &'static ThreadHeap) -> Own;
}

/// Those whose calls nobody records.
pub(crate) enum Plain {}

/// Those whose calls are recorded.
pub(crate) enum Recorded {}

impl Door for Plain {
    #[inline(always)]
    fn current() -> Option<&'static ThreadHeap> {
        current()
    }

    #[inline(always)]
    fn close(heap: &'static ThreadHeap) -> Own {
        close(heap)
    }
}

impl Door for Recorded {
    #[inline(always)]
    fn current() -> Option<&'static ThreadHeap> {
        let word = sys::thread_word();
        // SAFETY: inverted, it is the address of a heap, this thread's alone.
        ((word as isize) < 0 && word & 1 == 1).then(|| unsafe { sys::pointer(!word).as_ref() })
    }

    #[inline(always)]
    fn close(heap: &'static ThreadHeap) -> Own {
        close_as(heap, recorded(core::ptr::from_ref(heap).addr()))
    }
}

/// The calling thread's heap, if it is open, also where calls are recorded.
fn open() -> Option<&'static ThreadHeap> {
    let word = sys::thread_word() as isize;
    // Closed ones are even.
    (word > 0 || word & 1 == 1).then(current_or_closed)?
}

/// The calling thread's heap, also where a change of it was interrupted.
pub(crate) fn current_or_closed() -> Option<&'static ThreadHeap> {
    // Negated or inverted: heaps are at even addresses.
    let word = (sys::thread_word() as isize).unsigned_abs() & !1;
    // SAFETY: as in `current`.
    (word > NONE).then(|| unsafe { sys::pointer::<ThreadHeap>(word).as_ref() })
}

/// The calling thread's heap, to be changed: closed until this is dropped.
pub(crate) struct Own {
    heap: &'static ThreadHeap,
    /// The thread word as it was.
    word: usize,
}

/// The word of a thread that has the heap at an address, and whose calls are recorded.
fn recorded(address: usize) -> usize {
    !address
}

/// As [`enter`], also where calls are recorded.
pub(crate) fn enter_any() -> Option<Own> {
    Recorded::current().map(Recorded::close).or_else(enter)
}

/// Closes the calling thread's heap, if it has one that is not closed already.
#[inline(always)]
pub(crate) fn enter() -> Option<Own> {
    current().map(close)
}

/// Closes the calling thread's heap, which [`current`] found.
#[inline(always)]
pub(crate) fn close(heap: &'static ThreadHeap) -> Own {
    close_as(heap, core::ptr::from_ref(heap).addr())
}

#[inline(always)]
fn close_as(heap: &'static ThreadHeap, word: usize) -> Own {
    sys::set_thread_word(core::ptr::from_ref(heap).addr().wrapping_neg());
    // A handler in this thread must see the word before any change.
    compiler_fence(Ordering::SeqCst);
    Own { heap, word }
}

impl Drop for Own {
    #[inline(always)]
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        sys::set_thread_word(self.word);
    }
}

impl Deref for Own {
    type Target = ThreadHeap;

    #[inline(always)]
    fn deref(&self) -> &ThreadHeap {
        self.heap
    }
}

/// Who left this mark.
pub(crate) fn actor(tag: Tag) -> Actor {
    match tag.number() {
        0 => Actor::default(),
        number => {
            let heap = heap(number);
            Actor {
                thread: heap.thread.get(),
                or_earlier: heap.owners.get() > 1,
                ..Actor::default()
            }
        }
    }
}
