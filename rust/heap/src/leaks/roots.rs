// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a program's pointers begin: registers, stacks, thread-local storage, and the variables of its modules.

use super::memory::Memory;
use super::stop::{task_file, Stopped, Thread, World};
use crate::evidence;
use crate::large::{self, Near};
use crate::pool;
use crate::signal;
use crate::slab;
use crate::sys;

/// How far a stack is followed where its end is not known.
const LONGEST: usize = 256 << 20;
/// Bytes beside the thread pointer that are a thread's: the C library's own record of it, with the values that
/// `pthread_setspecific` keeps. On the one side or the other (glibc's `struct pthread` has 2,304 to 2,496).
pub(super) const RECORD: usize = 2560;

/// What is the same for all threads.
pub(super) struct Roots<'a> {
    pub(super) memory: &'a mut Memory,
    /// Thread-local variables, as distances from the thread pointer: from, to.
    statics: (isize, isize),
}

/// The thread that looks: its registers, and its stack from there on.
pub(crate) struct Own {
    registers: [usize; 12],
}

impl Own {
    /// Of the caller, which does nothing but to pass this on: what its frame holds else counts as the program's, also
    /// what earlier calls left there.
    #[inline(always)]
    pub(crate) fn here() -> Own {
        Own {
            registers: sys::kept_registers(),
        }
    }
}

/// The thread pointer of the process's initial thread, if that lives and said so.
pub(super) fn initial_identity(world: &World) -> Option<usize> {
    let process = sys::process_id();
    if sys::thread_id() == process {
        return Some(sys::thread_identity());
    }
    let initial = world.threads().find(|thread| thread.number == process)?;
    Some(initial.stopped?.identity)
}

