// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two pools: reserve, lay out, commit, seal.
//!
//! The *data pool* is one reservation of address space for all small blocks; nothing of it can be
//! touched until a slab is committed. The *metadata pool* is a second reservation, where the
//! kernel puts it, that holds everything we know about blocks. What never changes after start is
//! in [`Fixed`], whose pages become read-only: options, keys, and where everything lies.

use core::cell::UnsafeCell;
use core::mem::{size_of, MaybeUninit};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use secmalloc_policy::layout::{self, Plan};
use secmalloc_policy::options::{self, Options};
use secmalloc_policy::random::Random;
use secmalloc_policy::size_class::{CLASSES, COUNT, MAX_SLOT};

use crate::canary::Keys;
use crate::die;
use crate::large::{self, LargeHeap};
use crate::lock::Lock;
use crate::protections;
use crate::slab::{self, ClassMap};
use crate::store::Store;
use crate::sys::{self, Access};
use crate::thread::{self, Registry, ThreadHeap};

/// What is decided at start and read-only from then on.
pub(crate) struct Fixed {
    pub(crate) data: usize,
    pub(crate) data_size: usize,
    pub(crate) region_shift: u32,
    /// The kernel's page size, in bytes.
    pub(crate) page: usize,
    /// The class of each region, [`NO_CLASS`] where it has none yet.
    regions: usize,
    pub(crate) neighbours: bool,
    pub(crate) verify_fresh: bool,
    /// The next slot to be drawn is a random one of so many.
    pub(crate) window: usize,
    /// The processor has what [`crate::wipe::wide`] uses.
    #[cfg(target_arch = "x86_64")]
    pub(crate) wide_vectors: bool,
    pub(crate) keys: Keys,
    pub(crate) classes: [ClassMap; COUNT],
    pub(crate) plan: Plan,
    pub(crate) options: Options,
    pub(crate) features: Features,
    /// Whether there was a standard error to begin with.
    pub(crate) has_stderr: bool,
    /// Slots for thread heaps, and how many there are.
    pub(crate) heaps: usize,
    pub(crate) heap_count: u32,
    shared: usize,
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
}

/// What changes, each part under its own lock. Zero is the empty state of all of it.
#[repr(C)]
pub(crate) struct Shared {
    pub(crate) stores: [Store; COUNT],
    pub(crate) large: LargeHeap,
    pub(crate) threads: Registry,
    /// Regions given out so far, in a frugal pool. No lock: whoever takes one holds a store's.
    regions: AtomicUsize,
}

/// No class.
pub(crate) const NO_CLASS: u8 = u8::MAX;

/// Alone on its pages, whatever their size: they become read-only.
#[repr(C, align(65536))]
struct Place(UnsafeCell<MaybeUninit<Fixed>>);
// SAFETY: written once, under `START`, before `READY` is set; only read afterwards.
unsafe impl Sync for Place {}

static FIXED: Place = Place(UnsafeCell::new(MaybeUninit::zeroed()));
static START: Lock = Lock::new();
static READY: AtomicBool = AtomicBool::new(false);

/// What was decided at start. Only for code that runs after [`start`] succeeded, which is all
/// code that has a thread heap.
#[inline(always)]
pub(crate) fn fixed() -> &'static Fixed {
    debug_assert!(READY.load(Ordering::Relaxed));
    // SAFETY: initialised and never written again once `READY` is set.
    unsafe { (*FIXED.0.get()).assume_init_ref() }
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
    /// The class of the region with this number.
    #[inline(always)]
    pub(crate) fn class_of_region(&self, region: usize) -> u8 {
        debug_assert!(region < self.plan.regions());
        // SAFETY: the table has one byte for each region, and the caller's region comes from an
        // offset below `data_size`.
        unsafe { sys::pointer::<AtomicU8>(self.regions + region).as_ref() }.load(Ordering::Relaxed)
    }

    /// Gives `class` a region of its own, in a frugal pool: its number.
    pub(crate) fn next_region(&self, class: usize) -> Option<usize> {
        if matches!(self.plan, Plan::Spacious { .. }) {
            return None;
        }
        let one_more = |given| (given < self.plan.regions()).then_some(given + 1);
        let given = &shared().regions;
        // Relaxed: a number that nobody else gets; the store's lock orders the rest.
        let region = given
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .ok()?;
        // SAFETY: as in `class_of_region`; the region's number is below their count.
        let entry = unsafe { sys::pointer::<AtomicU8>(self.regions + region).as_ref() };
        entry.store(class as u8, Ordering::Relaxed);
        Some(region)
    }

    /// Makes part of the data pool usable. It is not sealed: programs may protect pages of blocks
    /// that they aligned to pages (mprotect(2) has an example).
    pub(crate) fn commit(&self, at: usize, size: usize) -> bool {
        // SAFETY: part of our reservation that nobody uses yet.
        unsafe { sys::protect(at, size, Access::Write) }
    }
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
    let mut random = Random::from_seed(seed());
    let Some(fixed) = lay_out(read_options(), &mut random) else {
        return false;
    };
    // SAFETY: nobody reads `FIXED` before `READY`, and `START` keeps other writers out.
    unsafe { (*FIXED.0.get()).write(fixed) };
    // SAFETY: the pages hold nothing but `Fixed`: the alignment of `Place`, a multiple of every page
    // size, makes its size one too.
    unsafe {
        sys::protect(FIXED.0.get().addr(), size_of::<Place>(), Access::Read);
        sys::seal(FIXED.0.get().addr(), size_of::<Place>());
    }
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

