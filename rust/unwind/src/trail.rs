// SPDX-License-Identifier: MIT OR Apache-2.0
//! The last walk of a thread, kept so that the next one ends where it meets it.
//!
//! Two walks of a thread differ in their innermost frames; the outer ones, most of them, are the
//! same. A frame leads to its caller by its registers, the rule for its address, and one or two
//! words of the stack. So where a new walk comes to the same registers as the last one did, the rest is the same if
//! these words are unchanged (a load for each instead of a look-up) and so are the modules
//! ([`Modules::prove`]). Nothing is taken over that a walk of its own would not have found.

use crate::machine::{self, Registers};
use crate::memory::Memory;
use crate::modules::Modules;
use crate::point::Point;

/// As far as a walk goes to find all of a stack: twice of what is usually wanted, so that a stack
/// deeper than that is not walked anew after each return.
pub(crate) const LONGEST: usize = 96;
/// As many frames as are kept.
const ROOM: usize = 192;

/// A frame, and where the words are that lead to its caller.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) pc: usize,
    pub(crate) sp: usize,
    pub(crate) fp: usize,
    /// Of the return address; 0 in the last frame of a stack.
    pub(crate) place: usize,
    /// Of the caller's frame pointer; 0 where it stays.
    pub(crate) fp_place: usize,
    pub(crate) stamp: u16,
    /// The bit of its module; on the trail, those of all frames outside it, too.
    pub(crate) modules: u8,
}

const NOWHERE: Step = Step {
    pc: 0,
    sp: 0,
    fp: 0,
    place: 0,
    fp_place: 0,
    stamp: 0,
    modules: 0,
};

/// A thread's last walk. All zero is none. Only its thread may use it, one walk at a time.
pub struct Trail {
    /// From the outermost frame on.
    steps: [Step; ROOM],
    count: usize,
    /// The outermost frame is the thread's first.
    pub(crate) whole: bool,
    /// Frames of the walk that is under way, innermost first: not on the stack of a program that may have little.
    fresh: [Step; LONGEST],
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
            whole: false,
            fresh: [NOWHERE; LONGEST],
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
    fn unchanged(&mut self, memory: &Memory) -> usize {
        let kept = self.steps.get(..self.count).unwrap_or(&[]);
        for (outer, pair) in kept.windows(2).enumerate().rev() {
            let [caller, step] = pair else { break };
            let word = |at| memory.known_word(at);
            let same = word(step.place)
                .is_some_and(|pc| machine::caller(pc, caller.sp, caller.fp).pc == caller.pc)
                && (step.fp_place == 0 || word(step.fp_place) == Some(caller.fp));
            if !same {
                self.count = outer + 1;
                return 0;
            }
        }
        self.count
    }

    /// A new frame, the `index`th of the walk.
    #[inline]
    pub(crate) fn add(&mut self, index: usize, step: Step) {
        if let Some(to) = self.fresh.get_mut(index) {
            *to = step;
        }
    }

    /// The frames that were kept, innermost first.
    #[inline]
    pub(crate) fn points(&self) -> impl Iterator<Item = Point> + '_ {
        let kept = self.steps.get(..self.count).unwrap_or(&[]);
        kept.iter()
            .rev()
            .map(|step| Point::new(step.pc, step.stamp))
    }

    /// The walk has ended: of its own frames, those from `first` to `end` come onto the trail.
    pub(crate) fn keep(&mut self, first: usize, end: usize) {
        let fresh = self.fresh.get(first..end).unwrap_or(&[]);
        let outer = self.steps.get(self.count.wrapping_sub(1));
        let mut modules = outer.map_or(0, |step| step.modules);
        let Some(room) = self.steps.get_mut(self.count..self.count + fresh.len()) else {
            // Too deep; the next one begins anew.
            self.count = 0;
            return;
        };
        for (to, step) in room.iter_mut().zip(fresh.iter().rev()) {
            modules |= step.modules;
            *to = Step { modules, ..*step };
        }
        self.count += fresh.len();
    }
}