impl Roots<'_> {
    pub(super) fn new(memory: &mut Memory) -> Roots<'_> {
        let own = sys::thread_identity();
        let mut statics = (-(RECORD as isize), RECORD as isize);
        sys::each_module(&mut |module| {
            let block = module.dlpi_tls_data.addr();
            // What was made for this thread alone is a block, which its record points to.
            if block != 0 && !is_ours(block) {
                let from = block.wrapping_sub(own) as isize;
                let size = each_segment(module)
                    .filter(|segment| segment.p_type == libc::PT_TLS)
                    .map(|segment| segment.p_memsz as isize)
                    .next();
                if from.unsigned_abs() < LONGEST {
                    statics.0 = statics.0.min(from);
                    statics.1 = statics.1.max(from + size.unwrap_or(0));
                }
            }
            true
        });
        Roots { memory, statics }
    }

    /// The variables of all modules.
    pub(super) fn globals(&mut self, with: &mut impl FnMut(&mut Memory, usize)) {
        // In order of addresses. What was left on our own stacks is nobody's.
        let mut ours = [
            pool::fixed_range(),
            evidence::aside::stack(),
            signal::stack(),
        ];
        ours.sort_unstable();
        sys::each_module(&mut |module| {
            for segment in each_segment(module) {
                if segment.p_type != libc::PT_LOAD || segment.p_flags & libc::PF_W == 0 {
                    continue;
                }
                let mut from = (module.dlpi_addr as usize).wrapping_add(segment.p_vaddr as usize);
                let to = from.saturating_add(segment.p_memsz as usize);
                for (start, end) in ours {
                    if start < to && from < end {
                        self.range(from, start.max(from), with);
                        from = end;
                    }
                }
                self.range(from.min(to), to, with);
            }
            true
        });
    }

    /// What the calling thread has.
    pub(super) fn own(&mut self, own: &Own, with: &mut impl FnMut(&mut Memory, usize)) {
        for &register in &own.registers {
            with(self.memory, register);
        }
        let stack = own.registers.last().copied().unwrap_or(0);
        self.thread(
            sys::thread_id(),
            Some(stack),
            Some(sys::thread_identity()),
            with,
        );
    }

    /// What the other threads have; how many were stopped, and how many were not.
    pub(super) fn others(
        &mut self,
        world: &World,
        with: &mut impl FnMut(&mut Memory, usize),
    ) -> (u64, u64) {
        let mut count = (0, 0);
        for Thread { number, stopped } in world.threads() {
            match stopped {
                Some(Stopped {
                    interrupted,
                    identity,
                }) => {
                    count.0 += 1;
                    for (from, to) in interrupted.registers {
                        self.range(from, to, with);
                    }
                    self.thread(number, Some(interrupted.stack), Some(identity), with);
                }
                None => {
                    count.1 += 1;
                    let identity = pool::shared()
                        .threads
                        .heaps()
                        .find(|heap| heap.thread() == number)
                        .map(|heap| heap.identity())
                        .filter(|&identity| identity != 0);
                    let asleep_at = match identity {
                        // All of it.
                        Some(_) => None,
                        None => stack_asleep(number),
                    };
                    self.thread(number, asleep_at, identity, with);
                }
            }
        }
        // Of threads that this process was forked without, only their stacks are left, as they were.
        if pool::shared().threads.generation() > 0 {
            let own = sys::thread_identity();
            for heap in pool::shared().threads.lost_heaps() {
                let identity = Some(heap.identity()).filter(|&at| at != 0 && at != own);
                self.thread(0, None, identity, with);
            }
        }
        count
    }

    fn range(&mut self, from: usize, to: usize, with: &mut impl FnMut(&mut Memory, usize)) {
        // The caller's function looks blocks up, which reads now and then: with a reader of its own.
        let mut other = Memory::new();
        self.memory
            .words(from, to, &mut |word| with(&mut other, word));
    }

    /// A thread's stack from `stack` on, or all of it where that is not known or on another stack, and what is around
    /// its thread pointer.
    fn thread(
        &mut self,
        number: u32,
        stack: Option<usize>,
        identity: Option<usize>,
        with: &mut impl FnMut(&mut Memory, usize),
    ) {
        if let Some(identity) = identity {
            let at = |distance: isize| identity.wrapping_add_signed(distance);
            self.range(at(self.statics.0), at(self.statics.1), with);
        }
        // Something at the upper end of the thread's stack: for the initial thread, what the kernel put there; for
        // others, the thread pointer, since the C libraries keep their records of threads there.
        let top = if number == sys::process_id() {
            Some(sys::auxiliary(libc::AT_EXECFN)).filter(|&at| at != 0)
        } else {
            identity
        };
        let end = |memory: &mut Memory, top: usize| {
            let page = memory.page();
            memory.readable_up_to(top, top.saturating_add(RECORD).next_multiple_of(page))
        };
        match (stack, top) {
            (Some(stack), Some(top))
                if stack < top
                    && top - stack < LONGEST
                    && self.memory.readable_up_to(stack, top) == top =>
            {
                let to = end(self.memory, top);
                self.range(stack, to, with);
            }
            (stack, top) => {
                // On another stack, of a coroutine or a handler: that one, and its own as a whole.
                if let Some(stack) = stack {
                    let to = self.foreign_end(stack);
                    self.range(stack, to, with);
                }
                if let Some(top) = top {
                    let from = self.memory.readable_down_from(top, LONGEST);
                    let to = end(self.memory, top);
                    self.range(from, to, with);
                }
            }
        }
    }

    /// Where the stack ends that `stack` points into: with its block, where it is one, else with its mapping.
    fn foreign_end(&mut self, stack: usize) -> usize {
        if slab::in_data_pool(stack) {
            return match slab::spot(pool::fixed(), stack) {
                Some(spot) => spot.slot.address + spot.slot.size(),
                None => stack,
            };
        }
        if let Some(Near::Live(block)) = large::near(stack) {
            return block.block + block.size;
        }
        self.memory
            .readable_up_to(stack, stack.saturating_add(LONGEST))
    }
}

/// Whether an address is in a block.
fn is_ours(address: usize) -> bool {
    slab::in_data_pool(address) || large::near(address).is_some()
}

fn each_segment(module: &libc::dl_phdr_info) -> impl Iterator<Item = &libc::Elf64_Phdr> {
    let count = if module.dlpi_phdr.is_null() {
        0
    } else {
        usize::from(module.dlpi_phnum)
    };
    (0..count).map(|number| {
        // SAFETY: the loader has so many of them there, as long as the module is loaded.
        unsafe { &*module.dlpi_phdr.add(number) }
    })
}

/// The stack pointer of a thread that sleeps in a system call: the last but one number that the kernel tells of it
/// (proc(5), `/proc/pid/syscall`).
fn stack_asleep(thread: u32) -> Option<usize> {
    let mut room = [0; 256];
    let line = task_file(thread, "syscall", &mut room);
    let mut fields = line.trim_ascii().rsplit(|&byte| byte == b' ');
    let field = core::str::from_utf8(fields.nth(1)?)
        .ok()?
        .strip_prefix("0x")?;
    usize::from_str_radix(field, 16)
        .ok()
        .filter(|&stack| stack != 0)
}
