// SPDX-License-Identifier: MIT OR Apache-2.0
//! A look for residues where no free passes: on the dead part of stacks, and in blocks that are in use.
//!
//! The dead part of a stack is what lies below its stack pointer. The caller's own is looked through first, before
//! anything else of ours runs on it; what our own frames cover by then is theirs. The other threads are
//! stopped as for a look for leaks: the kernel puts their registers on their stacks for that, some KiB, which are
//! left out, for what is in registers is in use. What is found is told when they run again.

use secmalloc_policy::fault::{Block, Fault, Operation, Residue};

use super::{find, is_sensitive};
use crate::die;
use crate::explain;
use crate::large;
use crate::leaks::area::{Area, Plain};
use crate::leaks::memory::Memory;
use crate::leaks::stop::{Stopped, World};
use crate::leaks::with_all_stopped;
use crate::pool::{fixed, shared};
use crate::slab::{self, Life};
use crate::sys;
use crate::sys::files::is_readable;
use crate::thread;

/// What is asked for at a time whether it can be read: no page is smaller.
const STEP: usize = 4096;
/// How far a stack is followed.
const DEEPEST: usize = 256 << 20;
/// Finds that are told one by one. All are counted.
const MOST_TOLD: usize = 1024;

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// On stacks, below what is in use.
    pub stacks: bool,
    /// In blocks that are in use.
    pub blocks: bool,
}

/// What was looked at, and found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Residues {
    /// Stacks that were looked at.
    pub stacks: u64,
    /// Those of them that hold a secret.
    pub stacks_found: u64,
    /// Blocks that were looked at.
    pub blocks: u64,
    /// Those of them that hold a secret.
    pub blocks_found: u64,
    /// Threads whose stacks could not be looked at, because they could not be stopped.
    pub running: u64,
}

/// A find. A number of a thread means that it is on its stack.
#[derive(Clone, Copy)]
struct Find {
    at: usize,
    length: usize,
    thread: u32,
    /// The stack pointer, or the block.
    base: usize,
}

// SAFETY: numbers.
unsafe impl Plain for Find {}

struct Finds {
    list: Area<Find>,
    counts: Residues,
}

impl Finds {
    fn add(&mut self, find: Find) {
        let count = self.counts.stacks_found + self.counts.blocks_found;
        if let Some(to) = self.list.items_mut().get_mut(count as usize) {
            *to = find;
        }
        if find.thread == 0 {
            self.counts.blocks_found += 1;
        } else {
            self.counts.stacks_found += 1;
        }
    }
}

/// Looks now, and says what is found as policy has it. `None` where nothing can be looked at: there is no memory
/// for it, or this is a signal handler that interrupted the heap.
#[must_use]
#[inline(never)]
pub fn check(request: Request) -> Option<Residues> {
    let [.., stack] = sys::kept_registers();
    thread::with_heap(|_| ())?;
    if sys::is_forking() || thread::is_inside_a_change() {
        return None;
    }
    let mut finds = Finds {
        list: Area::new(MOST_TOLD)?,
        counts: Residues::default(),
    };
    if request.stacks {
        look_below(&mut finds, sys::thread_id(), stack, stack);
    }
    with_all_stopped(|world| look(request, world, &mut finds))?;
    let counts = finds.counts;
    let told = (counts.stacks_found + counts.blocks_found).min(MOST_TOLD as u64);
    for find in finds.list.items().iter().take(told as usize) {
        die::found(&fault(find), Operation::CheckResidue);
    }
    Some(counts)
}

fn fault(find: &Find) -> Fault {
    let place = match find.thread {
        0 => Residue::Live(describe(find.base)),
        thread => Residue::Stack {
            thread,
            below: find.base - find.at,
        },
    };
    Fault::SecretResidue {
        place,
        address: find.at,
        length: find.length,
    }
}

