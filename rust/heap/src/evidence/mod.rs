// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a message will say of a block if a fault is found in it: who made it and who freed it, with the stacks
//! of both calls.
//!
//! A large block's is in its descriptor, of each that gets a new mapping and of one in some of the others. A small
//! one's is kept for a *sample*, in a table ([`blocks`]): of the
//! blocks that are made the slow way, where a magazine is refilled or a lock taken, one in some hundred. The
//! short way of `malloc` pays nothing for it, nor does that of `free`: the state of a sampled slot leaves
//! its block's size unsaid, which the short way takes for something that it has no business with. With
//! `stacks=all`, every thread's short way is closed as where calls are recorded, and every block is kept.
//!
//! All of it lies in one mapping of fixed size between guards: far from blocks, and not to be reached from one.
//! Nothing here decides where memory is read or written, or whether a block is sound: who could write to it
//! could make messages say something wrong, and that is all. What is here is never taken back, and reads
//! the same in a forked child: its blocks are its parent's.

pub(crate) mod aside;
mod blocks;
mod names;
pub(crate) mod show;
#[cfg(test)]
mod tests;

use core::mem::size_of;
use core::ops::Range;

use secmalloc_policy::fault::Actor;
use secmalloc_policy::options::{Options, Stacks};
use secmalloc_unwind::{Point, Registers, Stack};

use crate::pool::fixed;
use crate::slab::{self, Slot};
use crate::sys::{self, Access};
use crate::thread::ThreadHeap;
use crate::trace::stacks::{Depot, Frames, Room, DEEPEST};
use aside::aside;
use blocks::Blocks;
use names::Names;

/// Blocks made the slow way, until the first is kept: programs that are over by then pay nothing. From there on it
/// is one of 1 to 511, at random.
const FIRST: u32 = 512;
/// Large blocks in mappings that are there already, of which one is kept.
const REUSED: u8 = 8;

/// How much is kept.
#[derive(Clone, Copy)]
struct Sizes {
    stacks: Room,
    blocks: usize,
}

/// Of a sample: 8,000 or so stacks of 16 frames, and 4,096 blocks, in 1.3 MiB of addresses.
const SAMPLED: Sizes = Sizes {
    stacks: Room {
        rules: 1 << 11,
        places: 1 << 13,
        words: 1 << 17,
    },
    blocks: 1 << 12,
};
/// Of all blocks, as many as there is room for.
const ALL: Sizes = Sizes {
    stacks: Room {
        rules: 1 << 14,
        places: 1 << 18,
        words: 1 << 22,
    },
    blocks: 1 << 19,
};

impl Sizes {
    const fn bytes(self) -> usize {
        let blocks = self.stacks.bytes().next_multiple_of(64) + Blocks::bytes(self.blocks);
        (blocks + size_of::<Names>()).next_multiple_of(MARGIN)
    }
}

/// Unusable bytes before and behind.
const MARGIN: usize = 64 << 10;

/// What is decided at start.
#[derive(Clone, Copy)]
pub(crate) struct Evidence {
    /// Address of what is kept; 0 for nothing.
    at: usize,
    /// Bytes before it that only keep it apart.
    apart: usize,
    all: bool,
}

impl Evidence {
    pub(crate) const OFF: Evidence = Evidence {
        at: 0,
        apart: 0,
        all: false,
    };

    /// As the options say, and as there is memory; `apart` bytes from what is mapped next, for the kernel places
    /// mappings from the top down.
    pub(crate) fn set_up(options: &Options, apart: usize) -> Evidence {
        let all = match options.stacks() {
            Stacks::None => return Evidence::OFF,
            Stacks::Sampled => false,
            Stacks::All => true,
        };
        // Where there is no room for all, some are better than none.
        let tries = [(all, apart), (all, 0), (false, 0)];
        let map = |(all, apart)| Evidence::map(all, apart).map(|at| Evidence { at, apart, all });
        tries.into_iter().find_map(map).unwrap_or(Evidence::OFF)
    }

