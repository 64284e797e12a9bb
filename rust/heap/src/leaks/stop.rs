// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stops all other threads, and lets them go on.
//!
//! Each gets a signal, whose handler says where the thread's stack and registers are and sleeps until all is done. It is
//! the signal by which glibc has all threads change their user (`SIGSETXID`; musl's, of the same number, cancels
//! threads): the C libraries keep it out of every mask that a program sets, so that threads which block all
//! signals get it too. What the C library itself sends by that signal meanwhile is handed on to its handler. A thread that
//! blocked it by a bare system call, or sleeps where no signal wakes it, is waited for no longer than [`PATIENCE_US`].

use core::ffi::{c_int, c_void};
use core::mem::size_of;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::pool::shared;
use crate::sys::files::{clock_ns, File, Purpose};
use crate::sys::threads::{each_thread, futex_wait_us, set_action, signal_thread, Action, Handler};
use crate::sys::{self, Access, Interrupted};

const SIGNAL: c_int = 33;

/// Microseconds without an answer after which those that are missing are given up, and those after which they are
/// looked at: a thread that has ended, and is only kept for its number, answers nothing.
const PATIENCE_US: u64 = 1_000_000;
const LOOK_US: u64 = 20_000;

/// Threads that can be stopped; as many as Linux lets a process have unless it is told otherwise.
const MOST: usize = 1 << 15;

/// What an entry's thread has done. Zero is an unused entry.
const ASKED: u32 = 1;
/// It sleeps in the handler, and its entry is complete.
const PARKED: u32 = 2;
/// It is not waited for any more: if the signal comes after all, the handler does nothing.
const GIVEN_UP: u32 = 3;
/// It was given up, and the signal came.
const LATE: u32 = 4;
/// There is no such thread.
const GONE: u32 = 5;
/// It was sent no signal: there is no handler for it.
const LEFT_ALONE: u32 = 6;

struct Entry {
    thread: AtomicU32,
    state: AtomicU32,
    context: AtomicUsize,
    identity: AtomicUsize,
}

/// All zero is a list of no threads. It stays mapped: a late handler looks into it.
#[repr(C)]
struct List {
    count: AtomicUsize,
    /// The handler before ours, and its flags.
    before: AtomicUsize,
    before_flags: AtomicUsize,
    entries: [Entry; MOST],
}

/// The list's address. Not a static itself: the stack pointers in it, of stacks in blocks, are no roots.
static LIST: AtomicUsize = AtomicUsize::new(0);
/// Counts answers; what the one who stops sleeps on.
static ANSWERS: AtomicUsize = AtomicUsize::new(0);
/// Counts the ends of stops; what the stopped sleep on.
static ROUND: AtomicUsize = AtomicUsize::new(0);

/// A stopped thread, or one that is there and could not be stopped.
#[derive(Clone, Copy)]
pub(crate) struct Thread {
    pub(crate) number: u32,
    /// `None` if it could not be stopped.
    pub(crate) stopped: Option<Stopped>,
}

/// What a thread said before it went to sleep.
#[derive(Clone, Copy)]
pub(crate) struct Stopped {
    pub(crate) interrupted: Interrupted,
    /// Its thread pointer.
    pub(super) identity: usize,
}

/// All other threads, stopped until this is dropped.
pub(crate) struct World {
    list: &'static List,
    action: Option<Action>,
}

fn list() -> Option<&'static List> {
    // Acquire: what is in it was zero when its address was written.
    let known = LIST.load(Ordering::Acquire);
    let at = match known {
        0 => {
            let at = sys::map(size_of::<List>().next_multiple_of(64 << 10), Access::Write)?;
            LIST.store(at, Ordering::Release);
            at
        }
        at => at,
    };
    // SAFETY: mapped for good; zero is a valid list.
    Some(unsafe { sys::pointer::<List>(at).as_ref() })
}

impl List {
    fn entries(&self) -> &[Entry] {
        // Acquire: what is counted was written before.
        let count = self.count.load(Ordering::Acquire);
        self.entries.get(..count).unwrap_or(&[])
    }

