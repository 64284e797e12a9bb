// SPDX-License-Identifier: MIT OR Apache-2.0
//! Large blocks: each has a mapping of its own.
//!
//! ```text
//! | guard | front | the block, n bytes | fill | guard |
//!         data    block                       end of data
//! ```
//!
//! The block ends as close to the guard behind it as its alignment allows; the *fill* between is
//! at most 15 bytes then, keyed, and compared when the block is freed; so is the *front*, which
//! is zero and less than a page. A block that grew is moved by the kernel, page by page and
//! without a copy; it keeps its place within its first page, and its fill is up to a page.
//!
//! A freed mapping is out of reach at once. It is kept for a while (see [`kept`]) and wiped when
//! it is used again.

pub(crate) mod kept;
pub(crate) mod mapping;
pub(crate) mod table;
mod touched;

use core::cell::Cell;

use secmalloc_policy::fault::{Actor, Block};
use secmalloc_policy::request::{Request, MIN_ALIGNMENT};
use secmalloc_policy::slot_state::{Kind, SlotWord, Tag};

use crate::lock::Lock;
use crate::pool::{fixed, shared};
use crate::thread::ThreadHeap;
use crate::wipe;
use kept::Kept;
use mapping::{Mapping, Purpose, HUGE_FROM};
use table::Table;
pub(crate) use table::Tables;

/// Freed blocks that are remembered by name, to tell a double free from a foreign pointer.
const REMEMBERED: usize = 512;

/// What is known of a live large block. All zero is none: `block` is never 0.
#[derive(Clone, Copy)]
pub(crate) struct Descriptor {
    pub(crate) block: usize,
    /// Bytes requested.
    pub(crate) size: usize,
    pub(crate) mapping: Mapping,
    /// Only its kind counts.
    state: SlotWord,
    /// The thread that allocated it.
    pub(crate) thread: u32,
    /// A fault in it was reported and survived: its memory is never used again.
    pub(crate) condemned: bool,
}

/// What is remembered of a freed one.
#[derive(Clone, Copy)]
pub(crate) struct Freed {
    pub(crate) descriptor: Descriptor,
    /// The thread that freed it.
    by: u32,
}

/// All large blocks. All zero is none.
#[repr(C)]
pub(crate) struct LargeHeap {
    pub(crate) lock: Lock,
    table: Table,
    kept: Kept,
    freed: [Cell<Freed>; REMEMBERED],
    freed_count: Cell<usize>,
    /// Bytes in live blocks, and the most that there were of late.
    live_bytes: Cell<usize>,
    peak_bytes: Cell<usize>,
}

// SAFETY: every cell is only touched under `lock`.
unsafe impl Sync for LargeHeap {}

/// What became of a change of size.
pub(crate) enum Resized {
    /// The block is here now.
    Here(usize),
    /// It cannot stay large, or cannot be moved: allocate, copy, free.
    MustCopy,
}

impl Descriptor {
    /// The descriptor, if it is one.
    fn some(self) -> Option<Descriptor> {
        (self.block != 0).then_some(self)
    }

    /// Its family.
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.state.kind()
    }

    /// What messages say of it.
    pub(crate) fn describe(&self) -> Block {
        Block {
            address: self.block,
            requested: Some(self.size),
            slot: self.mapping.data_size,
            kind: self.kind(),
            allocated_by: Actor {
                thread: self.thread,
                or_earlier: false,
            },
            freed_by: Actor::default(),
        }
    }

    /// Behind the block, to the end of its pages.
    fn fill(&self) -> (usize, usize) {
        let from = self.block + self.size;
        (from, self.mapping.data_end().saturating_sub(from))
    }

    /// Fills the bytes behind the block.
    fn seal(&self) {
        let (from, length) = self.fill();
        for at in 0..length {
            let byte = expected_fill(self.block, at);
            // SAFETY: the fill lies in the block's pages.
            unsafe { crate::sys::pointer::<u8>(from + at).write(byte) };
        }
    }

    /// The first byte of the fill that is not as it was left, as an offset from the block.
    pub(crate) fn overflow(&self) -> Option<usize> {
        let (from, length) = self.fill();
        (0..length)
            .find(|&at| {
                // SAFETY: the fill lies in the block's pages.
                let byte = unsafe { crate::sys::pointer::<u8>(from + at).read_volatile() };
                byte != expected_fill(self.block, at)
            })
            .map(|at| self.size + at)
    }

    /// The distance before the block of the nearest byte that is not zero.
    pub(crate) fn underflow(&self) -> Option<usize> {
        if self.size == 0 {
            return None;
        }
        let front = self.block - self.mapping.data;
        // SAFETY: the front lies in the block's pages.
        if unsafe { wipe::is_zero_bytes(self.mapping.data, front) } {
            return None;
        }
        (1..=front).find(|back| {
            // SAFETY: as above.
            unsafe { crate::sys::pointer::<u8>(self.block - back).read_volatile() != 0 }
        })
    }
}