    fn map(all: bool, apart: usize) -> Option<usize> {
        let size = (if all { ALL } else { SAMPLED }).bytes();
        let before = MARGIN + apart;
        let whole = before + size + MARGIN;
        let at = sys::map(whole, Access::Nothing)?;
        // SAFETY: just mapped, and nobody knows of it.
        unsafe {
            if !sys::protect(at + before, size, Access::Write) {
                sys::unmap(at, whole);
                return None;
            }
            sys::small_pages_only(at, whole);
            sys::leave_out_of_cores(at, whole);
        }
        Some(at + before)
    }

    /// The addresses that keep it apart from what is mapped next, but for a margin.
    pub(crate) fn room(&self) -> Range<usize> {
        let end = self.at.saturating_sub(MARGIN);
        end - self.apart..end
    }

    /// Where what is kept is: from, to. Nothing, where nothing is kept.
    pub(crate) fn span(&self) -> (usize, usize) {
        let size = if self.at == 0 {
            0
        } else {
            self.sizes().bytes()
        };
        (self.at, self.at + size)
    }

    /// Whether every block's is kept, so that the short ways are closed.
    pub(crate) fn is_of_all(&self) -> bool {
        self.all
    }

    fn sizes(&self) -> Sizes {
        if self.all {
            ALL
        } else {
            SAMPLED
        }
    }

    fn depot(&self) -> Option<Depot> {
        // SAFETY: mapped for good by `map`, for a depot of this room.
        (self.at != 0).then(|| unsafe { Depot::at(self.at, self.sizes().stacks) })
    }

    fn blocks(&self) -> Option<Blocks> {
        let Sizes { stacks, blocks } = self.sizes();
        let at = self.at + stacks.bytes().next_multiple_of(64);
        // SAFETY: mapped for good by `map`, behind the depot, for so many.
        (self.at != 0).then(|| unsafe { Blocks::at(at, blocks) })
    }

    fn names(&self) -> Option<&'static Names> {
        let Sizes { stacks, blocks } = self.sizes();
        let at = self.at + stacks.bytes().next_multiple_of(64) + Blocks::bytes(blocks);
        // SAFETY: mapped for good by `map`, behind the blocks; zero is a valid `Names`.
        (self.at != 0).then(|| unsafe { sys::pointer::<Names>(at).as_ref() })
    }
}

/// Who did something to a block, and where. All zero is nothing known.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Trail {
    /// The kernel's number of the thread.
    pub(crate) thread: u32,
    /// The stack's number, 0 for none.
    stack: u32,
    /// The name's number, 0 for none.
    name: u32,
}

impl Trail {
    /// Of a call that makes a large block, in the thread that uses this heap: in a mapping that is there
    /// already, which is as fast as two system calls, of some only.
    pub(crate) fn of_large(heap: &ThreadHeap, reused: bool) -> Trail {
        if reused && !fixed().evidence.all && heap.random().byte() % REUSED != 0 {
            return Trail::without_stack(heap);
        }
        Trail::here(heap)
    }

    /// Of the call that ends what this one made.
    pub(crate) fn of_end(self, heap: &ThreadHeap) -> Trail {
        if self.stack == 0 {
            Trail::without_stack(heap)
        } else {
            Trail::here(heap)
        }
    }

    fn without_stack(heap: &ThreadHeap) -> Trail {
        Trail {
            thread: if heap.is_common() {
                sys::thread_id()
            } else {
                heap.thread()
            },
            ..Trail::default()
        }
    }

    /// Of the call that is under way in the thread that uses this heap.
    #[inline(never)]
    fn here(heap: &ThreadHeap) -> Trail {
        let evidence = &fixed().evidence;
        let Trail { thread, .. } = Trail::without_stack(heap);
        let Some(depot) = evidence.depot() else {
            return Trail::without_stack(heap);
        };
        // Asking for a name is a system call, which a sandbox may not know: only where all was asked for. In
        // other profiles, a thread that still runs is asked when there is a message.
        let name = match evidence.names() {
            Some(names) if evidence.all => names.number(sys::files::thread_name()),
            _ => 0,
        };
        Trail {
            thread,
            stack: stack_here(&depot, Registers::here()),
            name,
        }
    }

