// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which program files were in memory when a stack was recorded. A frame names its module by number, so that
//! a library that was unloaded, and another one at its place, are told apart.

use core::ffi::CStr;
use core::mem::size_of;
use core::sync::atomic::{AtomicU16, AtomicU32, AtomicUsize, Ordering};

use secmalloc_policy::trace_format::note::{Frame, Note};
use secmalloc_unwind::{module_of, Module, Point};

use super::name;

/// Modules that are told apart; frames in further ones are recorded as addresses.
const MOST: usize = 1024;

/// The modules that were named so far. All zero is none.
pub(super) struct Modules {
    count: AtomicU32,
    known: [Known; MOST],
}

/// Where a module lay; the number of an entry is its place plus one.
struct Known {
    start: AtomicUsize,
    end: AtomicUsize,
    bias: AtomicUsize,
    /// The mark that points in it have.
    stamp: AtomicU16,
    /// A few bytes of what it is, where it has a build id.
    identity: AtomicUsize,
}

fn identity(module: &Module) -> usize {
    let mut bytes = [0; size_of::<usize>()];
    let id = module.build_id().unwrap_or(&[]);
    for (to, from) in bytes.iter_mut().zip(id) {
        *to = *from;
    }
    usize::from_ne_bytes(bytes) ^ module.eh_frame_hdr
}

impl Modules {
    /// The frame at an address of a stack, if its module was named already.
    pub(super) fn known(&self, point: Point) -> Option<Frame> {
        // Acquire: what is counted was written before.
        let count = self.count.load(Ordering::Acquire) as usize;
        let address = point.address();
        let holds = |known: &Known| {
            let (start, end) = (&known.start, &known.end);
            (start.load(Ordering::Relaxed)..end.load(Ordering::Relaxed)).contains(&address)
                && known.stamp.load(Ordering::Relaxed) == point.stamp()
        };
        let place = self.known.iter().take(count).position(holds)?;
        let bias = self.known.get(place)?.bias.load(Ordering::Relaxed);
        Some(Frame {
            module: place as u64 + 1,
            offset: address.wrapping_sub(bias) as u64,
        })
    }

    /// The frame at an address of a stack; `tell` gets a note of its module, if that is new. The caller holds the
    /// lock.
    pub(super) fn frame(&self, point: Point, mut tell: impl FnMut(&Note<'_>)) -> Frame {
        if let Some(frame) = self.known(point) {
            return frame;
        }
        let address = point.address();
        let stray = Frame {
            module: 0,
            offset: address as u64,
        };
        // What was there when the stack was walked may have been unloaded since.
        let Some(module) = module_of(address).filter(|now| now.stamp == point.stamp()) else {
            return stray;
        };
        let (identity, offset) = (identity(&module), address.wrapping_sub(module.bias) as u64);
        // Acquire: what is counted was written before.
        let count = self.count.load(Ordering::Acquire) as usize;
        let place = self.known.iter().take(count).position(|known| {
            known.start.load(Ordering::Relaxed) == module.start
                && known.end.load(Ordering::Relaxed) == module.end
                && known.identity.load(Ordering::Relaxed) == identity
        });
        let place = match place {
            Some(place) => place,
            None => {
                let Some(known) = self.known.get(count) else {
                    return stray;
                };
                known.start.store(module.start, Ordering::Relaxed);
                known.end.store(module.end, Ordering::Relaxed);
                known.bias.store(module.bias, Ordering::Relaxed);
                known.stamp.store(module.stamp, Ordering::Relaxed);
                known.identity.store(identity, Ordering::Relaxed);
                // Release: see above. The caller holds the lock: nobody else counts.
                self.count.store(count as u32 + 1, Ordering::Release);
                describe(&module, count as u64 + 1, &mut tell);
                count
            }
        };
        Frame {
            module: place as u64 + 1,
            offset,
        }
    }
}

/// The loader's name for a module; the program itself has none.
pub(crate) fn module_name(module: &Module) -> Option<&'static [u8]> {
    if module.name.is_null() {
        return None;
    }
    // SAFETY: the loader's name for a module that is loaded, a C string.
    let name = unsafe { CStr::from_ptr(module.name) }.to_bytes();
    Some(name).filter(|name| !name.is_empty())
}

fn describe(module: &Module, number: u64, tell: &mut impl FnMut(&Note<'_>)) {
    let mut room = [0; 1024];
    let path = match module_name(module) {
        Some(name) => name,
        None => name::program(&mut room),
    };
    tell(&Note::Module {
        number,
        start: module.start as u64,
        end: module.end as u64,
        bias: module.bias as u64,
        build_id: module.build_id().unwrap_or(&[]),
        path: path.get(..path.len().min(2048)).unwrap_or(&[]),
    });
}