/// The byte that must stand `at` bytes behind a block.
pub(crate) fn expected_fill(block: usize, at: usize) -> u8 {
    fixed().keys.hash(block).to_le_bytes()[at % 8]
}

/// Makes a large block. `None` when there is no memory for it.
pub(crate) fn allocate(heap: &ThreadHeap, request: &Request) -> Option<usize> {
    let page = fixed().page;
    let Request {
        size,
        alignment,
        kind,
        ..
    } = *request;
    let data_size = size.checked_next_multiple_of(page)?;
    let reused = if alignment <= page {
        shared().large.reuse(data_size)
    } else {
        None
    };
    let mapping = match reused {
        Some(mapping) => mapping,
        None => make_room(data_size, alignment, heap)?,
    };
    let block = if alignment <= page {
        mapping.data_end() - size.next_multiple_of(alignment.max(MIN_ALIGNMENT))
    } else {
        mapping.data
    };
    let state = SlotWord::live(kind, Tag::NOBODY);
    let descriptor = Descriptor {
        block,
        size,
        mapping,
        state,
        thread: heap.thread(),
        condemned: false,
    };
    descriptor.seal();
    if !shared().large.insert(&descriptor) {
        mapping.unmap();
        return None;
    }
    Some(block)
}

fn make_new(data_size: usize, alignment: usize, heap: &ThreadHeap) -> Option<Mapping> {
    let mut mapping = Mapping::make(data_size, alignment, Purpose::Block, heap.random())?;
    mapping.choose_page_size(data_size);
    Some(mapping)
}

/// A new mapping; where there is no room for it, what is kept for reuse makes some.
fn make_room(data_size: usize, alignment: usize, heap: &ThreadHeap) -> Option<Mapping> {
    make_new(data_size, alignment, heap).or_else(|| {
        trim()
            .then(|| make_new(data_size, alignment, heap))
            .flatten()
    })
}

/// The live block that starts at `address`.
pub(crate) fn find(address: usize) -> Option<Descriptor> {
    let large = &shared().large;
    let _held = large.lock.hold();
    large.table.find(address)
}

/// Ends a block that was found and checked: its pages are out of reach when this returns.
/// `false` if another thread was faster.
pub(crate) fn release(heap: &ThreadHeap, descriptor: &Descriptor) -> bool {
    let large = &shared().large;
    {
        let _held = large.lock.hold();
        if large.remove_held(descriptor.block).is_none() {
            return false;
        }
        large.remember(descriptor, heap.thread());
    }
    let mapping = &descriptor.mapping;
    // Huge pages are there as a whole: only small ones tell how much was touched.
    if mapping.data_size >= touched::LARGE && !mapping.huge {
        touched::learn(mapping.present(), mapping.data_size);
    }
    if mapping.data_size == 0
        || mapping.data_size > fixed().options.large_kept()
        || !mapping.close()
    {
        mapping.unmap();
        return true;
    }
    let (surplus, most) = {
        let _held = large.lock.hold();
        let most = large.worth_keeping(mapping.data_size);
        (large.kept.add(mapping), most)
    };
    if let Some(oldest) = surplus {
        oldest.unmap();
    }
    large.keep_at_most(most);
    true
}

