// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sensitive globals: the section `smalloc_sensitive` of each program and shared object, which its constructors
//! hand over before anything in it is used, and take back when it is unloaded.
//!
//! Pages of a file cannot be wiped for a forked child. So new memory takes their place: protected first, then filled
//! with what was there, then moved over them in one step.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::around;
use super::look;
use super::{erase, protect, renew};
use crate::die;
use crate::lock::Lock;
use crate::pool::{self, fixed, shared};
use crate::sys::{self, sensitive, Access, AtomicUsize};

/// Most programs and shared objects with sensitive globals at a time.
const MOST: usize = 256;

/// Which sections there are. All zero is none.
#[repr(C)]
pub(crate) struct Globals {
    lock: Lock,
    sections: [Section; MOST],
}

/// One of them. Changed under the lock; `to` is 0 where there is none, and written last.
#[repr(C)]
struct Section {
    from: AtomicUsize,
    to: AtomicUsize,
    /// The pages of new memory; none where these are equal. What is before and behind them shares its page
    /// with other variables: it is excluded from core files and locked, and wiped in a forked child by hand.
    own_from: AtomicUsize,
    own_to: AtomicUsize,
    /// Why a wanted protection was refused, as an errno; 0 where none was.
    why: AtomicUsize,
}

impl Section {
    fn range(&self) -> Option<(usize, usize)> {
        // Acquire: whoever sees the end sees the rest.
        match self.to.load(Acquire) {
            0 => None,
            to => Some((self.from.load(Relaxed), to)),
        }
    }

    fn own(&self) -> (usize, usize) {
        (self.own_from.load(Relaxed), self.own_to.load(Relaxed))
    }
}

fn sections() -> impl Iterator<Item = &'static Section> {
    let all: &'static [Section] = match pool::started() {
        true => &shared().globals.sections,
        false => &[],
    };
    all.iter().filter(|section| section.range().is_some())
}

/// All sections that are known, from and to.
pub(crate) fn each() -> impl Iterator<Item = (usize, usize)> {
    sections().filter_map(Section::range)
}

/// The section in which an address lies.
pub(crate) fn find(address: usize) -> Option<(usize, usize)> {
    each().find(|&(from, to)| (from..to).contains(&address))
}

/// Does something to the table, alone. A handler must not find it half changed.
fn with_all<T>(work: impl FnOnce(&[Section]) -> T) -> T {
    let blocked = sys::block_signals();
    let globals = &shared().globals;
    let done = {
        let _held = globals.lock.hold();
        work(&globals.sections)
    };
    sys::set_signals(blocked);
    done
}

/// Takes a section over; nothing where it is known already.
///
/// # Safety
/// - The range is a section of a program or shared object, which may be written and which nobody uses yet.
pub unsafe fn add(from: usize, to: usize) {
    if from >= to || !pool::start() {
        return;
    }
    // SAFETY: the caller's promise.
    let refused = with_all(|all| unsafe { add_to(all, from, to) });
    look::changed();
    // Out of reach from here on, where there are windows.
    drop(around());
    let Err(why) = refused else { return };
    match why {
        Refused::Full => die::say(&format_args!(
            "sensitive globals at {from:#x} are not protected: {MOST} programs and shared objects have some"
        )),
        Refused::By(errno) if fixed().options.sensitive().strict => die::stop(&format_args!(
            "sensitive globals at {from:#x} cannot be protected as the options want it: errno {errno}"
        )),
        Refused::By(_) => {}
    }
}

enum Refused {
    Full,
    By(i32),
}