/// What is known of a block; it may have ended meanwhile.
fn describe(address: usize) -> Block {
    match slab::spot(fixed(), address) {
        Some(spot) => explain::block(&spot.slot),
        None => large::find(address).map_or(
            Block {
                address,
                ..Block::default()
            },
            |descriptor| descriptor.describe(),
        ),
    }
}

fn look(request: Request, world: &World, finds: &mut Finds) {
    // In use before anything else is: what is seen of blocks must not be on our stack when that is looked at.
    if request.stacks {
        for thread in world.threads() {
            match thread.stopped {
                None => finds.counts.running += 1,
                Some(Stopped { interrupted, .. }) => {
                    let stack = interrupted.stack;
                    // Where the registers are, if they are on this stack: nearer than their thread's frames.
                    let saved = interrupted.registers.iter().map(|&(from, _)| from);
                    let end = saved
                        .filter(|&from| from < stack && stack - from < MOST_SAVED)
                        .fold(stack, usize::min);
                    look_below(finds, thread.number, stack, end);
                }
            }
        }
    }
    if request.blocks {
        look_at_blocks(finds);
    }
}

/// Bytes of registers that the kernel may save: AMX's are 8 KiB, SVE's longest 17.
const MOST_SAVED: usize = 64 << 10;

/// Looks through a stack up to `end`, which is no more than the stack pointer.
fn look_below(finds: &mut Finds, thread: u32, stack: usize, end: usize) {
    finds.counts.stacks += 1;
    let from = bottom(end);
    // SAFETY: the kernel said of each page that it can be read; the thread is stopped, or this one, and keeps its stack.
    if let Some(found) = unsafe { find(from, end - from, 0) } {
        finds.add(Find {
            at: from + found.offset,
            length: found.length,
            thread,
            base: stack,
        });
    }
}

/// Where a stack begins: with its block, where it is one, else where memory does.
fn bottom(end: usize) -> usize {
    let mut block = 0;
    if slab::in_data_pool(end) {
        block = slab::spot(fixed(), end).map_or(end, |spot| spot.slot.address);
    } else {
        large::each(|d| {
            if end.wrapping_sub(d.block) < d.size {
                block = d.block;
            }
            block == 0
        });
    }
    let lowest = end.saturating_sub(DEEPEST).max(block);
    let mut from = end & !(STEP - 1);
    if !is_readable(from) {
        return end;
    }
    while from > lowest && is_readable(from - STEP) {
        from -= STEP;
    }
    // On the way of a search that takes steps of 8 bytes.
    from.max(lowest).next_multiple_of(8).min(end)
}

fn look_at_blocks(finds: &mut Finds) {
    let mut memory = Memory::new();
    let mut one = |finds: &mut Finds, block: usize, size: usize| {
        finds.counts.blocks += 1;
        let mut any = None;
        memory.ranges(block, block + size, &mut |from, to| {
            if any.is_none() {
                // SAFETY: it can be read, and whoever might take it away is stopped.
                let found = unsafe { find(from, to - from, 0) };
                any = found.map(|found| (from + found.offset, found.length));
            }
        });
        if let Some((at, length)) = any {
            finds.add(Find {
                at,
                length,
                thread: 0,
                base: block,
            });
        }
    };
    for (class, store) in shared().stores.iter().enumerate() {
        let map = &fixed().classes[class];
        for slab in 0..store.slabs() {
            if map.record(slab).life.get() != Life::Warm {
                continue;
            }
            for place in 0..map.slots() {
                let slot = map.slot(class, map.index(slab, place));
                if slot.state().is_live() && slot.has_memory() && !is_sensitive(&slot) {
                    // Behind the block there is nothing of the program's.
                    let most = slot.size() - secmalloc_policy::size_class::CANARY_SIZE;
                    one(finds, slot.address, slot.requested().unwrap_or(most));
                }
            }
        }
    }
    large::each(|descriptor| {
        if !descriptor.sensitive {
            one(finds, descriptor.block, descriptor.size);
        }
        true
    });
}
