// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two pools: reserve, lay out, commit, seal.
//!
//! The *data pool* is one reservation of address space for all small blocks. The *metadata pool* is
//! a second reservation, where the kernel puts it, that holds everything we know about blocks.
//! Nothing of either can be touched until it is committed, piece by piece: what is out of reach
//! counts against no limit of memory, and `mlockall` does not fill it. What never changes after start
//! is in [`Fixed`], whose pages become read-only: options, keys, and where everything lies.

mod begin;
mod commit;
mod place;
mod relinquish;

use core::cell::UnsafeCell;
use core::mem::{size_of_val, MaybeUninit};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use secmalloc_policy::layout::{Plan, REGIONS};
use secmalloc_policy::options::Options;
use secmalloc_policy::random::Random;
use secmalloc_policy::residue::Key;
use secmalloc_policy::size_class::{is_sensitive, COUNT, ORDINARY};

use crate::canary::Keys;
use crate::evidence::Evidence;
use crate::large::{self, LargeHeap};
use crate::lock::Lock;
use crate::residue::Watches;
use crate::slab::ClassMap;
use crate::store::Store;
use crate::sys::{self, Access};
use crate::thread::{self, Registry};
use crate::trace::{FaultFiles, Trace};
use crate::vault::globals::Globals;
use crate::wipe::Registers;
pub(crate) use begin::{fresh_seed, with_variable};
pub(crate) use commit::{be_unsure, Growing, Reservation};
pub use relinquish::set_limit;
pub(crate) use relinquish::{after_fork_child, arrays_of, is_relinquished};

/// What is decided at start and read-only from then on.
pub(crate) struct Fixed {
    pub(crate) data: usize,
    pub(crate) data_size: usize,
    pub(crate) region_shift: u32,
    /// The kernel's page size, in bytes.
    pub(crate) page: usize,
    /// The class of each region, [`NO_CLASS`] where it has none.
    regions: [u8; REGIONS],
    pub(crate) neighbours: bool,
    pub(crate) verify_fresh: bool,
    /// The next slot to be drawn is a random one of so many.
    pub(crate) window: usize,
    /// The processor has what [`crate::wipe::wide`] uses.
    #[cfg(target_arch = "x86_64")]
    pub(crate) wide_vectors: bool,
    /// The vault is out of reach, but in windows.
    pub(crate) windows: bool,
    /// What is emptied after secrets were copied.
    pub(crate) registers: Registers,
    pub(crate) keys: Keys,
    /// Of the fingerprints of secrets.
    pub(crate) residue_key: Key,
    pub(crate) classes: [ClassMap; COUNT],
    pub(crate) plan: Plan,
    pub(crate) options: Options,
    pub(crate) features: Features,
    /// What is recorded.
    pub(crate) trace: Trace,
    /// What is kept for messages.
    pub(crate) evidence: Evidence,
    /// Where reports of faults go.
    pub(crate) fault_files: FaultFiles,
    /// Whether there was a standard error to begin with.
    pub(crate) has_stderr: bool,
    /// Slots for thread heaps, and how many there are.
    pub(crate) heaps: usize,
    pub(crate) heap_count: u32,
    shared: usize,
    /// Bytes from there that have memory from the start.
    pub(crate) first: usize,
    /// Bytes of the metadata pool.
    pub(crate) metadata_size: usize,
    /// What is reserved around the metadata pool: from and size.
    around_metadata: (usize, usize),
    pub(crate) large_tables: large::Tables,
    /// Key by which the end of a thread is noticed.
    pub(crate) thread_key: Option<u32>,
}

/// What this kernel can do, tried once.
#[derive(Clone, Copy)]
pub(crate) struct Features {
    /// `MADV_GUARD_INSTALL`: guards that need no mapping of their own.
    pub(crate) guard_pages: bool,
    /// `mseal`.
    pub(crate) seal: bool,
    /// `getrandom`, when it was asked first.
    pub(crate) random: bool,
}

/// What changes, each part under its own lock. Zero is the empty state of all of it.
#[repr(C)]
pub(crate) struct Shared {
    pub(crate) stores: [Store; COUNT],
    pub(crate) large: LargeHeap,
    pub(crate) threads: Registry,
    pub(crate) globals: Globals,
    pub(crate) residue: Watches,
}

/// No class.
pub(crate) const NO_CLASS: u8 = u8::MAX;

/// What is fixed, and behind it, at the same distance in every build, the one thing beside it that the
/// short way of `free` reads of the heap as a whole.
#[repr(C)]
struct Place {
    fixed: Alone<UnsafeCell<MaybeUninit<Fixed>>>,
    reach: [AtomicUsize; COUNT],
    /// The same for all others, whom it is never hidden from.
    known: [AtomicUsize; COUNT],
}

/// Alone on its pages, whatever their size: they become read-only.
#[repr(C, align(65536))]
struct Alone<T>(T);

// SAFETY: `fixed` is written once, under `START`, before `READY` is set, and only read afterwards; the
// rest is atomic.
unsafe impl Sync for Place {}

static PLACE: Place = Place {
    fixed: Alone(UnsafeCell::new(MaybeUninit::zeroed())),
    reach: [const { AtomicUsize::new(0) }; COUNT],
    known: [const { AtomicUsize::new(0) }; COUNT],
};
static START: Lock = Lock::new();
static READY: AtomicBool = AtomicBool::new(false);

/// What was decided at start. Only for code that runs after [`start`] succeeded, which is all
/// code that has a thread heap.
#[inline(always)]
pub(crate) fn fixed() -> &'static Fixed {
    debug_assert!(READY.load(Ordering::Relaxed));
    // SAFETY: initialised and never written again once `READY` is set.
    unsafe { (*PLACE.fixed.0.get()).assume_init_ref() }
}