/// # Safety
/// - As [`add`], under the lock.
unsafe fn add_to(all: &[Section], from: usize, to: usize) -> Result<(), Refused> {
    if all
        .iter()
        .any(|section| section.range() == Some((from, to)))
    {
        return Ok(());
    }
    let free = all.iter().find(|section| section.range().is_none());
    let section = free.ok_or(Refused::Full)?;
    let page = fixed().page;
    let (first, end) = (from.next_multiple_of(page), to / page * page);
    // Without a whole page, all of it shares its pages.
    let (first, end) = if first < end { (first, end) } else { (to, to) };
    // SAFETY: the caller's promise: whole pages within the section, and pages that it shares.
    let done = unsafe {
        let own = replace(first, end - first);
        let before = protect_shared(from, first);
        own.and(before).and(protect_shared(end, to))
    };
    section.from.store(from, Relaxed);
    section.own_from.store(first, Relaxed);
    section.own_to.store(end, Relaxed);
    section.why.store(done.err().unwrap_or(0) as usize, Relaxed);
    // Release: see `Section::range`.
    section.to.store(to, Release);
    done.map_err(Refused::By)
}

/// Puts protected memory in the place of pages, with the same contents.
///
/// # Safety
/// - Whole pages of variables that nobody uses now.
unsafe fn replace(at: usize, size: usize) -> Result<(), i32> {
    if size == 0 {
        return Ok(());
    }
    let new = sys::map(size, Access::Write).ok_or(libc::ENOMEM)?;
    // SAFETY: `new` is ours alone, and as large as what it replaces, which the caller promised.
    unsafe {
        let done = protect(new, size);
        let (source, target) = (sys::pointer::<u8>(at), sys::pointer::<u8>(new));
        target.copy_from_nonoverlapping(source, size);
        if sys::move_pages(new, size, at) {
            return done;
        }
        erase(new, size);
        sys::unmap(new, size);
    }
    Err(libc::ENOMEM)
}

/// Protects what shares its pages with other variables, as far as that does them no harm.
///
/// # Safety
/// - Memory of the section.
unsafe fn protect_shared(from: usize, to: usize) -> Result<(), i32> {
    if from >= to {
        return Ok(());
    }
    let (page, wanted) = (fixed().page, fixed().options.sensitive());
    let (at, size) = (
        from / page * page,
        to.next_multiple_of(page) - from / page * page,
    );
    let mut all = Ok(());
    // SAFETY: mapped pages; neither changes what is in them.
    unsafe {
        if wanted.excluded {
            all = all.and(sensitive::exclude(at, size));
        }
        if wanted.locked {
            all = all.and(sensitive::lock(at, size));
        }
    }
    all
}

/// Wipes a section that is about to go, and forgets it.
///
/// # Safety
/// - As [`add`], with nobody using it any more.
pub unsafe fn remove(from: usize, to: usize) {
    if from >= to || !pool::started() {
        return;
    }
    // What is known no more when this one is closed stays in reach, for the loader.
    let _window = around();
    with_all(|all| {
        for section in all {
            if section.range() == Some((from, to)) {
                section.to.store(0, Release);
            }
        }
    });
    // SAFETY: the caller's promise.
    unsafe { erase(from, to - from) };
}

/// In a forked child: makes the lock free, and wipes what the kernel could not.
pub(crate) fn forked() {
    if !pool::started() {
        return;
    }
    // What its holder was changing is whole: see `Section`.
    shared().globals.lock.reset();
    let wanted = fixed().options.sensitive();
    for section in sections() {
        let (Some((from, to)), (own_from, own_to)) = (section.range(), section.own()) else {
            continue;
        };
        // SAFETY: sections that are still there; the child has one thread, which is here.
        unsafe {
            if own_from < own_to {
                renew(own_from, own_to - own_from);
            }
            if wanted.wiped_on_fork {
                erase(from, own_from.min(to) - from);
                erase(own_to, to - own_to);
            }
        }
    }
}

/// Wipes them all, at the end of the process.
pub(super) fn wipe_at_exit() {
    let _window = around();
    for (from, to) in each() {
        // SAFETY: sections of what is never unloaded, or was not; what was is not known any more.
        unsafe { erase(from, to - from) };
    }
}
