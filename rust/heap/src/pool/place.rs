// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where everything comes to lie: both pools as large as the system grants, and their parts.

#[cfg(test)]
mod tests;

use core::mem::size_of;

use secmalloc_policy::layout::{self, Plan, REGIONS};
use secmalloc_policy::options::Options;
use secmalloc_policy::random::Random;
use secmalloc_policy::residue::Key;
use secmalloc_policy::size_class::{CLASSES, COUNT};

use super::commit::open_metadata;
use super::{Features, Fixed, Shared, NO_CLASS};
use crate::canary::Keys;
use crate::die;
use crate::evidence::Evidence;
use crate::large;
use crate::protections;
use crate::slab::{self, ClassMap};
use crate::sys::{self, Access};
use crate::thread::{self, ThreadHeap};
use crate::trace::{FaultFiles, Trace};
use crate::wipe::Registers;

/// The largest plan that the system grants, and the rest of what is fixed.
pub(super) fn lay_out(options: Options, seeded: bool, random: &mut Random) -> Option<Fixed> {
    // The kernel puts these bytes on the first stack, at the end of all addresses.
    let top = match sys::auxiliary(libc::AT_RANDOM) {
        0 => (&raw const options).addr(),
        at => at,
    };
    let mut plan = Plan::for_limit(sys::address_space_limit(), top);
    loop {
        if let Some(pools) = Pools::of(plan, top, random) {
            let at = (pools, Parts::of(plan));
            return arrange(plan, at, options, seeded, random);
        }
        plan = plan.smaller(top)?;
    }
}

/// Sizes of the parts of the metadata pool, in order.
struct Parts {
    shared: usize,
    heaps: usize,
    /// Records and states of each class.
    arrays: [[usize; 2]; COUNT],
    large: usize,
}

/// Heaps of threads, and large blocks, at most.
const HEAPS: usize = 1 << 16;
const MOST_LARGE: usize = 1 << 22;

/// Heaps that have memory from the start: those that threads share, number 0, and the first thread's.
const FIRST_HEAPS: usize = thread::SHARED + 2;

impl Parts {
    fn of(plan: Plan) -> Parts {
        // Every part ends where the largest page does: none shares a page with the next.
        let whole = |size: usize| size.next_multiple_of(layout::START_STEP);
        let mut arrays = [[0; 2]; COUNT];
        for (sizes, class) in arrays.iter_mut().zip(&CLASSES) {
            let slabs = ClassMap::slabs_in(class, 1 << plan.shift);
            *sizes = slab::array_sizes(class, slabs).map(whole);
            // Both are moved up by a part of a page.
            sizes[1] += layout::START_STEP;
        }
        Parts {
            shared: size_of::<Shared>().next_multiple_of(4096),
            heaps: HEAPS * ThreadHeap::STRIDE,
            arrays,
            large: whole(large::Tables::size(MOST_LARGE)),
        }
    }

    fn total(&self) -> usize {
        let arrays = self.arrays.iter().flatten().sum::<usize>();
        (self.shared + self.heaps).next_multiple_of(layout::START_STEP) + arrays + self.large
    }
}

/// Unusable bytes around the metadata pool and the data pool.
const MARGIN: usize = layout::START_STEP;

/// Both pools, without their margins.
struct Pools {
    data: usize,
    metadata: usize,
    /// What is reserved around the metadata pool, which begins at a random place in it: from and size.
    around: (usize, usize),
}

impl Pools {
    fn of(plan: Plan, top: usize, random: &mut Random) -> Option<Pools> {
        let data_size = plan.pool_size() + 2 * MARGIN;
        let metadata_size = Parts::of(plan).total() + 2 * MARGIN;
        if !plan.reserved {
            return Some(Pools {
                data: unused(top, 2, data_size, random)? + MARGIN,
                metadata: unused(top, 1, metadata_size, random)? + MARGIN,
                around: (0, 0),
            });
        }
        let metadata_size = metadata_size + layout::metadata_room(plan.shift);
        // Room to put the first region at a multiple of its size is not needed: classes are found by
        // distance from the pool's start.
        let data = sys::map(data_size, Access::Nothing)?;
        let Some(metadata) = sys::map(metadata_size, Access::Nothing) else {
            // SAFETY: just mapped, and nobody knows of it.
            unsafe { sys::unmap(data, data_size) };
            return None;
        };
        // SAFETY: both pools are ours. Their use is sparse: a huge page for each corner that is touched
        // would multiply the memory in use.
        unsafe {
            sys::small_pages_only(data, data_size);
            sys::small_pages_only(metadata, metadata_size);
            // Through a pipe, a core file would hold all of it, gigabytes of zeros; a debugger writes even what
            // is out of reach.
            sys::leave_out_of_cores(data, data_size);
            sys::leave_out_of_cores(metadata, metadata_size);
        }
        Some(Pools {
            data: data + MARGIN,
            metadata: metadata + MARGIN + layout::metadata_start(plan.shift, random),
            around: (metadata, metadata_size),
        })
    }
}

