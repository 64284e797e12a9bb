// SPDX-License-Identifier: MIT OR Apache-2.0
//! Leaks: which of the blocks that are live can still be reached.
//!
//! All other threads are stopped ([`stop`]). Every word of registers, stacks, thread-local storage, the modules'
//! variables ([`roots`]), and memory that the program mapped itself ([`mappings`]), that points into a block, anywhere in it, makes that block reachable, and so does every word
//! of a reachable block ([`blocks`]). Of the others, those to which another of them points are *indirectly lost*, the
//! rest *lost*: LeakSanitizer's rules, and its words, but for mapped memory, which is no root there. A ring of lost
//! blocks has only indirectly lost ones.
//!
//! Nothing of our own is looked into: the books and the slots that wait are in mappings that are no roots.

use core::mem::size_of;

pub(crate) mod area;
mod blocks;
mod mappings;
pub(crate) mod memory;
mod roots;
pub(crate) mod stop;
mod tell;

use secmalloc_policy::trace_format::note::Reach;

use crate::large;
use crate::pool::{self, fixed};
use crate::sys;
use crate::thread;
use crate::vault;
use area::{Area, Plain};
use blocks::Blocks;
use memory::Memory;
pub(crate) use roots::Own;
use roots::Roots;

/// Blocks, and the bytes requested for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub blocks: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What a look for leaks found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leaks {
    /// Blocks to which nothing points.
    pub lost: Sum,
    /// Blocks to which only lost ones point.
    pub indirectly: Sum,
    /// Blocks that can be reached.
    pub reachable: Sum,
    /// Threads that were stopped meanwhile.
    pub stopped: u64,
    /// Threads that could not be stopped: their registers are not known, and their stacks were looked into as a whole.
    pub running: u64,
}

impl Leaks {
    fn sum(&mut self, reach: Reach) -> &mut Sum {
        match reach {
            Reach::Lost => &mut self.lost,
            Reach::Indirectly => &mut self.indirectly,
            Reach::Reachable => &mut self.reachable,
        }
    }

    /// Whether anything is lost.
    fn any(&self) -> bool {
        self.lost.blocks + self.indirectly.blocks > 0
    }
}

/// A lost block.
#[derive(Clone, Copy)]
struct Found {
    address: usize,
    size: usize,
    indirectly: bool,
}

// SAFETY: numbers, and a `bool` that may be zero.
unsafe impl Plain for Found {}

/// Lost blocks that are told one by one.
const MOST_LISTED: usize = 1 << 20;

/// Looks for leaks now. `None` where there is no memory for it, and in a signal handler that interrupted the heap.
#[must_use]
#[inline(never)]
pub fn look() -> Option<Leaks> {
    let own = Own::here();
    let _window = pool::start().then(vault::around);
    look_from(&own, false).map(|(leaks, _)| leaks)
}

/// To be called at normal exit, without a lock.
pub(crate) fn at_exit(own: &Own) {
    let options = &fixed().options;
    if !options.leaks(fixed().trace.is_on()) {
        return;
    }
    let window = vault::around();
    let looked = look_from(own, true);
    drop(window);
    let Some((leaks, list)) = looked else {
        tell::nothing();
        return;
    };
    tell::tell(&leaks, list.as_ref());
    if leaks.any() && options.leak_exit_status() != 0 {
        crate::die::end_with(options.leak_exit_status());
    }
}

#[inline(never)]
fn look_from(own: &Own, listed: bool) -> Option<(Leaks, Option<Area<Found>>)> {
    thread::with_heap(|_| ())?;
    if sys::is_forking() || thread::is_inside_a_change() {
        return None;
    }
    let mut found = None;
    // The loader's lists are at rest until this returns: no thread is stopped in the middle of a change.
    sys::each_module(&mut |_| {
        found = with_all_stopped(|world| examine(own, world, listed)).flatten();
        false
    });
    found
}

/// Does something while all other threads are stopped, none of them inside the heap's books.
pub(crate) fn with_all_stopped<T>(mut work: impl FnMut(&stop::World) -> T) -> Option<T> {
    /// Another thread may be growing a large block, which is in no book meanwhile. It is done soon.
    const TRIES: u32 = 100;
    for left in (0..TRIES).rev() {
        // SAFETY: as before a fork: all locks are taken, in their order; and given back below, in the same thread.
        unsafe { thread::before_fork() };
        // The threads go on before the locks are given back: nobody changes what is being looked at.
        let done = stop::stop().map(|world| {
            let now = left == 0 || !large::is_any_lent();
            now.then(|| work(&world))
        });
        // SAFETY: see above.
        unsafe { thread::after_fork_parent() };
        match done {
            Some(None) => sys::pause(),
            Some(done) => return done,
            None => return None,
        }
    }
    None
}

/// Marks what can be reached, and sums up.
fn examine(own: &Own, world: &stop::World, listed: bool) -> Option<(Leaks, Option<Area<Found>>)> {
    let mut leaks = Leaks::default();
    let mut blocks = Blocks::new()?;
    let mut skipped = blocks.skipped()?;
    let mut memory = Memory::new();
    let mut roots = Roots::new(&mut memory);
    let mut see = |memory: &mut Memory, word: usize| {
        if let Some(block) = blocks.at(word, memory) {
            blocks.reach(&block);
        }
    };
    roots.globals(&mut see);
    roots.own(own, &mut see);
    (leaks.stopped, leaks.running) = roots.others(world, &mut see);
    skipped.add_stacks(roots.memory, roots::initial_identity(world), &mut see);
    skipped.each_root(roots.memory, &mut see);
    let mut words = Memory::new();
    while let Some(block) = blocks.next(&mut memory) {
        words.words(block.start, block.start + block.size, &mut |word| {
            if let Some(other) = blocks.at(word, &mut memory) {
                blocks.reach(&other);
            }
        });
    }
    blocks.each(&mut memory, |blocks, memory, block| {
        if blocks.verdict(block) == Some(Reach::Reachable) || block.size < size_of::<usize>() {
            return;
        }
        words.words(block.start, block.start + block.size, &mut |word| {
            let other = blocks.at(word, memory);
            // A block that points to itself is not the less lost.
            if let Some(other) = other.filter(|other| other.start != block.start) {
                blocks.lose_with(&other);
            }
        });
    });
    blocks.each(&mut memory, |blocks, _, block| {
        if let Some(reach) = blocks.verdict(block) {
            let sum = leaks.sum(reach);
            sum.blocks += 1;
            sum.bytes += block.size as u64;
        }
    });
    let list = listed.then(|| list(&leaks, &mut blocks, &mut memory));
    Some((leaks, list.flatten()))
}

/// The lost blocks, those that are indirectly lost last.
fn list(leaks: &Leaks, blocks: &mut Blocks, memory: &mut Memory) -> Option<Area<Found>> {
    let (lost, all) = (
        leaks.lost.blocks as usize,
        leaks.lost.blocks as usize + leaks.indirectly.blocks as usize,
    );
    let mut list = Area::<Found>::new(all.min(MOST_LISTED))?;
    let (mut first, mut second) = (0, lost);
    blocks.each(memory, |blocks, _, block| {
        let (place, indirectly) = match blocks.verdict(block) {
            Some(Reach::Lost) => (&mut first, false),
            Some(Reach::Indirectly) => (&mut second, true),
            _ => return,
        };
        if let Some(to) = list.items_mut().get_mut(*place) {
            *to = Found {
                address: block.start,
                size: block.size,
                indirectly,
            };
        }
        *place += 1;
    });
    Some(list)
}
