// SPDX-License-Identifier: MIT OR Apache-2.0
//! Large blocks: each has a mapping of its own.
//!
//! ```text
//! | guard | front | the block, n bytes | fill | guard |
//!         data    block                       end of data
//! ```
//!
//! The block ends as close to the guard behind it as its alignment allows; the *fill* between is
//! at most 15 bytes then, keyed, and compared when the block is freed; so is the *front*, which
//! is zero and less than a page. A block that grew is moved by the kernel, page by page and
//! without a copy; it keeps its place within its first page, and its fill is up to a page. With `guard_all` it is
//! copied to where it ends at a guard again.
//!
//! A freed mapping is out of reach at once. It is kept for a while (see [`kept`]) and wiped when
//! it is used again.

mod books;
mod descriptor;
pub(crate) mod kept;
pub(crate) mod mapping;
mod resize;
pub(crate) mod table;
mod touched;

use secmalloc_policy::request::{Request, MIN_ALIGNMENT};
use secmalloc_policy::slot_state::{SlotWord, Tag};

use crate::evidence::Trail;
use crate::heap::relieve;
use crate::pool::{fixed, shared};
use crate::store::warm;
use crate::thread::ThreadHeap;
pub(crate) use books::{
    each, each_known, each_sensitive, find, freed_at, is_any_lent, near, totals, LargeHeap, Near,
};
pub(crate) use descriptor::{expected_fill, Descriptor};
use mapping::{Mapping, Purpose};
pub(crate) use resize::{resize, Resized};
pub(crate) use table::Tables;

/// Makes a large block. `None` when there is no memory for it.
pub(crate) fn allocate(heap: &ThreadHeap, request: &Request) -> Option<usize> {
    let page = fixed().page;
    let Request {
        size,
        alignment,
        kind,
        sensitive,
        ..
    } = *request;
    let data_size = size.checked_next_multiple_of(page)?;
    // What is kept was ordinary memory, and is to be that again.
    let reused = if alignment <= page && !sensitive {
        shared().large.reuse(data_size)
    } else {
        None
    };
    let made = Trail::of_large(heap, reused.is_some());
    let mapping = match reused {
        Some(mapping) => mapping,
        None => make_room(data_size, alignment, heap)?,
    };
    if sensitive {
        shared().large.note_sensitive();
        if !mapping.take_secrets() {
            mapping.unmap();
            return None;
        }
    }
    let block = if alignment <= page {
        mapping.data_end() - size.next_multiple_of(alignment.max(MIN_ALIGNMENT))
    } else {
        mapping.data
    };
    let state = SlotWord::live(kind, Tag::NOBODY);
    let descriptor = Descriptor {
        block,
        size,
        mapping,
        state,
        made,
        condemned: false,
        sensitive,
    };
    descriptor.seal();
    if !shared().large.insert(&descriptor) {
        mapping.unmap();
        return None;
    }
    if !mapping.is_reused() {
        warm::make_room_if_grown();
    }
    Some(block)
}

fn make_new(data_size: usize, alignment: usize, heap: &ThreadHeap) -> Option<Mapping> {
    let mut mapping = Mapping::make(data_size, alignment, Purpose::Block, heap.random())?;
    mapping.choose_page_size(data_size);
    // The block is about to be used: all of it may have memory from here on.
    mapping.warm = data_size;
    Some(mapping)
}

/// A new mapping; where there is no room for it, what is held for later makes some.
fn make_room(data_size: usize, alignment: usize, heap: &ThreadHeap) -> Option<Mapping> {
    make_new(data_size, alignment, heap).or_else(|| {
        relieve(heap);
        make_new(data_size, alignment, heap)
    })
}

/// Ends a block that was found and checked: its pages are out of reach when this returns.
/// `false` if another thread was faster.
pub(crate) fn release(heap: &ThreadHeap, descriptor: &Descriptor) -> bool {
    let large = &shared().large;
    // What was found may be another block's by now, with another size at the same place.
    let by = descriptor.made.of_end(heap);
    let descriptor = &{
        let _held = large.lock.hold();
        let Some(removed) = large.remove_held(descriptor.block) else {
            return false;
        };
        large.remember(&removed, by);
        removed
    };
    let mapping = &if descriptor.sensitive {
        match descriptor.mapping.give_up_secrets() {
            Some(empty) => empty,
            None => return true,
        }
    } else {
        descriptor.mapping
    };
    if mapping.data_size >= touched::LARGE && !descriptor.sensitive {
        touched::learn(mapping.present(), mapping.data_size, mapping.huge);
    }
    if mapping.data_size == 0
        || mapping.data_size > fixed().options.large_kept()
        || !mapping.close()
    {
        mapping.unmap();
        return true;
    }
    let (surplus, most) = {
        let _held = large.lock.hold();
        let most = large.worth_keeping(mapping.data_size);
        (large.kept.add(mapping), most)
    };
    if let Some(oldest) = surplus {
        oldest.unmap();
    }
    large.keep_at_most(most);
    true
}

/// Takes a block out of use after a fault that the program survived. It stays the program's, which
/// may free it once: that is [`give_up`].
pub(crate) fn condemn(descriptor: &Descriptor) {
    let large = &shared().large;
    let _held = large.lock.hold();
    if large.remove_held(descriptor.block).is_some() {
        let condemned = true;
        large.insert_held(&Descriptor {
            condemned,
            ..*descriptor
        });
    }
}

/// The program has freed a block in which there was a fault: it stays mapped and is never reused.
pub(crate) fn give_up(heap: &ThreadHeap, descriptor: &Descriptor) {
    let large = &shared().large;
    let by = descriptor.made.of_end(heap);
    let _held = large.lock.hold();
    if large.remove_held(descriptor.block).is_some() {
        large.remember(descriptor, by);
    }
}

/// Gives all kept mappings back to the kernel. Whether there was any.
pub(crate) fn trim() -> bool {
    let large = &shared().large;
    let mut any = false;
    loop {
        let oldest = {
            let _held = large.lock.hold();
            large.kept.oldest()
        };
        match oldest {
            Some(mapping) => mapping.unmap(),
            None => return any,
        }
        any = true;
    }
}