/// So many unusable bytes keep what else we map apart from what is mapped next, where address space is plenty.
pub(super) fn distance(plan: Plan, random: &mut Random) -> usize {
    if plan.reserved {
        layout::metadata_start(plan.shift, random)
    } else {
        0
    }
}

/// A place of `size` bytes where nothing is.
fn unused(top: usize, sixteenths: usize, size: usize, random: &mut Random) -> Option<usize> {
    /// Something may be there by chance, or all over the place.
    const TRIES: u32 = 16;
    (0..TRIES)
        .map(|_| layout::unreserved_start(top, sixteenths, random))
        .find(|&at| sys::is_unused(at, size))
}

fn arrange(
    plan: Plan,
    (pools, parts): (Pools, Parts),
    options: Options,
    seeded: bool,
    random: &mut Random,
) -> Option<Fixed> {
    let page = sys::page_size();
    let shared = pools.metadata;
    let heaps = shared + parts.shared;
    let first = (parts.shared + FIRST_HEAPS * ThreadHeap::STRIDE).next_multiple_of(page);
    if !open_metadata(plan.reserved, shared, shared + first) {
        if plan.reserved {
            // SAFETY: nobody knows of the pools.
            unsafe {
                sys::unmap(pools.data - MARGIN, plan.pool_size() + 2 * MARGIN);
                sys::unmap(pools.around.0, pools.around.1);
            }
        }
        return None;
    }
    let features = try_features(page, seeded);
    if features.seal {
        // SAFETY: it stays as it is until the process ends.
        unsafe { sys::seal(shared, first) };
    }
    let mut next = (heaps + parts.heaps).next_multiple_of(layout::START_STEP);
    let order = layout::region_order(random);
    let mut regions = [NO_CLASS; REGIONS];
    let mut classes = [ClassMap::EMPTY; COUNT];
    for (number, (map, class)) in classes.iter_mut().zip(&CLASSES).enumerate() {
        let region = usize::from(order[layout::region_place(number)]);
        regions[region] = number as u8;
        let offset = layout::region_start(plan.shift, random);
        let base = pools.data + (region << plan.shift) + offset;
        let [records, states] = parts.arrays[number];
        let point = next + records + layout::arrays_point(random);
        *map = ClassMap::new(class, base, (1 << plan.shift) - offset, point);
        next += records + states;
    }
    Some(Fixed {
        data: pools.data,
        data_size: plan.pool_size(),
        region_shift: plan.shift,
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
        windows: options.sensitive().windows,
        registers: Registers::here(),
        keys: Keys::new(random),
        residue_key: Key::new(random),
        classes,
        plan,
        options,
        features,
        trace: Trace::OFF,
        evidence: Evidence::OFF,
        fault_files: FaultFiles::OFF,
        has_stderr: sys::is_open(die::STDERR),
        heaps,
        heap_count: HEAPS as u32,
        first,
        shared,
        metadata_size: parts.total(),
        around_metadata: pools.around,
        large_tables: large::Tables::at(next, MOST_LARGE),
        thread_key: sys::on_thread_end(thread::at_thread_end),
    })
}

/// Tries what the kernel can do, on a page that is given back.
fn try_features(page: usize, random: bool) -> Features {
    let mut features = Features {
        guard_pages: false,
        // SAFETY: an empty range: nothing is sealed.
        seal: unsafe { sys::seal(0, 0) },
        random,
    };
    if let Some(probe) = sys::map(page, Access::Write) {
        // SAFETY: just mapped for this, and given back.
        unsafe {
            features.guard_pages = sys::guard_pages(probe, page);
            sys::unmap(probe, page);
        }
    }
    features
}