/// Random bytes to begin with. Where the kernel gives none, the 16 bytes that it gave every
/// program at its start must do, mixed with addresses and time.
fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    if sys::random(&mut seed) {
        return seed;
    }
    let passed = sys::auxiliary(libc::AT_RANDOM);
    if passed != 0 {
        // SAFETY: AT_RANDOM is the address of 16 bytes (getauxval(3)).
        let given = unsafe { sys::pointer::<[u8; 16]>(passed).as_ref() };
        for (byte, &from) in seed.iter_mut().zip(given) {
            *byte = from;
        }
    }
    let rest = [
        sys::thread_cpu_us(),
        u64::from(sys::process_id()) << 32 | (&raw const seed).addr() as u64,
    ];
    for (byte, from) in seed
        .iter_mut()
        .skip(16)
        .zip(rest.iter().flat_map(|n| n.to_le_bytes()))
    {
        *byte = from;
    }
    seed
}

/// A fresh seed for a thread's generator.
pub(crate) fn fresh_seed() -> [u8; 32] {
    seed()
}

/// The options; what cannot be taken of them is said at once.
#[inline(never)]
fn read_options() -> Options {
    if sys::auxiliary(libc::AT_SECURE) != 0 {
        return Options::default();
    }
    let name = options::VARIABLE.as_bytes();
    if let Ok(text) = sys::environment(name) {
        return Options::parse(text.unwrap_or(&[]), |complaint| die::say(&complaint));
    }
    read_early_options(name)
}

/// Called before the C library set itself up: what the kernel was given still counts. Of an
/// environment larger than this, only the first part does.
#[cold]
#[inline(never)]
fn read_early_options(name: &[u8]) -> Options {
    let (mut room, mut all, mut length) = ([0; 4096], [0; 16 << 10], 0);
    sys::read_file(c"/proc/self/environ", &mut room, |piece| {
        let Some(to) = all.get_mut(length..length + piece.len()) else {
            return false;
        };
        to.copy_from_slice(piece);
        length += piece.len();
        true
    });
    let own = all[..length]
        .split(|&byte| byte == 0)
        .find_map(|entry| sys::value_of(entry, name));
    Options::parse(own.unwrap_or(&[]), |complaint| die::say(&complaint))
}

/// The largest plan that the system grants, and the rest of what is fixed.
fn lay_out(options: Options, random: &mut Random) -> Option<Fixed> {
    let page = match sys::auxiliary(libc::AT_PAGESZ) {
        0 => 4096,
        size => size,
    };
    let mut plan = Plan::for_limit(sys::address_space_limit());
    loop {
        if let Some(fixed) = try_plan(plan, page, options, random) {
            return Some(fixed);
        }
        plan = plan.smaller()?;
    }
}

/// Sizes of the parts of the metadata pool, in order.
struct Parts {
    shared: usize,
    regions: usize,
    arrays: [usize; COUNT],
    heaps: usize,
    heap_count: u32,
    most_large: usize,
    large: usize,
}

impl Parts {
    fn of(plan: Plan) -> Parts {
        let whole = |size: usize| size.next_multiple_of(layout::START_STEP);
        let reach = match plan {
            Plan::Spacious { shift } => 1usize << shift,
            Plan::Frugal { .. } => plan.pool_size(),
        };
        let mut arrays = [0; COUNT];
        for (size, class) in arrays.iter_mut().zip(&CLASSES) {
            let slabs = ClassMap::slabs_in(class, reach);
            *size = whole(slab::array_sizes(class, slabs).iter().sum());
        }
        // Large blocks are larger than the largest slot: this many do not fit beside the pool,
        // which has three eighths of the limit.
        let (heap_count, most_large) = match plan {
            Plan::Spacious { .. } => (1 << 16, 1 << 22),
            Plan::Frugal { .. } => (
                (reach >> 18).clamp(1 << 7, 1 << 16),
                (4 * reach / MAX_SLOT).clamp(1 << 12, 1 << 22),
            ),
        };
        Parts {
            shared: whole(size_of::<Shared>()),
            regions: whole(plan.regions()),
            arrays,
            heaps: whole(heap_count * ThreadHeap::STRIDE),
            heap_count: heap_count as u32,
            most_large,
            large: whole(large::Tables::size(most_large)),
        }
    }

