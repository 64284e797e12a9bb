// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which module an address is in.
//!
//! `_dl_find_object` answers without a lock, from tables that the loader keeps for unwinders
//! (glibc 2.35; glibc manual, "Dynamic Linker Introspection": AS-Safe). Where it does not exist (an
//! older glibc, musl, a static program) the one module that is known is our own, which in a
//! static program is all there is.

use core::ffi::{c_char, c_int};
use core::mem::MaybeUninit;

use crate::elf::Image;
use crate::machine::weak_address;

/// What a walk needs of a module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// 0 where the module has none.
    pub(crate) eh_frame_hdr: usize,
    /// `None` where it does not begin with an ELF header, or was not looked at.
    pub(crate) image: Option<Image>,
    /// 0 for our own module, where the loader does not speak of it: that one stays.
    pub(crate) link_map: usize,
}

/// glibc's `struct dl_find_object`, as on all machines with neither `dlfo_eh_dbase` nor
/// `dlfo_eh_count` (bits/dl_find_object.h).
#[repr(C)]
struct Found {
    flags: u64,
    map_start: usize,
    map_end: usize,
    link_map: usize,
    eh_frame: usize,
    reserved: [u64; 7],
}

/// The public part of `struct link_map` (link.h) that we read.
#[repr(C)]
struct LinkMap {
    address: usize,
    name: *const c_char,
}

/// An object that no address is in.
pub(crate) const NOTHING: Object = Object {
    start: 0,
    end: 0,
    eh_frame_hdr: 0,
    image: None,
    link_map: 0,
};

impl Object {
    /// The module that `address` is in.
    pub(crate) fn find(address: usize) -> Option<Object> {
        let found = match weak_address!("_dl_find_object") {
            0 => None,
            find => {
                // SAFETY: the symbol is glibc's function of that name.
                let object = unsafe { Object::ask(find, address) }?;
                let image = Image::at(object.start, object.end);
                Some(Object { image, ..object })
            }
        };
        // In a static program glibc has no more than the range of the code.
        match found {
            Some(object) if object.image.is_some() => found,
            _ => Object::own().filter(|own| own.holds(address)).or(found),
        }
    }

    /// What the loader says of the module of an address; its image is not looked at.
    pub(crate) fn as_told(address: usize) -> Option<Object> {
        match weak_address!("_dl_find_object") {
            0 => None,
            // SAFETY: the symbol is glibc's function of that name.
            find => unsafe { Object::ask(find, address) },
        }
    }

    /// # Safety
    /// - `find` is the address of `_dl_find_object`.
    unsafe fn ask(find: usize, address: usize) -> Option<Object> {
        type Find = unsafe extern "C" fn(usize, *mut Found) -> c_int;
        let find: *const () = core::ptr::with_exposed_provenance(find);
        // SAFETY: the caller's promise, and its prototype in dlfcn.h.
        let find = unsafe { core::mem::transmute::<*const (), Find>(find) };
        let mut found = MaybeUninit::<Found>::uninit();
        // SAFETY: it writes the structure if it returns 0, and only then is it read.
        let found = unsafe {
            if find(address, found.as_mut_ptr()) != 0 {
                return None;
            }
            found.assume_init()
        };
        Some(Object {
            start: found.map_start,
            end: found.map_end,
            eh_frame_hdr: found.eh_frame,
            image: None,
            link_map: found.link_map,
        })
    }

    /// The module that this code is in.
    fn own() -> Option<Object> {
        // Defined by every linker at the start of what it links.
        let start = weak_address!("__ehdr_start", hidden);
        let image = Image::at(start, usize::MAX)?;
        Some(Object {
            start,
            end: image.span_end()?,
            eh_frame_hdr: image.segment(libc::PT_GNU_EH_FRAME).unwrap_or(0),
            image: Some(image),
            link_map: 0,
        })
    }

    /// Whether it can never be unloaded while this code runs: it is where this code is, or what that needs
    /// (the C library), or the program, which alone has no name in the loader's list.
    pub(crate) fn stays(&self) -> bool {
        let ours: fn(usize) -> Option<Object> = Object::as_told;
        if self.link_map == 0 || self.holds(ours as usize) {
            return true;
        }
        if self.holds(weak_address!("gnu_get_libc_version")) {
            return true;
        }
        let map: *const LinkMap = core::ptr::with_exposed_provenance(self.link_map);
        // SAFETY: the link map of a module that is loaded, see `module_of`; its name is a C string.
        unsafe { !(*map).name.is_null() && (*map).name.read() == 0 }
    }

