// SPDX-License-Identifier: MIT OR Apache-2.0
//! The last walk of a thread, kept so that the next one ends where it meets it.
//!
//! Two walks of a thread differ in their innermost frames; the outer ones, most of them, are the
//! same. A frame leads to its caller by its registers, the rule for its address, and one or two
//! words of the stack. So where a new walk comes to the same registers as the last one did, the rest is the same if
//! these words are unchanged (a load for each instead of a look-up) and so are the modules
//! ([`Modules::prove`]). Nothing is taken over that a walk of its own would not have found.

use core::ops::Range;

use crate::machine::{self, Registers};
use crate::memory::{self, Memory};
use crate::modules::Modules;
use crate::point::{Parent, Point};

/// As far as a walk goes to find all of a stack: twice of what is usually wanted, so that a stack
/// deeper than that is not walked anew after each return.
pub(crate) const LONGEST: usize = 96;
/// As many frames as are kept.
const ROOM: usize = 192;

/// A frame of the walk that is under way, and the words that lead to its caller.
#[derive(Clone, Copy)]
pub(crate) struct Fresh {
    pub(crate) at: Registers,
    pub(crate) stamp: u16,
    /// The bit of its module.
    pub(crate) modules: u8,
    /// Where the return address stands, and what stands there; 0 in the last frame of a stack.
    pub(crate) place: usize,
    pub(crate) word: usize,
    /// Where the caller's frame pointer stands, which is in its registers; 0 where it stays.
    pub(crate) fp_place: usize,
}

impl Fresh {
    fn point(&self) -> Point {
        Point::new(self.at.pc, self.stamp)
    }
}

/// A frame of the last walk.
#[derive(Clone, Copy)]
struct Step {
    pc: usize,
    sp: usize,
    fp: usize,
    stamp: u16,
    /// The bits of its module, and of those of all frames outside it.
    modules: u8,
    /// How many words lead from it outwards, to the end, and the lowest and highest place of them.
    words: u16,
    lowest: usize,
    highest: usize,
    /// The caller's number for this frame and all outside it, and the number of those without it; 0 for none.
    node: u32,
    parent: u32,
}

impl Step {
    fn point(&self) -> Point {
        Point::new(self.pc, self.stamp)
    }
}

const NOWHERE: Step = Step {
    pc: 0,
    sp: 0,
    fp: 0,
    stamp: 0,
    modules: 0,
    words: 0,
    lowest: usize::MAX,
    highest: 0,
    node: 0,
    parent: 0,
};

const NOBODY: Fresh = Fresh {
    at: machine::NOWHERE,
    stamp: 0,
    modules: 0,
    place: 0,
    word: 0,
    fp_place: 0,
};

/// Where a word of the stack stands that frames were found by, and what stood there.
#[derive(Clone, Copy)]
struct Word {
    place: usize,
    value: usize,
}

/// A thread's last walk. All zero is none. Only its thread may use it, one walk at a time.
pub struct Trail {
    /// From the outermost frame on.
    steps: [Step; ROOM],
    count: usize,
    /// As many of them, from the outermost on, have their numbers.
    numbered: usize,
    /// The outermost frame is the thread's first.
    pub(crate) whole: bool,
    /// The words that lead from frame to frame, from the outermost on.
    words: [Word; 2 * ROOM],
    /// Frames of the walk that is under way, innermost first: not on the stack of a program that may have little.
    fresh: [Fresh; LONGEST],
    pub(crate) modules: Modules,
}

impl core::fmt::Debug for Trail {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(to, "Trail of {} frames", self.count)
    }
}

impl Default for Trail {
    fn default() -> Trail {
        Trail::new()
    }
}

impl Trail {
    /// Nothing walked.
    #[must_use]
    pub const fn new() -> Trail {
        Trail {
            steps: [NOWHERE; ROOM],
            count: 0,
            numbered: 0,
            whole: false,
            words: [Word { place: 0, value: 0 }; 2 * ROOM],
            fresh: [NOBODY; LONGEST],
            modules: Modules::new(),
        }
    }

    /// Forgets what was walked, not the modules.
    pub(crate) fn forget(&mut self) {
        self.count = 0;
    }

    /// How many frames, from this one outwards, are as they were; 0 if it is not on the trail.
    #[inline]
    pub(crate) fn meets(&mut self, at: &Registers, memory: &Memory) -> usize {
        // Frames of the last walk that are gone.
        while let Some(last) = self.steps.get(self.count.wrapping_sub(1)) {
            if last.sp >= at.sp {
                if (last.sp, last.pc, last.fp) != (at.sp, at.pc, at.fp) {
                    return 0;
                }
                let modules = last.modules;
                let kept = self.unchanged(memory);
                // Only then: a module that the stack returns to stays while it is looked at.
                if kept > 0 && !self.modules.prove(modules) {
                    self.count = 0;
                    return 0;
                }
                return kept;
            }
            self.count -= 1;
        }
        0
    }

    /// The number of kept frames if the words between them are what they were. If one is not, the frames inside it
    /// are dropped.
    #[inline]
    fn unchanged(&mut self, memory: &Memory) -> usize {
        let last = self.steps.get(self.count.wrapping_sub(1));
        let last = last.unwrap_or(&NOWHERE);
        let words = self.words.get(..usize::from(last.words)).unwrap_or(&[]);
        if !words.is_empty() && !memory.knows(last.lowest, last.highest) {
            self.count = 0;
            return 0;
        }
        let mut changed = None;
        // From the inside on, which changes most.
        for (index, word) in words.iter().enumerate().rev() {
            // SAFETY: it was a word of the stack when it was noted, and is between the lowest and the highest, which
            // are in what is known of the stack.
            if unsafe { memory::read(word.place) } != word.value {
                changed = Some(index);
                break;
            }
        }
        let Some(changed) = changed else {
            return self.count;
        };
        // The first that needs the changed word leads elsewhere; the one outside it is where it was.
        let steps = self.steps.get(..self.count).unwrap_or(&[]);
        self.count = steps.partition_point(|step| usize::from(step.words) <= changed);
        0
    }