    fn find(&self, thread: u32) -> Option<&Entry> {
        self.entries()
            .iter()
            .find(|entry| entry.thread.load(Ordering::Relaxed) == thread)
    }

    /// Keeps those whose signal may still come: they are not to get another one.
    fn begin(&self) {
        let mut kept = 0;
        for entry in self.entries() {
            let thread = entry.thread.load(Ordering::Relaxed);
            let awaited = entry.state.load(Ordering::Relaxed) == GIVEN_UP;
            if let Some(to) = self.entries.get(kept).filter(|_| awaited) {
                to.thread.store(thread, Ordering::Relaxed);
                to.state.store(ASKED, Ordering::Relaxed);
                kept += 1;
            }
        }
        self.count.store(kept, Ordering::Release);
    }

    /// Signals a thread that is not in the list yet, if there is a handler. Whether it is a new one.
    fn ask(&self, thread: u32, can: bool) -> bool {
        if self.find(thread).is_some() {
            return false;
        }
        let count = self.count.load(Ordering::Relaxed);
        let Some(entry) = self.entries.get(count) else {
            return false;
        };
        entry.thread.store(thread, Ordering::Relaxed);
        let state = if can { ASKED } else { LEFT_ALONE };
        entry.state.store(state, Ordering::Relaxed);
        // Release: the handler looks for the entry.
        self.count.store(count + 1, Ordering::Release);
        if can && !signal_thread(thread, SIGNAL) {
            entry.state.store(GONE, Ordering::Relaxed);
        }
        true
    }

    fn has(&self, state: u32) -> bool {
        // Acquire: an entry is read when its thread is parked.
        self.entries()
            .iter()
            .any(|entry| entry.state.load(Ordering::Acquire) == state)
    }

    /// Waits until each has answered, or no more do.
    fn wait(&self) {
        let now = || clock_ns(libc::CLOCK_MONOTONIC) / 1000;
        let (mut last, mut seen) = (now(), ANSWERS.load(Ordering::Acquire));
        while self.has(ASKED) {
            futex_wait_us(&ANSWERS, seen, LOOK_US as u32);
            let answers = ANSWERS.load(Ordering::Acquire);
            if answers != seen {
                (last, seen) = (now(), answers);
                continue;
            }
            // Each time: a thread that was about to end blocks all signals, and may take a while to get that far.
            self.change_asked(GONE, has_ended);
            let waited = now().saturating_sub(last);
            if waited >= PATIENCE_US {
                self.change_asked(GIVEN_UP, |_| true);
            }
        }
    }

    fn change_asked(&self, to: u32, which: impl Fn(u32) -> bool) {
        for entry in self.entries() {
            if entry.state.load(Ordering::Relaxed) == ASKED
                && which(entry.thread.load(Ordering::Relaxed))
            {
                // It may answer at this very moment.
                let _ =
                    entry
                        .state
                        .compare_exchange(ASKED, to, Ordering::AcqRel, Ordering::Acquire);
            }
        }
    }
}

/// Whether a thread has ended: no signal finds it any more, or the kernel says so, with state Z or X behind its name,
/// which may hold anything but its last closing parenthesis (proc(5)). Where nothing can be read, nothing is known.
fn has_ended(thread: u32) -> bool {
    if !signal_thread(thread, 0) {
        return true;
    }
    let mut room = [0; 512];
    let line = task_file(thread, "stat", &mut room);
    let state = line.rsplit(|&byte| byte == b')').next();
    state.is_some_and(|state| state.get(1).is_some_and(|letter| b"ZX".contains(letter)))
}

/// The start of a file about a thread.
pub(super) fn task_file<'a>(thread: u32, name: &str, room: &'a mut [u8]) -> &'a [u8] {
    use core::fmt::Write;
    let mut path = secmalloc_policy::message::Text::default();
    let _ = write!(path, "/proc/self/task/{thread}/{name}\0");
    let Ok(path) = core::ffi::CStr::from_bytes_with_nul(path.as_bytes()) else {
        return &[];
    };
    match File::open(path, Purpose::Read) {
        Ok(file) => file.read_at(0, room),
        Err(_) => &[],
    }
}

