// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stacks of recorded calls, as a tree: a number stands for a frame and all outside it.
//!
//! Most of a stack is as it was at the thread's last call, and so is its number: what is looked up are the
//! frames that were entered since (`secmalloc_unwind`'s trail). Nodes are in a table of hashes and a list that only
//! grows; both are written without a lock, as [`super::stacks::Depot`] is.

use core::mem::size_of;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use secmalloc_unwind::{Entry, Parent, Point, Registers, Stack, Trail, Walker};

use super::stacks::{own_range, without_ours, DEEPEST};
use crate::life;
use crate::sys;

/// Rules that the walker remembers.
const RULES: usize = 1 << 14;
/// Nodes: most programs have some thousand, but python in 2 seconds of recursion has 300,000.
const NODES: usize = 1 << 21;
/// Places in the table, and how many of them a hash may choose.
const PLACES: usize = 2 * NODES;
const TRIES: usize = 64;
/// The first word counts; the rest of its line is not used.
const FIRST: usize = 64;
/// Bytes of all of it.
pub(super) const BYTES: usize =
    FIRST + RULES * size_of::<Entry>() + PLACES * size_of::<u64>() + NODES * size_of::<Node>();

/// A frame. Zero is none.
struct Node {
    point: AtomicU64,
    /// Lower half: what it was called from, as [`parent_bits`] says. Above: whether the stack that ends here was
    /// recorded.
    link: AtomicU64,
}

/// In [`Node::link`].
const TOLD: u64 = 1 << 32;
/// What a frame without a parent has for one: it is the first of its thread, or what is outside was not looked at.
const WHOLE: u32 = 0;
const CUT: u32 = u32::MAX;

fn parent_bits(parent: Parent) -> u32 {
    match parent {
        Parent::Whole => WHOLE,
        Parent::Cut => CUT,
        Parent::Number(number) => number,
    }
}

/// All of it. Zeroed memory is an empty one.
#[derive(Clone, Copy)]
pub(super) struct Tree {
    /// Nodes in use; the first is not used.
    used: &'static AtomicUsize,
    rules: &'static [Entry],
    /// Upper half: of the node's hash; lower half: its number. 0 is none.
    places: &'static [AtomicU64],
    nodes: &'static [Node],
}

impl Tree {
    /// The tree at an address.
    ///
    /// # Safety
    /// - There are [`BYTES`] of memory, aligned to 64, that was zero at first and that nothing but such a
    ///   tree uses for as long as this is in use.
    #[inline]
    pub(super) unsafe fn at(at: usize) -> Tree {
        let rules = at + FIRST;
        let places = rules + RULES * size_of::<Entry>();
        let nodes = places + PLACES * size_of::<u64>();
        // SAFETY: the caller's promise; all that is in it is atomic, and valid if zero.
        unsafe {
            Tree {
                used: sys::pointer::<AtomicUsize>(at).as_ref(),
                rules: core::slice::from_raw_parts(sys::pointer(rules).as_ptr(), RULES),
                places: core::slice::from_raw_parts(sys::pointer(places).as_ptr(), PLACES),
                nodes: core::slice::from_raw_parts(sys::pointer(nodes).as_ptr(), NODES),
            }
        }
    }

    /// The number of the calling thread's stack, from `from` on and without our own frames; 0 where there is
    /// none, or no more room. `stack` is what is known of where it lies, `trail` its last walk.
    pub(super) fn walk(&self, from: Registers, stack: &Stack, trail: Option<&mut Trail>) -> u32 {
        if !life::has_begun() {
            // The same for all: none is walked yet.
            return self.child(WHOLE, Point::default()).unwrap_or(0);
        }
        let (start, end) = own_range(from.pc);
        let walker = Walker::new(self.rules, sys::files::is_readable).in_thread(stack);
        let child = |parent, point| self.child(parent_bits(parent), point);
        let number = match trail {
            Some(trail) => walker.walk_numbered(from, trail, &(start..end), DEEPEST, child),
            None => self.walk_alone(from, &walker),
        };
        number.unwrap_or(0)
    }

    /// In a signal handler that interrupted a walk: the trail is in use.
    #[cold]
    fn walk_alone(&self, from: Registers, walker: &Walker<'_>) -> Option<u32> {
        let mut frames = [Point::default(); DEEPEST];
        let count = walker.walk_points(from, &mut frames);
        let frames = without_ours(from, &mut frames, count);
        let root = if count < DEEPEST { WHOLE } else { CUT };
        let number = frames
            .iter()
            .rev()
            .try_fold(root, |parent, &point| self.child(parent, point))?;
        (number != root).then_some(number)
    }

    /// The number of a frame that was called from another; made, if it is new.
    fn child(&self, parent: u32, point: Point) -> Option<u32> {
        let hash = hash(parent, point);
        for step in 0..TRIES {
            let place = (hash as usize).wrapping_add(step) & (PLACES - 1);
            let place = self.places.get(place)?;
            // Acquire: the node was written before the place named it.
            let mut known = place.load(Ordering::Acquire);
            if known == 0 {
                let number = self.make(parent, point)?;
                let new = hash >> 32 << 32 | u64::from(number);
                // Release: see above.
                match place.compare_exchange(0, new, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => return Some(number),
                    Err(other) => known = other,
                }
            }
            if known >> 32 == hash >> 32 {
                let node = self.nodes.get(known as u32 as usize)?;
                let is_it = node.point.load(Ordering::Relaxed) == point.bits()
                    && node.link.load(Ordering::Relaxed) as u32 == parent;
                if is_it {
                    return Some(known as u32);
                }
            }
        }
        None
    }

    fn make(&self, parent: u32, point: Point) -> Option<u32> {
        // A full one stays as it is: the sum must not come round.
        if self.used.load(Ordering::Relaxed) + 1 >= NODES {
            return None;
        }
        // Relaxed: whose node it is is all that it says.
        let number = self.used.fetch_add(1, Ordering::Relaxed) + 1;
        let node = self.nodes.get(number)?;
        node.point.store(point.bits(), Ordering::Relaxed);
        node.link.store(parent.into(), Ordering::Relaxed);
        Some(number as u32)
    }

    /// Whether the stack with this number is told for the first time. Not where it is 0.
    #[inline]
    pub(super) fn is_new(&self, number: u32) -> bool {
        let node = match number {
            0 => None,
            number => self.nodes.get(number as usize),
        };
        let Some(node) = node else { return false };
        // Relaxed: whoever comes first tells it.
        node.link.load(Ordering::Relaxed) & TOLD == 0
            && node.link.fetch_or(TOLD, Ordering::Relaxed) & TOLD == 0
    }

    /// The innermost frame of a stack, and the number of the rest; 0 where there is none.
    pub(super) fn frame(&self, number: u32) -> Option<(Point, u32)> {
        let node = self.nodes.get(number as usize)?;
        let parent = node.link.load(Ordering::Relaxed) as u32;
        let parent = if parent == CUT { 0 } else { parent };
        let point = Point::from_bits(node.point.load(Ordering::Relaxed));
        Some((point, parent))
    }
}

#[inline]
fn hash(parent: u32, point: Point) -> u64 {
    const MANY: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (point.bits() ^ u64::from(parent).rotate_left(40)).wrapping_mul(MANY);
    (mixed ^ mixed >> 32 ^ u64::from(parent)).wrapping_mul(MANY)
}