    #[inline]
    pub(crate) fn holds(&self, address: usize) -> bool {
        address.wrapping_sub(self.start) < self.end.wrapping_sub(self.start)
    }

    /// Whether `.eh_frame_hdr` is encoded as all linkers do it: 32-bit numbers, relative to it.
    pub(crate) fn has_usual_header(&self) -> bool {
        self.holds(self.eh_frame_hdr)
            && self.header_word(0) == u32::from_ne_bytes([1, 0x1b, 3, 0x3b])
    }

    /// How many functions the table behind the header has.
    pub(crate) fn function_count(&self) -> usize {
        self.header_word(2) as usize
    }

    /// A word of `.eh_frame_hdr`, 0 where the module ends before it.
    fn header_word(&self, index: usize) -> u32 {
        let at = self.eh_frame_hdr.wrapping_add(index.wrapping_mul(4));
        if at % 4 != 0 || !self.holds(at) || !self.holds(at.wrapping_add(3)) {
            return 0;
        }
        let word: *const u32 = core::ptr::with_exposed_provenance(at);
        // SAFETY: aligned, and in the segment that the loader gave as that header, which is
        // constant: `index` is in its fixed part, or in the table whose length it states.
        unsafe { word.read() }
    }

    /// A few bits that most likely differ for what is loaded at the same place later: of its
    /// range, its link map, and the identity of its build. A build without one is told by three
    /// places of its table of functions (first, middle, last: their addresses and those of their
    /// entries), which move when code or tables before them get longer, and only then.
    pub(crate) fn stamp(&self) -> u16 {
        let mut mixed = Mix(self.start as u64);
        mixed.add(self.end as u64);
        mixed.add(self.link_map as u64);
        mixed.add(self.eh_frame_hdr as u64);
        if let Some(build) = self.image.as_ref().and_then(Image::build_id) {
            for word in build.chunks(8) {
                let mut bytes = [0; 8];
                bytes[..word.len()].copy_from_slice(word);
                mixed.add(u64::from_ne_bytes(bytes));
            }
        } else if self.has_usual_header() && self.function_count() > 0 {
            let count = self.function_count();
            for function in [0, count / 2, count - 1] {
                let at = 3 + 2 * function;
                let (code, entry) = (self.header_word(at), self.header_word(at + 1));
                mixed.add(u64::from(code) << 32 | u64::from(entry));
            }
        }
        (mixed.0 >> 48) as u16
    }
}

/// Multiply and rotate, as in Fx: this tells modules apart and withstands nobody.
struct Mix(u64);

impl Mix {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// A module, for those who print addresses. Valid as long as the module is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    /// The first address.
    pub start: usize,
    /// The first address behind it.
    pub end: usize,
    /// What was added to the addresses in the file: `address - bias` is what `addr2line` wants.
    pub bias: usize,
    /// The loader's name for it, a C string, empty for the program itself; null if unknown.
    pub name: *const c_char,
    /// Where its `.eh_frame_hdr` is; 0 if it has none.
    pub eh_frame_hdr: usize,
    /// A few bits that most likely differ for what is loaded at the same place later.
    pub stamp: u16,
}

impl Module {
    /// The identity that the linker gave this build, usually 20 bytes; what debuginfod asks for.
    #[must_use]
    pub fn build_id(&self) -> Option<&[u8]> {
        Image::at(self.start, self.end)?.build_id()
    }
}

/// The module that an address is in. Takes no lock, and may be called in a signal handler.
#[must_use]
pub fn module_of(address: usize) -> Option<Module> {
    let object = Object::find(address)?;
    let map: *const LinkMap = core::ptr::with_exposed_provenance(object.link_map);
    // SAFETY: null, or the link map of a module that is loaded; both words are set before the
    // loader shows it, and constant.
    let (bias, name) = match unsafe { map.as_ref() } {
        Some(map) => (map.address, map.name),
        None => (object.image?.bias, core::ptr::null()),
    };
    Some(Module {
        start: object.start,
        end: object.end,
        bias,
        name,
        eh_frame_hdr: object.eh_frame_hdr,
        stamp: object.stamp(),
    })
}
