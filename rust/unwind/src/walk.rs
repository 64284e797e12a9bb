// SPDX-License-Identifier: MIT OR Apache-2.0
//! The walk.

use core::ops::Range;

use crate::cache::{self, Entry};
use crate::machine::{self, Registers};
use crate::memory::{Memory, Stack};
use crate::modules::Met;
use crate::object::{Object, NOTHING};
use crate::point::{Parent, Point};
use crate::rule::{FramePointer, Kind, Rule};
use crate::tables;
use crate::trail::{Fresh, Trail, LONGEST};

/// How often a walk may go to another stack: a handler on an alternate stack, interrupted by one
/// more. A broken frame could otherwise lead around in circles.
const SWITCHES: usize = 8;
/// As far as a frame pointer is believed to be from the stack pointer, without tables to say so.
const FRAME: usize = 1 << 20;

/// Walks stacks.
#[derive(Clone, Copy, Debug)]
pub struct Walker<'a> {
    cache: &'a [Entry],
    stack: Option<&'a Stack>,
    readable: fn(usize) -> bool,
}

impl<'a> Walker<'a> {
    /// A walker that keeps rules in `cache`, all zero at first and shared by all threads; it may
    /// be empty. Of its length, the largest power of two is used.
    ///
    /// `readable` gets the address of a page (4,096 bytes) and says whether it can be read. What
    /// it says of a page of the stack that is being walked must stay true during the walk. It runs
    /// wherever walks do: no lock, no allocation, `errno` as it was.
    #[must_use]
    pub fn new(cache: &'a [Entry], readable: fn(usize) -> bool) -> Walker<'a> {
        Walker {
            cache: cache::usable(cache),
            stack: None,
            readable,
        }
    }

    /// The same, in the thread of this [`Stack`]: with it, `readable` is hardly ever called.
    #[must_use]
    pub fn in_thread(self, stack: &'a Stack) -> Walker<'a> {
        Walker {
            stack: Some(stack),
            ..self
        }
    }

    /// Writes the addresses of the frames from `from` on, innermost first, and says how many.
    ///
    /// The first is `from.pc` itself. The others stand as they are on the stack: where a function
    /// returns to, behind the call. To name the place of the call, look up the address less 1 - but
    /// not for the first, and not for the one that follows a signal's way back (`__restore_rt`,
    /// itself a frame), which is the very instruction that was interrupted.
    pub fn walk(&self, from: Registers, frames: &mut [usize]) -> usize {
        self.go(from, frames, |pc, _| pc)
    }

    /// The same, with a mark of each frame's module: what is loaded there later has another one.
    pub fn walk_points(&self, from: Registers, frames: &mut [Point]) -> usize {
        self.go(from, frames, Point::new)
    }

    /// The same, by way of what the last walk of this thread found, see [`Trail`]: in the same
    /// circumstances the frames are the same.
    pub fn walk_along(&self, from: Registers, frames: &mut [Point], trail: &mut Trail) -> usize {
        let (loose, count) = self.along_or_anew(from, frames.len(), trail);
        let (inner, outer) = (trail.loose(loose), trail.points());
        for (to, point) in frames.iter_mut().zip(inner.chain(outer)) {
            *to = point;
        }
        frames.len().min(count)
    }

    /// The number of the stack from `from` on, which is found along the trail: stacks are a tree, in which `number`
    /// finds the number of a frame that was called from another; `None` where there is no more room. So only frames
    /// that were entered since the last walk are looked up.
    ///
    /// Frames are as those of [`Walker::walk_points`], but all except the first are at the call, not behind
    /// it. Innermost ones in `ours` do not count. Of a stack that is too long to be walked whole, so many as
    /// `deepest` count. `None` also if no frame is left.
    pub fn walk_numbered(
        &self,
        from: Registers,
        trail: &mut Trail,
        ours: &Range<usize>,
        deepest: usize,
        number: impl FnMut(Parent, Point) -> Option<u32>,
    ) -> Option<u32> {
        /// Frames of the caller's own that are not counted.
        const OURS: usize = 8;
        let (loose, _) = self.along_or_anew(from, deepest + OURS, trail);
        trail.number(loose, ours, deepest, number)
    }

    /// As [`Walker::along`], which may find that it has to begin anew.
    fn along_or_anew(&self, from: Registers, wanted: usize, trail: &mut Trail) -> (usize, usize) {
        debug_assert!(wanted <= LONGEST);
        self.along(from, wanted, trail)
            .or_else(|| {
                trail.forget();
                self.along(from, wanted, trail)
            })
            .unwrap_or((0, 0))
    }

    /// Walks until the trail is met: how many frames are not on the trail, and how many there are. `None` if
    /// what was kept does not reach as far as wanted.
    fn along(&self, from: Registers, wanted: usize, trail: &mut Trail) -> Option<(usize, usize)> {
        trail.modules.begin();
        let mut walk = self.begin();
        let (mut at, mut exact) = (from, true);
        // Frames from here on follow from their registers and words of the stack that are noted.
        let mut first = 0;
        for count in 0..LONGEST {
            if !exact && walk.sp_is_known {
                let kept = trail.meets(&at, &walk.memory);
                if kept > 0 {
                    let enough = trail.whole || count + kept >= wanted;
                    return (enough && trail.keep(first, count)).then_some((first, count + kept));
                }
            }
            let (in_module, replaced) = walk.enter_with(look_up(at, exact), trail);
            if replaced {
                // Its bit says another thing from now on.
                trail.forget();
                first = count;
            }
            if !in_module && !exact && !walk.memory.can_read(at.pc) {
                trail.forget();
                return Some((count, count));
            }
            let stamp = if in_module { walk.module.1 } else { 0 };
            let mut step = Fresh {
                at,
                stamp,
                modules: walk.module.2,
                place: 0,
                word: 0,
                fp_place: 0,
            };
            if let Some((caller, place, fp_place)) = walk.step_quickly(at, exact) {
                (step.place, step.fp_place) = (place, fp_place);
                // Once more, as it stands there: with a signature, where processors write some.
                step.word = walk.memory.known_word(place).unwrap_or(0);
                trail.add(count, step);
                if exact {
                    first = count + 1;
                }
                (at, exact) = (caller, false);
                continue;
            }
            // Asked before the step, which may go to another module.
            let ends = in_module && walk.rule(look_up(at, exact)).kind() == Kind::End;
            trail.add(count, step);
            match walk.caller(at, exact, in_module) {
                Some((caller, is_exact)) => {
                    (at, exact) = (caller, is_exact);
                    first = count + 1;
                    // A module that was only tried has no bit.
                    if walk.module.2 == 0 || walk.before.2 == 0 {
                        (walk.module, walk.before) = ((NOTHING, 0, 0), (NOTHING, 0, 0));
                    }
                }
                None => {
                    trail.forget();
                    if !ends {
                        return Some((count + 1, count + 1));
                    }
                    trail.whole = true;
                    return trail.keep(first, count + 1).then_some((first, count + 1));
                }
            }
        }
        trail.forget();
        trail.whole = false;
        trail.keep(first, LONGEST);
        Some((first, LONGEST))
    }

    #[inline(always)]
    fn begin(&self) -> Walk<'a> {
        Walk {
            cache: self.cache,
            memory: Memory::new(self.stack, self.readable),
            module: (NOTHING, 0, 0),
            before: (NOTHING, 0, 0),
            switches: 0,
            sp_is_known: true,
        }
    }

    #[inline(always)]
    fn go<T>(&self, from: Registers, frames: &mut [T], make: impl Fn(usize, u16) -> T) -> usize {
        let mut walk = self.begin();
        let (mut at, mut exact) = (from, true);
        for (count, frame) in frames.iter_mut().enumerate() {
            if let Some(caller) = walk.caller_quickly(at, exact) {
                *frame = make(at.pc, walk.module.1);
                (at, exact) = (caller, false);
                continue;
            }
            let in_module = walk.enter(look_up(at, exact));
            // A number that is neither in a module nor in memory is nobody's return address.
            if !in_module && !exact && !walk.memory.can_read(at.pc) {
                return count;
            }
            *frame = make(at.pc, if in_module { walk.module.1 } else { 0 });
            match walk.caller(at, exact, in_module) {
                Some((caller, is_exact)) => (at, exact) = (caller, is_exact),
                None => return count + 1,
            }
        }
        frames.len()
    }
}

/// The address whose rule counts: that of the call, not that behind it, which may be another
/// function's where the callee never returns.
fn look_up(at: Registers, exact: bool) -> usize {
    if exact {
        at.pc
    } else {
        at.pc.wrapping_sub(1)
    }
}

/// One walk.
struct Walk<'a> {
    cache: &'a [Entry],
    memory: Memory,
    /// The module that was looked at last, its stamp, and the one before: callbacks go to and fro.
    module: Met,
    before: Met,
    switches: usize,
    /// Or else only that it is not below: on aarch64, a frame pointer does not tell.
    sp_is_known: bool,
}