    /// A new frame, the `index`th of the walk.
    #[inline]
    pub(crate) fn add(&mut self, index: usize, step: Fresh) {
        if let Some(to) = self.fresh.get_mut(index) {
            *to = step;
        }
    }

    /// Frames of the last walk that did not come onto the trail, innermost first.
    pub(crate) fn loose(&self, count: usize) -> impl Iterator<Item = Point> + '_ {
        let fresh = self.fresh.get(..count).unwrap_or(&[]);
        fresh.iter().map(Fresh::point)
    }

    /// The frames that were kept, innermost first.
    #[inline]
    pub(crate) fn points(&self) -> impl Iterator<Item = Point> + '_ {
        let kept = self.steps.get(..self.count).unwrap_or(&[]);
        kept.iter().rev().map(Step::point)
    }

    /// The walk has ended: of its own frames, those from `first` to `end` come onto the trail. Of each is known
    /// where the words are that lead to the next one, but for the last if nothing is outside it. `false` if that
    /// is too long.
    pub(crate) fn keep(&mut self, first: usize, end: usize) -> bool {
        let fresh = self.fresh.get(first..end).unwrap_or(&[]);
        let outer = self.steps.get(self.count.wrapping_sub(1));
        let mut outer = *outer.unwrap_or(&NOWHERE);
        self.numbered = self.numbered.min(self.count);
        let Some(room) = self.steps.get_mut(self.count..self.count + fresh.len()) else {
            // The next one begins anew.
            self.count = 0;
            return false;
        };
        for (to, step) in room.iter_mut().zip(fresh.iter().rev()) {
            let at = &step.at;
            for (place, value) in [(step.fp_place, outer.fp), (step.place, step.word)] {
                // The outermost leads nowhere.
                if place == 0 || outer.sp == 0 {
                    continue;
                }
                // There is room for two for each frame.
                if let Some(word) = self.words.get_mut(usize::from(outer.words)) {
                    *word = Word { place, value };
                    outer.words += 1;
                    outer.lowest = outer.lowest.min(place);
                    outer.highest = outer.highest.max(place);
                }
            }
            // What was called from here last is what is called most: its number may do once more.
            if (to.pc, to.stamp) != (at.pc, step.stamp) {
                (to.node, to.parent) = (0, 0);
            }
            (to.pc, to.sp, to.fp) = (at.pc, at.sp, at.fp);
            to.stamp = step.stamp;
            to.modules = outer.modules | step.modules;
            (to.words, to.lowest, to.highest) = (outer.words, outer.lowest, outer.highest);
            outer = *to;
        }
        self.count += fresh.len();
        true
    }

    /// The number of the stack that was just walked, whose innermost `loose` frames did not come onto the trail,
    /// see [`crate::Walker::walk_numbered`].
    pub(crate) fn number(
        &mut self,
        loose: usize,
        ours: &Range<usize>,
        deepest: usize,
        mut number: impl FnMut(Parent, Point) -> Option<u32>,
    ) -> Option<u32> {
        let fresh = self.fresh.get(..loose)?;
        let kept = self.steps.get_mut(..self.count)?;
        let is_ours = |frame: &&Fresh| ours.contains(&frame.at.pc);
        let mut inner = fresh.iter().take_while(is_ours).count();
        let mut end = kept.len();
        if inner == loose {
            let is_ours = |step: &&Step| ours.contains(&step.pc);
            end -= kept.iter().rev().take_while(is_ours).count();
        }
        if end > 0 && !self.whole {
            // Where the stack begins is not known.
            let loose = fresh.iter().skip(inner).map(Fresh::point);
            let all = loose.chain(kept.iter().take(end).rev().map(Step::point));
            let mut points = [Point::default(); LONGEST];
            let mut count = 0;
            for (to, point) in points.iter_mut().zip(all).take(deepest) {
                *to = point.before();
                count += 1;
            }
            let mut outwards = points.get(..count)?.iter().rev();
            return outwards
                .try_fold(Parent::Cut, |parent, &point| {
                    number(parent, point).map(Parent::Number)
                })?
                .number();
        }
        let mut node = Parent::Whole;
        if let Some(last) = self.numbered.min(end).checked_sub(1) {
            node = Parent::Number(kept.get(last)?.node);
        }
        for step in kept.get_mut(self.numbered.min(end)..end)? {
            let parent = node.number().unwrap_or(0);
            if step.node == 0 || step.parent != parent {
                step.node = number(node, step.point().before())?;
                step.parent = parent;
            }
            node = Parent::Number(step.node);
        }
        self.numbered = self.numbered.max(end);
        // The very first is where the walk began, the others are behind calls.
        if inner == 0 && loose > 0 {
            inner = 1;
        }
        for step in fresh.get(inner..)?.iter().rev() {
            node = Parent::Number(number(node, step.point().before())?);
        }
        if fresh.first().is_some_and(|first| !is_ours(&first)) {
            node = Parent::Number(number(node, fresh.first()?.point())?);
        }
        node.number()
    }
}
