// SPDX-License-Identifier: MIT OR Apache-2.0
//! What protects a piece of sensitive memory at this moment, and why something else does not.

use super::around;
use super::look::{self, Flags};
use super::protect::{why, Protection};
use super::{globals, stack};
use crate::large::{self, Near};
use crate::pool::fixed;
use crate::slab;
use crate::sys::files::Errno;
use crate::thread;

/// What holds for a piece of sensitive memory.
#[derive(Clone, Copy, Debug)]
pub struct SensitiveStatus {
    /// Bytes of it: those requested, of a block.
    pub size: usize,
    /// Whether the kernel was asked (see `look`); else it does not tell, and what it granted is believed.
    pub verified: bool,
    /// Each protection: left out of core files, locked, wiped in forked children, secret.
    pub each: [Holds; 4],
    /// Whether it is wiped at normal exit.
    pub wiped_at_exit: bool,
}

/// Whether a protection holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holds {
    /// The options want it.
    pub wanted: bool,
    /// It does.
    pub now: bool,
    /// Where it is wanted and does not hold: why, as an errno. `ECANCELED` where it was granted, and taken
    /// back since.
    pub why: Errno,
}

/// What protects the sensitive memory at an address; `None` where there is none. For address 0, what was refused
/// to any so far.
#[must_use]
pub fn sensitive_status(address: usize) -> Option<SensitiveStatus> {
    thread::with_heap(|_| ())?;
    if address == 0 {
        let granted = [false; 4];
        return Some(of(0, false, granted, true));
    }
    let (from, size) = piece(address)?;
    // A block of size 0 has no memory that could be read.
    if size == 0 {
        return Some(of(0, true, [true; 4], false));
    }
    // What is out of reach is not looked for.
    let _window = around();
    let now = look::flags(from, from + size);
    let as_granted = |protection| why(protection) == 0;
    let flags = now.map_or_else(
        || {
            [
                Protection::Excluded,
                Protection::Locked,
                Protection::WipedOnFork,
                Protection::Secret,
            ]
            .map(as_granted)
        },
        |Flags {
             excluded,
             locked,
             not_inherited,
             secret,
         }| [excluded, locked, not_inherited, secret],
    );
    Some(of(size, now.is_some(), flags, false))
}

fn of(size: usize, verified: bool, now: [bool; 4], any: bool) -> SensitiveStatus {
    let options = fixed().options.sensitive();
    let each = [
        (Protection::Excluded, options.excluded),
        (Protection::Locked, options.locked),
        (Protection::WipedOnFork, options.wiped_on_fork),
        (Protection::Secret, options.secret),
    ];
    let mut holds = [Holds {
        wanted: false,
        now: false,
        why: 0,
    }; 4];
    for ((to, (protection, wanted)), now) in holds.iter_mut().zip(each).zip(now) {
        let refused = why(protection);
        // Asked of no block in particular: whatever was never refused can be had.
        let now = if any { wanted && refused == 0 } else { now };
        to.wanted = wanted;
        to.now = now;
        if wanted && !now {
            to.why = if refused == 0 {
                libc::ECANCELED
            } else {
                refused
            };
        }
    }
    SensitiveStatus {
        size,
        verified,
        each: holds,
        wiped_at_exit: options.wiped_at_exit,
    }
}

/// The piece of sensitive memory that an address lies in.
fn piece(address: usize) -> Option<(usize, usize)> {
    if let Some(spot) = slab::spot(fixed(), address) {
        let slot = spot.slot;
        if !secmalloc_policy::size_class::is_sensitive(slot.class) || !slot.state().is_live() {
            return None;
        }
        let size = if slot.has_memory() {
            slot.size_of_block()?
        } else {
            0
        };
        return (spot.offset < size.max(1)).then_some((slot.address, size));
    }
    match large::near(address) {
        Some(Near::Live(block)) if block.sensitive => {
            let inside = address.wrapping_sub(block.block) < block.size;
            inside.then_some((block.block, block.size))
        }
        Some(_) => None,
        // The whole section, or the whole stack.
        None => globals::find(address)
            .or_else(|| stack::find(address))
            .map(|(from, to)| (from, to - from)),
    }
}