/// Takes a block out of use after a fault that the program survived. It stays the program's, which
/// may free it once: that is [`give_up`].
pub(crate) fn condemn(descriptor: &Descriptor) {
    let large = &shared().large;
    let _held = large.lock.hold();
    if large.remove_held(descriptor.block).is_some() {
        let condemned = true;
        large.insert_held(&Descriptor {
            condemned,
            ..*descriptor
        });
    }
}

/// The program has freed a block in which there was a fault: it stays mapped and is never reused.
pub(crate) fn give_up(heap: &ThreadHeap, descriptor: &Descriptor) {
    let large = &shared().large;
    let _held = large.lock.hold();
    if large.remove_held(descriptor.block).is_some() {
        large.remember(descriptor, heap.thread());
    }
}

/// Changes the size of a block that was found and checked. `None` if another thread ended it
/// meanwhile.
pub(crate) fn resize(heap: &ThreadHeap, old: &Descriptor, size: usize) -> Option<Resized> {
    let page = fixed().page;
    let front = old.block - old.mapping.data;
    let data_size = front.checked_add(size)?.checked_next_multiple_of(page)?;
    let large = &shared().large;
    // Out of the table while its pages change: a sweep must not look for them.
    let most = {
        let _held = large.lock.hold();
        let most = large.worth_keeping(0);
        large.remove_held(old.block)?;
        most
    };
    // What grows by much finds no use for what is kept, and is to be all that is in memory.
    if data_size > old.mapping.data_size && data_size >= HUGE_FROM {
        large.keep_at_most(most);
    }
    let resized = if data_size <= old.mapping.data_size {
        Some(old.mapping.shrink(data_size))
    } else {
        old.mapping
            .grow_in_place(data_size)
            .or_else(|| move_to_larger(heap, old, data_size))
    };
    let Some(mapping) = resized else {
        large.insert(old);
        return Some(Resized::MustCopy);
    };
    let new = Descriptor {
        block: mapping.data + front,
        size,
        mapping,
        ..*old
    };
    unfill(old, &new);
    new.seal();
    let _held = large.lock.hold();
    if new.block != old.block {
        large.remember(old, heap.thread());
    }
    // There is room: `remove` made some.
    large.insert_held(&new);
    Some(Resized::Here(new.block))
}

/// Moves a block's pages, without a copy, to a mapping with room to grow. One that has been filled
/// so far is believed to be filled further, with huge pages.
fn move_to_larger(heap: &ThreadHeap, old: &Descriptor, data_size: usize) -> Option<Mapping> {
    let from = &old.mapping;
    let mut target = Mapping::make(data_size, fixed().page, Purpose::Growth, heap.random())?;
    let huge =
        data_size >= HUGE_FROM && (from.huge || touched::is_full(from.present(), from.data_size));
    if !from.move_to(&mut target) {
        return None;
    }
    if huge {
        target.advise_huge(true);
    }
    Some(target)
}

/// Zeroes what was fill and becomes part of the block.
fn unfill(old: &Descriptor, new: &Descriptor) {
    let gained = new.size.saturating_sub(old.size).min(old.fill().1);
    // SAFETY: behind the old end of the block, within its pages.
    unsafe { wipe::zero_bytes(new.block + old.size, gained) };
}

impl LargeHeap {
    fn insert(&self, descriptor: &Descriptor) -> bool {
        let _held = self.lock.hold();
        self.insert_held(descriptor)
    }

    /// The caller holds the lock, here and below.
    fn insert_held(&self, descriptor: &Descriptor) -> bool {
        let inserted = self.table.insert(descriptor);
        if inserted {
            let bytes = self.live_bytes.get();
            self.live_bytes.set(bytes + descriptor.mapping.data_size);
        }
        inserted
    }

    fn remove_held(&self, block: usize) -> Option<Descriptor> {
        let removed = self.table.remove(block)?;
        let bytes = self.live_bytes.get();
        self.live_bytes.set(bytes - removed.mapping.data_size);
        Some(removed)
    }

    /// Gives the oldest kept mappings back, outside the lock, which the caller does not hold.
    fn keep_at_most(&self, bytes: usize) {
        loop {
            let oldest = {
                let _held = self.lock.hold();
                self.kept.surplus(bytes)
            };
            match oldest {
                Some(mapping) => mapping.unmap(),
                None => return,
            }
        }
    }