    /// As messages want it.
    pub(crate) fn actor(self) -> Actor {
        Actor {
            thread: self.thread,
            or_earlier: false,
            stack: self.stack,
            name: self.name,
        }
    }
}

/// The number of the stack that is under way. A sample takes no more of it than any call: where the stack that is
/// there for that is in use, there is no evidence.
fn stack_here(depot: &Depot, from: Registers) -> u32 {
    if fixed().evidence.all {
        return walk(depot, from);
    }
    let mut work = (depot, from, 0);
    let _ = aside(1, &mut work, |(depot, from, number)| {
        *number = walk(depot, *from);
    });
    work.2
}

#[inline(never)]
fn walk(depot: &Depot, from: Registers) -> u32 {
    let mut frames = [Point::default(); DEEPEST];
    let frames = depot.walk(from, &Stack::new(), &mut frames);
    if frames.is_empty() {
        return 0;
    }
    depot.number(frames).0 as u32
}

/// The frames of a stack, by its number.
pub(crate) fn frames(number: u32, room: &mut Frames) -> &[Point] {
    match fixed().evidence.depot() {
        Some(depot) => depot.frames(number, room),
        None => &[],
    }
}

/// The name of a thread that was kept under this number; none for 0.
pub(crate) fn name(number: u32) -> Option<[u8; 16]> {
    fixed().evidence.names()?.name(number)
}

/// To be called when a small block has been made the slow way in this heap's thread, before anybody has it.
#[inline]
pub(crate) fn made(heap: &ThreadHeap, slot: &Slot, size: usize, usual: bool) {
    if heap.is_due() || fixed().evidence.all {
        keep(heap, slot, size);
    } else if !usual {
        // Its size may be unsaid for another reason: what is kept of an earlier block is not its.
        forget(slot);
    }
}

#[cold]
#[inline(never)]
fn keep(heap: &ThreadHeap, slot: &Slot, size: usize) {
    let Some(blocks) = fixed().evidence.blocks() else {
        return;
    };
    heap.next_due(1 + 2 * u32::from(heap.random().byte()));
    if blocks.keep(slot.address, size, Trail::here(heap), is_stale) {
        slot.leave_size_unsaid();
    } else {
        blocks.forget(slot.address);
    }
}

/// Whether the entry of a live block is of no use any more: the size of what is at its address is said, since
/// it was changed in its place.
fn is_stale(address: usize) -> bool {
    slab::spot(fixed(), address).is_none_or(|spot| spot.slot.requested().is_some())
}

/// When the first block of a new heap is due.
pub(crate) const fn first_due() -> u32 {
    FIRST
}

/// To be called when the size of a small block may have become one that its state cannot say: what is kept of an
/// earlier block there, or of this one at another size, is not of it.
#[cold]
#[inline(never)]
pub(crate) fn forget(slot: &Slot) {
    if let Some(blocks) = fixed().evidence.blocks() {
        blocks.forget(slot.address);
    }
}

/// To be called when a small block of unsaid size is freed.
#[cold]
#[inline(never)]
pub(crate) fn ended(heap: &ThreadHeap, slot: &Slot) {
    if let Some(blocks) = fixed().evidence.blocks() {
        if blocks.size(slot.address).is_some() {
            blocks.end(slot.address, Trail::here(heap));
        }
    }
}

/// What is kept of a small block: who made it and freed it.
pub(crate) fn of(slot: &Slot) -> Option<(Trail, Trail)> {
    // An entry may be left of an earlier block, whose size was unsaid.
    if slot.requested().is_some() {
        return None;
    }
    let (made, freed, _) = fixed().evidence.blocks()?.of(slot.address)?;
    Some((made, freed))
}

/// The size that was kept, of a slot whose state leaves it unsaid.
#[cold]
pub(crate) fn size(slot: &Slot) -> Option<usize> {
    fixed().evidence.blocks()?.size(slot.address)
}