    fn total(&self) -> usize {
        self.shared + self.regions + self.arrays.iter().sum::<usize>() + self.heaps + self.large
    }
}

/// Unusable bytes around the metadata pool and the data pool.
const MARGIN: usize = layout::START_STEP;

fn try_plan(plan: Plan, page: usize, options: Options, random: &mut Random) -> Option<Fixed> {
    let parts = Parts::of(plan);
    let data_size = plan.pool_size();
    // Room to put the first region at a multiple of its size is not needed: classes are found by
    // distance from the pool's start.
    let data = sys::map(data_size + 2 * MARGIN, Access::Nothing)?;
    let Some(metadata) = reserve_metadata(parts.total()) else {
        // SAFETY: just mapped, and nobody knows of it.
        unsafe { sys::unmap(data, data_size + 2 * MARGIN) };
        return None;
    };
    // SAFETY: both pools are ours. Their use is sparse: a huge page for each corner that is touched
    // would multiply the memory in use.
    unsafe {
        sys::small_pages_only(data, data_size + 2 * MARGIN);
        sys::small_pages_only(metadata, parts.total());
        // Through a pipe, a core file would hold all of it, gigabytes of zeros.
        sys::leave_out_of_cores(metadata, parts.total());
    }
    let data = data + MARGIN;

    let shared = metadata;
    let regions = shared + parts.shared;
    let mut next = regions + parts.regions;
    // SAFETY: the table of regions lies in the metadata pool, which nobody else knows of yet.
    let table = unsafe { sys::pointer::<[u8; 0]>(regions).cast::<u8>() };
    // SAFETY: as above; its length is the number of regions.
    unsafe { table.write_bytes(NO_CLASS, plan.regions()) };

    let order = layout::region_order(random);
    let mut classes = [ClassMap::EMPTY; COUNT];
    for (number, (map, class)) in classes.iter_mut().zip(&CLASSES).enumerate() {
        let (base, span) = match plan {
            Plan::Spacious { shift } => {
                let region = usize::from(order[number]);
                let offset = layout::region_start(shift, random);
                // SAFETY: a region's number is below the table's length.
                unsafe { table.add(region).write(number as u8) };
                (data + (region << shift) + offset, (1 << shift) - offset)
            }
            Plan::Frugal { .. } => (data, data_size),
        };
        *map = ClassMap::new(class, base, span, next);
        next += parts.arrays[number];
    }
    let heaps = next;
    let large_at = heaps + parts.heaps;
    let features = try_features(data, page);
    if features.seal {
        // SAFETY: the metadata pool stays as it is until the process ends.
        unsafe { sys::seal(metadata, parts.total()) };
    }
    Some(Fixed {
        data,
        data_size,
        region_shift: plan.region_shift(),
        page,
        regions,
        neighbours: protections::NEIGHBOURS && options.neighbours(),
        verify_fresh: options.verify_fresh(),
        window: if protections::RANDOM {
            options.window()
        } else {
            1
        },
        #[cfg(target_arch = "x86_64")]
        wide_vectors: crate::wipe::wide::supported(),
        keys: Keys::new(random),
        classes,
        plan,
        options,
        features,
        has_stderr: sys::is_open(die::STDERR),
        heaps,
        heap_count: parts.heap_count,
        shared,
        large_tables: large::Tables::at(large_at, parts.most_large),
        thread_key: sys::on_thread_end(thread::at_thread_end),
    })
}

/// The metadata pool, writable at once: sealing comes once, and growth needs no system call.
fn reserve_metadata(size: usize) -> Option<usize> {
    let all = sys::map(size + 2 * MARGIN, Access::Nothing)?;
    // SAFETY: just mapped; both margins stay out of reach.
    if unsafe { sys::protect(all + MARGIN, size, Access::Write) } {
        return Some(all + MARGIN);
    }
    // SAFETY: just mapped, and nobody knows of it.
    unsafe { sys::unmap(all, size + 2 * MARGIN) };
    None
}

/// Tries what the kernel can do, on the margin before the data pool.
fn try_features(data: usize, page: usize) -> Features {
    let margin = data - MARGIN;
    // SAFETY: the margin is ours and is never used.
    let seal = unsafe { sys::seal(margin, page) };
    let Some(probe) = sys::map(page, Access::Write) else {
        return Features {
            guard_pages: false,
            seal,
        };
    };
    // SAFETY: just mapped for this, and given back.
    let guard_pages = unsafe { sys::guard_pages(probe, page) };
    // SAFETY: as above.
    unsafe { sys::unmap(probe, page) };
    Features { guard_pages, seal }
}