/// Where the only static of ours lies that holds addresses of blocks: from, to.
pub(crate) fn fixed_range() -> (usize, usize) {
    let at = core::ptr::from_ref(&PLACE).addr();
    (at, at + size_of_val(&PLACE))
}

/// What changes.
#[inline(always)]
pub(crate) fn shared() -> &'static Shared {
    // SAFETY: mapped and zeroed at start for the life of the process; zero is a valid `Shared`.
    unsafe { sys::pointer::<Shared>(fixed().shared).as_ref() }
}

/// Whether the heap has started.
pub(crate) fn started() -> bool {
    // Acquire: whoever sees it set sees all of `Fixed`.
    READY.load(Ordering::Acquire)
}

impl Fixed {
    /// Whether there is address space to spare.
    pub(crate) fn is_spacious(&self) -> bool {
        self.plan.reserved && !is_relinquished()
    }

    /// Whether the processor has what [`crate::wipe::wide`] uses.
    pub(crate) const fn wide_vectors(&self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.wide_vectors;
        #[cfg(not(target_arch = "x86_64"))]
        return false;
    }

    /// The addresses of the region that one lies in.
    fn region_of(&self, address: usize) -> core::ops::Range<usize> {
        let from = self.data + ((address - self.data) >> self.region_shift << self.region_shift);
        from..from + (1 << self.region_shift)
    }

    /// Where all that changes begins.
    pub(crate) fn shared_at(&self) -> usize {
        self.shared
    }

    /// The class of the region with this number.
    #[inline(always)]
    pub(crate) fn class_of_region(&self, region: usize) -> u8 {
        debug_assert!(region < REGIONS);
        // SAFETY: the caller's region comes from an offset below `data_size`, which is `REGIONS` of
        // them.
        unsafe { *self.regions.get_unchecked(region) }
    }
}

/// Bytes from the start of a class's slots within which every slot's state and record can be read, as the short
/// ways of `free` and `realloc` have it: of ordinary classes none while secrets are watched, so that all go the long way.
#[inline(always)]
pub(crate) fn reach_quickly(class: usize) -> usize {
    debug_assert!(class < COUNT);
    // SAFETY: all callers have the class from the tables of classes or from a slot.
    // Relaxed: whoever frees a block had it from whoever raised this before it was made.
    unsafe { PLACE.reach.get_unchecked(class) }.load(Ordering::Relaxed)
}

/// The same for all others. An address from elsewhere is judged by this before anything that is known about it
/// is touched.
#[inline(always)]
pub(crate) fn reach(class: usize) -> usize {
    debug_assert!(class < COUNT);
    // SAFETY: as above.
    // Relaxed: as above.
    unsafe { PLACE.known.get_unchecked(class) }.load(Ordering::Relaxed)
}

/// States and records are there for so many bytes of the class's slots, from now on. The caller holds the lock of the
/// class's store.
pub(crate) fn set_reach(class: usize, bytes: usize) {
    // Release: what is within reach is committed before.
    PLACE.known[class].store(bytes, Ordering::Release);
    refresh(class);
}

/// Opens or closes the short ways of `free` and `realloc`, by whether anything is watched now. Under each store's lock:
/// who comes last has seen what is so in the end, also where stores grow meanwhile.
pub(crate) fn refresh_reach() {
    for (class, store) in shared().stores.iter().enumerate().take(ORDINARY) {
        let _held = store.lock.hold();
        refresh(class);
    }
}

fn refresh(class: usize) {
    let open = if is_sensitive(class) {
        // Of what may be out of reach, only the long way knows.
        !fixed().windows
    } else {
        !shared().residue.any()
    };
    let bytes = if open { reach(class) } else { 0 };
    // Release: see `set_reach`.
    PLACE.reach[class].store(bytes, Ordering::Release);
}

/// Starts the heap, once. `false` if the system has no memory for it; the next call tries again.
/// `false` also in a signal handler that interrupted this.
#[inline]
pub(crate) fn start() -> bool {
    started() || start_now()
}

/// Never inlined, as what it calls: it takes a stack of many KiB, once, which no thread's calls
/// must take.
#[cold]
#[inline(never)]
fn start_now() -> bool {
    if START.is_mine() {
        return false;
    }
    let _held = START.hold();
    if started() {
        return true;
    }
    let (seed, seeded) = begin::seed();
    let mut random = Random::from_seed(seed);
    let Some(mut fixed) = place::lay_out(begin::read_options(), seeded, &mut random) else {
        return false;
    };
    let apart = place::distance(fixed.plan, &mut random);
    fixed.evidence = Evidence::set_up(&fixed.options, apart);
    fixed.fault_files = FaultFiles::set_up(&fixed.options);
    fixed.trace = Trace::set_up(&fixed.options, fixed.heap_count);
    let at = &PLACE.fixed;
    // SAFETY: nobody reads it before `READY`, and `START` keeps other writers out.
    unsafe { (*at.0.get()).write(fixed) };
    // SAFETY: the pages hold nothing but `Fixed`: the alignment of `Alone`, a multiple of every page
    // size, makes its size one too.
    unsafe {
        let (at, size) = (core::ptr::from_ref(at).addr(), size_of_val(at));
        sys::protect(at, size, Access::Read);
        // Keys of processes that were forked from this one are the same.
        sys::leave_out_of_cores(at, size);
        sys::seal(at, size);
    }
    relinquish::begin();
    // Release: see `started`.
    READY.store(true, Ordering::Release);
    // As early as can be: what is registered first is locked last and unlocked first, so that the
    // fork handlers of others may allocate.
    sys::on_fork(
        thread::before_fork,
        thread::after_fork_parent,
        thread::after_fork_child,
    );
    true
}