/// Stops all other threads. `None` where there is no memory for the list of them.
///
/// The caller holds the locks of the heap: no thread is stopped with one of them.
pub(super) fn stop() -> Option<World> {
    let list = list()?;
    list.begin();
    let own = sys::thread_id();
    let mut others = list.count.load(Ordering::Relaxed) > 0;
    let each = |with: &mut dyn FnMut(u32)| {
        let mut with = |thread: u32| {
            if thread != own {
                with(thread);
            }
        };
        if !each_thread(&mut with) {
            // Without /proc: those that have allocated.
            for heap in shared().threads.heaps().filter(|heap| heap.thread() != 0) {
                with(heap.thread());
            }
        }
    };
    each(&mut |_| others = true);
    if !others {
        return Some(World { list, action: None });
    }
    let handler: Handler = handler;
    let action = set_action(SIGNAL, &Action::of(handler));
    if let Some(before) = action.filter(|before| before.handler != handler as usize) {
        list.before_flags.store(before.flags, Ordering::Relaxed);
        list.before.store(before.handler, Ordering::Release);
    }
    // A thread that is not stopped yet may make others: until there are no new ones.
    loop {
        let mut any = false;
        each(&mut |thread| any |= list.ask(thread, action.is_some()));
        list.wait();
        if !any {
            return Some(World { list, action });
        }
    }
}

impl World {
    /// All other threads.
    pub(crate) fn threads(&self) -> impl Iterator<Item = Thread> + '_ {
        self.list.entries().iter().filter_map(|entry| {
            let number = entry.thread.load(Ordering::Relaxed);
            match entry.state.load(Ordering::Acquire) {
                PARKED => {
                    let context = entry.context.load(Ordering::Relaxed);
                    // SAFETY: the handler's third argument; it waits in there.
                    let interrupted = unsafe {
                        sys::interrupted(core::ptr::with_exposed_provenance::<c_void>(context))
                    };
                    let identity = entry.identity.load(Ordering::Relaxed);
                    let stopped = Some(Stopped {
                        interrupted,
                        identity,
                    });
                    Some(Thread { number, stopped })
                }
                ASKED | GIVEN_UP | LATE | LEFT_ALONE => Some(Thread {
                    number,
                    stopped: None,
                }),
                _ => None,
            }
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let Some(before) = self.action else {
            return;
        };
        ROUND.fetch_add(1, Ordering::Release);
        sys::futex_wake_low(&ROUND, i32::MAX as u32);
        // Where a signal may still come, it must not end the process, nor surprise the C library.
        let awaited = self.list.has(GIVEN_UP);
        let handler: Handler = handler;
        if !awaited && before.handler != handler as usize {
            set_action(SIGNAL, &before);
        }
    }
}

unsafe extern "C" fn handler(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let Some(list) = list() else {
        return;
    };
    if let Some(entry) = list.find(sys::thread_id()) {
        let round = ROUND.load(Ordering::Acquire);
        entry
            .context
            .store(context.expose_provenance(), Ordering::Relaxed);
        entry
            .identity
            .store(sys::thread_identity(), Ordering::Relaxed);
        // Release: the entry is complete.
        let answer =
            entry
                .state
                .compare_exchange(ASKED, PARKED, Ordering::AcqRel, Ordering::Acquire);
        if answer == Err(GIVEN_UP) {
            entry.state.store(LATE, Ordering::Relaxed);
            return;
        }
        if answer.is_ok() {
            ANSWERS.fetch_add(1, Ordering::Release);
            sys::futex_wake_low(&ANSWERS, 1);
            while ROUND.load(Ordering::Acquire) == round {
                sys::futex_wait_low(&ROUND, round, 0);
            }
            return;
        }
    }
    // Somebody else's.
    let before = list.before.load(Ordering::Acquire);
    if before != libc::SIG_DFL && before != libc::SIG_IGN {
        let before: *const () = core::ptr::with_exposed_provenance(before);
        // SAFETY: the handler that was set before, with the arguments that the kernel passes to any; one that takes
        // fewer leaves them alone.
        unsafe {
            core::mem::transmute::<*const (), Handler>(before)(signal, info, context);
        }
    }
}
