// SPDX-License-Identifier: MIT OR Apache-2.0
//! Modules that a thread's walks met, with their stamps: to read one anew takes longer than the rest of a walk.
//!
//! Another module may lie there since, so that each walk proves anew what it uses: the loader must
//! still say the same of it, and the identity of its build must still be the same bytes. Three modules stay
//! whatever happens: the program, the one that this code is in, and the C library that it depends on.

use crate::elf::Image;
use crate::object::Object;

/// Modules that are kept; a walk meets our own, the program, the C library, and few more.
const MOST: usize = 8;
/// Bytes of an identity that are compared: all of what linkers write by default.
const IDENTITY: usize = 20;
/// The page of a module that can be read, whatever its segments are (see [`Image::at`]).
const FIRST: usize = 4096;

/// A module. All zero holds no address.
struct Known {
    start: usize,
    end: usize,
    eh_frame_hdr: usize,
    link_map: usize,
    /// Where the identity stands in the first page; 0 where it does not.
    identity_at: usize,
    identity: [u8; IDENTITY],
    stamp: u16,
}

/// The modules that are known. All zero is none.
pub(crate) struct Modules {
    known: [Known; MOST],
    /// The place that is filled next.
    next: usize,
    /// Those that this walk has proved, a bit each.
    proved: u8,
    /// Those that stay.
    lasting: u8,
}

/// A module that was found: what it is, its stamp, and its bit.
pub(crate) type Met = (Object, u16, u8);

impl Modules {
    pub(crate) const fn new() -> Modules {
        const NONE: Known = Known {
            start: 0,
            end: 0,
            eh_frame_hdr: 0,
            link_map: 0,
            identity_at: 0,
            identity: [0; IDENTITY],
            stamp: 0,
        };
        Modules {
            known: [NONE; MOST],
            next: 0,
            proved: 0,
            lasting: 0,
        }
    }

    /// A walk begins: nothing is proved but what stays.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.proved = self.lasting;
    }

    /// Whether all of these are what they were.
    #[inline]
    pub(crate) fn prove(&mut self, bits: u8) -> bool {
        let mut left = bits & !self.proved;
        while left != 0 {
            let index = left.trailing_zeros() as usize;
            if !self.known.get(index).is_some_and(Known::is_still_there) {
                return false;
            }
            self.proved |= 1 << index;
            left &= left - 1;
        }
        true
    }

    /// The module of an address, and whether it took another one's place, or its own with another stamp.
    pub(crate) fn find(&mut self, address: usize) -> Option<(Met, bool)> {
        let place = self.known.iter().position(|known| known.holds(address));
        if let Some(index) = place {
            if self.prove(1 << index) {
                return Some((self.known.get(index)?.met(index), false));
            }
        }
        let object = Object::find(address)?;
        let index = place.unwrap_or(self.next % MOST);
        let known = self.known.get_mut(index)?;
        let replaced = known.end != 0;
        *known = Known::of(&object);
        self.proved |= 1 << index;
        self.lasting &= !(1 << index);
        if object.stays() {
            self.lasting |= 1 << index;
        }
        if place.is_none() {
            self.next = index + 1;
        }
        Some(((object, known.stamp, 1 << index), replaced))
    }
}

impl Known {
    fn of(object: &Object) -> Known {
        let mut known = Known {
            start: object.start,
            end: object.end,
            eh_frame_hdr: object.eh_frame_hdr,
            link_map: object.link_map,
            identity_at: 0,
            identity: [0; IDENTITY],
            stamp: object.stamp(),
        };
        let identity = object.image.as_ref().and_then(Image::build_id);
        if let Some(identity) = identity.and_then(|bytes| <&[u8; IDENTITY]>::try_from(bytes).ok()) {
            let at = identity.as_ptr().expose_provenance();
            // A module that the loader speaks of there has this page, whichever it is.
            if at.wrapping_sub(known.start) <= FIRST - IDENTITY {
                known.identity_at = at;
                known.identity = *identity;
            }
        }
        known
    }

    #[inline]
    fn holds(&self, address: usize) -> bool {
        address.wrapping_sub(self.start) < self.end.wrapping_sub(self.start)
    }

    fn met(&self, index: usize) -> Met {
        let object = Object {
            start: self.start,
            end: self.end,
            eh_frame_hdr: self.eh_frame_hdr,
            image: None,
            link_map: self.link_map,
        };
        (object, self.stamp, 1 << index)
    }

    fn is_still_there(&self) -> bool {
        if self.link_map == 0 {
            // Our own, which does not go while we run in it.
            return self.end != 0;
        }
        let same = |now: &Object| {
            (now.start, now.end, now.eh_frame_hdr, now.link_map)
                == (self.start, self.end, self.eh_frame_hdr, self.link_map)
        };
        if self.identity_at == 0 {
            return Object::find(self.start)
                .is_some_and(|now| same(&now) && now.stamp() == self.stamp);
        }
        if !Object::as_told(self.start).is_some_and(|now| same(&now)) {
            return false;
        }
        let now: *const [u8; IDENTITY] = core::ptr::with_exposed_provenance(self.identity_at);
        // SAFETY: in the first page of a module that the loader has just said to be there, as
        // `Image::at` argues; bytes need no alignment.
        unsafe { *now == self.identity }
    }
}