    /// How many bytes of freed blocks are worth keeping, one of `freed` bytes having been freed: in
    /// proportion to what was live of late, since many programs free all that they have at once and
    /// begin again; and enough for a program that has one block at a time.
    fn worth_keeping(&self, freed: usize) -> usize {
        /// Frees in which a peak loses two thirds of what it counts for.
        const MEMORY: usize = 512;
        let in_turn = freed.saturating_mul(kept::rest(freed) + 1);
        let part = if freed >= HUGE_FROM { 2 } else { 1 };
        let peak = self.peak_bytes.get();
        self.peak_bytes
            .set(self.live_bytes.get().max(peak - peak / MEMORY));
        (peak / part).max(in_turn).min(fixed().options.large_kept())
    }

    fn remember(&self, descriptor: &Descriptor, thread: u32) {
        let at = self.freed_count.get();
        self.freed_count.set(at.wrapping_add(1));
        self.freed[at % REMEMBERED].set(Freed {
            descriptor: *descriptor,
            by: thread,
        });
    }

    fn reuse(&self, data_size: usize) -> Option<Mapping> {
        let mapping = {
            let _held = self.lock.hold();
            self.kept.take(data_size)?
        };
        mapping.reopen(data_size)
    }

    /// The youngest freed block for which `matching` holds. The caller holds the lock.
    fn last_freed(&self, matching: impl Fn(&Descriptor) -> bool) -> Option<Freed> {
        let count = self.freed_count.get();
        (1..=count.min(REMEMBERED))
            .map(|back| self.freed[(count - back) % REMEMBERED].get())
            .find(|freed| matching(&freed.descriptor))
    }
}

impl Freed {
    /// What messages say of it.
    pub(crate) fn describe(&self) -> Block {
        Block {
            kind: None,
            freed_by: Actor {
                thread: self.by,
                or_earlier: false,
            },
            ..self.descriptor.describe()
        }
    }
}

/// What lies at an address that is not the start of a live block.
pub(crate) enum Near {
    /// Inside a live block or its surroundings.
    Live(Descriptor),
    /// Where a block was.
    Freed(Freed),
}

/// The large block that an address belongs to, guards included. Slow: it looks at all of them.
pub(crate) fn near(address: usize) -> Option<Near> {
    let large = &shared().large;
    if large.lock.is_mine() {
        return None;
    }
    let _held = large.lock.hold();
    let within = |d: &Descriptor| address.wrapping_sub(d.mapping.span) < d.mapping.span_size;
    if let Some(live) = large.table.iter().find(within) {
        return Some(Near::Live(live));
    }
    large.last_freed(within).map(Near::Freed)
}

/// The freed block that started at `address`, if that is remembered.
pub(crate) fn freed_at(address: usize) -> Option<Freed> {
    let large = &shared().large;
    let _held = large.lock.hold();
    large.last_freed(|d| d.block == address)
}

/// Looks at every live block, until `look` returns `false`.
pub(crate) fn each(mut look: impl FnMut(&Descriptor) -> bool) {
    let large = &shared().large;
    let _held = large.lock.hold();
    for descriptor in large.table.iter() {
        if !look(&descriptor) {
            return;
        }
    }
}

/// Gives all kept mappings back to the kernel. Whether there was any.
pub(crate) fn trim() -> bool {
    let large = &shared().large;
    let mut any = false;
    loop {
        let oldest = {
            let _held = large.lock.hold();
            large.kept.oldest()
        };
        match oldest {
            Some(mapping) => mapping.unmap(),
            None => return any,
        }
        any = true;
    }
}

/// Bytes in live large blocks, their number, and bytes kept, for statistics.
pub(crate) fn totals() -> (usize, usize, usize) {
    let large = &shared().large;
    let _held = large.lock.hold();
    let (mut bytes, mut count) = (0, 0);
    for descriptor in large.table.iter() {
        bytes += descriptor.mapping.data_size;
        count += 1;
    }
    (bytes, count, large.kept.bytes())
}