impl Walk<'_> {
    /// Makes the module of an address the one that is looked at; `false` if it is in none.
    #[inline]
    fn enter(&mut self, address: usize) -> bool {
        self.module.0.holds(address) || self.enter_another(address)
    }

    #[inline(never)]
    fn enter_another(&mut self, address: usize) -> bool {
        if !self.before.0.holds(address) {
            let Some(object) = Object::find(address) else {
                return false;
            };
            self.before = (object, object.stamp(), 0);
        }
        core::mem::swap(&mut self.module, &mut self.before);
        true
    }

    /// As [`Walk::enter`], with the modules that the thread knows; and whether one lost its place to it.
    #[inline]
    fn enter_with(&mut self, address: usize, trail: &mut Trail) -> (bool, bool) {
        if self.module.0.holds(address) {
            return (true, false);
        }
        if self.before.0.holds(address) {
            core::mem::swap(&mut self.module, &mut self.before);
            return (true, false);
        }
        let Some((met, replaced)) = trail.modules.find(address) else {
            return (false, false);
        };
        let last = core::mem::replace(&mut self.module, met);
        self.before = if replaced { (NOTHING, 0, 0) } else { last };
        (true, replaced)
    }

    /// The rule for an address in the module that is looked at.
    #[inline]
    fn rule(&self, address: usize) -> Rule {
        let (object, stamp, _) = &self.module;
        match cache::find(self.cache, address, *stamp) {
            Some(rule) => rule,
            None => {
                let rule = tables::rule(object, address).with_stamp(*stamp);
                cache::keep(self.cache, address, rule);
                rule
            }
        }
    }

    /// As [`Walk::caller`], for nearly all frames of nearly all walks: the module is the one of the
    /// frame before, the rule is there and simple, the stack is known. It calls nothing, so that
    /// all of it stays in registers. `None` where one thing is otherwise; nothing has changed then.
    #[inline(always)]
    fn caller_quickly(&self, at: Registers, exact: bool) -> Option<Registers> {
        Some(self.step_quickly(at, exact)?.0)
    }

    /// The same, and where the return address and the frame pointer were read; 0 if that stays.
    #[inline(always)]
    fn step_quickly(&self, at: Registers, exact: bool) -> Option<(Registers, usize, usize)> {
        let address = look_up(at, exact);
        let (object, stamp, _) = &self.module;
        if !object.holds(address) {
            return None;
        }
        let rule = cache::find(self.cache, address, *stamp)?;
        if !rule.is_simple() || !self.sp_is_known {
            return None;
        }
        let base = if rule.on_fp() { at.fp } else { at.sp };
        let cfa = base.wrapping_add_signed(rule.cfa());
        if cfa <= at.sp {
            return None;
        }
        let place = cfa.wrapping_add_signed(rule.return_address()?);
        let pc = self.memory.known_word(place)?;
        let (fp, fp_place) = match rule.fp() {
            FramePointer::Unchanged => (at.fp, 0),
            FramePointer::Saved(offset) => {
                let place = cfa.wrapping_add_signed(offset);
                (self.memory.known_word(place)?, place)
            }
            _ => return None,
        };
        (pc != 0).then(|| (machine::caller(pc, cfa, fp), place, fp_place))
    }

    /// The registers of the caller, and whether its pc is exact.
    #[inline(never)]
    fn caller(&mut self, at: Registers, exact: bool, in_module: bool) -> Option<(Registers, bool)> {
        let rule = if in_module {
            self.rule(look_up(at, exact))
        } else {
            Rule::default()
        };
        match rule.kind() {
            Kind::Call => {
                let caller = self.by_rule(at, rule, exact)?;
                (caller.pc != 0).then_some((caller, false))
            }
            Kind::End => None,
            Kind::Signal => self.interrupted(at),
            Kind::Unknown => self.without_rule(at, exact, in_module),
        }
    }

    #[inline]
    fn by_rule(&mut self, at: Registers, rule: Rule, exact: bool) -> Option<Registers> {
        let base = if rule.on_fp() {
            at.fp
        } else if self.sp_is_known {
            at.sp
        } else {
            return self.by_frame_pointer(at);
        };
        let base = match rule.stored() {
            Some(offset) => self.memory.word(base.wrapping_add_signed(offset))?,
            None => base,
        };
        let cfa = base.wrapping_add_signed(rule.cfa());
        // Each frame is above the last; a function that was just entered may have none.
        if cfa < at.sp || (cfa == at.sp && !exact && self.sp_is_known) {
            return None;
        }
        let pc = machine::return_address(rule, cfa, at, exact, &mut self.memory)?;
        let fp = match rule.fp() {
            FramePointer::Unchanged => at.fp,
            FramePointer::Saved(offset) => self.memory.word(cfa.wrapping_add_signed(offset))?,
            FramePointer::Pushed => self.memory.word(at.fp)?,
            FramePointer::Lost => 0,
        };
        self.sp_is_known = true;
        Some(machine::caller(pc, cfa, fp))
    }

    #[inline(never)]
    fn interrupted(&mut self, at: Registers) -> Option<(Registers, bool)> {
        self.switches += 1;
        if self.switches > SWITCHES {
            return None;
        }
        self.sp_is_known = true;
        Some((machine::interrupted(&at, &mut self.memory)?, true))
    }

    /// Code that has no tables, or a function of which they say too much.
    #[inline(never)]
    fn without_rule(
        &mut self,
        at: Registers,
        exact: bool,
        in_module: bool,
    ) -> Option<(Registers, bool)> {
        if machine::is_way_back(at.pc, &mut self.memory) {
            return self.interrupted(at);
        }
        // Code that a compiler made at run time keeps frame pointers, if anything; a PLT has none,
        // and a wild pointer leads to no code at all.
        if exact && (in_module || !self.memory.can_read(at.pc)) {
            for caller in machine::callers_at_entry(&at, &mut self.memory)
                .into_iter()
                .flatten()
            {
                if self.returns_to(caller.pc) {
                    return Some((caller, false));
                }
            }
        }
        let caller = self.by_frame_pointer(at)?;
        (caller.pc != 0).then_some((caller, false))
    }

    /// Whether an address is behind an instruction that unwind tables cover.
    fn returns_to(&mut self, pc: usize) -> bool {
        let call = pc.wrapping_sub(1);
        self.enter(call) && self.rule(call).kind() != Kind::Unknown
    }

    /// The caller by the frame pointer: it points at the caller's, and the return address follows.
    #[inline(never)]
    fn by_frame_pointer(&mut self, at: Registers) -> Option<Registers> {
        if at.fp.wrapping_sub(at.sp) >= FRAME {
            return None;
        }
        let fp = self.memory.word(at.fp)?;
        let pc = self.memory.word(at.fp.wrapping_add(8))?;
        self.sp_is_known = machine::RECORD_ENDS_FRAME;
        Some(machine::caller(pc, at.fp.wrapping_add(16), fp))
    }
}
