// SPDX-License-Identifier: MIT OR Apache-2.0
//! All blocks that the program has, and what was found out of each: found by any address in it, while nobody changes the
//! heap.

use secmalloc_policy::size_class::{is_zero, CANARY_SIZE, COUNT};
use secmalloc_policy::trace_format::note::Reach;

use super::area::{Area, Plain};
use super::mappings::Skipped;
use super::memory::Memory;
use crate::canary;
use crate::large;
use crate::pool::{fixed, shared};
use crate::slab::{self, Life, Slot};

/// What is known of a block. Zero: nothing points to it, as far as is known.
const POINTED_TO_BY_LOST: u8 = 1;
const REACHABLE: u8 = 2;

/// A large block.
#[derive(Clone, Copy)]
struct Large {
    start: usize,
    size: usize,
    /// After a fault in it, it is lost on purpose.
    condemned: bool,
    mark: u8,
}

// SAFETY: numbers, and a `bool` that may be zero.
unsafe impl Plain for Large {}

/// A block: where it lies, and where it stands in the books.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) start: usize,
    /// Bytes requested.
    pub(super) size: usize,
    /// The class, or [`COUNT`], and the number in it.
    place: (usize, usize),
    condemned: bool,
}

/// The books.
pub(super) struct Blocks {
    /// A mark for each slot, class after class; where each begins.
    marks: Area<u8>,
    begins: [usize; COUNT + 1],
    /// In the order of their addresses.
    large: Area<Large>,
    /// From the first large block's start to the last one's end.
    large_span: (usize, usize),
    /// Blocks that can be reached and were not looked into yet: class in the upper half, number in the lower.
    waiting: Area<u64>,
    count: usize,
}

/// How far the class's slots that exist reach.
fn slots(class: usize) -> usize {
    shared().stores[class].slabs() as usize * fixed().classes[class].slots() as usize
}

impl Blocks {
    /// Those that there are now. `None` where there is no memory for the books. The caller keeps everybody from
    /// changing the heap.
    pub(super) fn new() -> Option<Blocks> {
        let mut begins = [0; COUNT + 1];
        for class in 0..COUNT {
            begins[class + 1] = begins[class] + slots(class);
        }
        let mut count = 0;
        large::each(|_| {
            count += 1;
            true
        });
        let mut blocks = Blocks {
            marks: Area::new(begins[COUNT])?,
            begins,
            large: Area::new(count)?,
            large_span: (0, 0),
            // Each waits once at most.
            waiting: Area::new(begins[COUNT] + count)?,
            count: 0,
        };
        let mut room = blocks.large.items_mut().iter_mut();
        large::each(|descriptor| {
            if let Some(to) = room.next() {
                *to = Large {
                    start: descriptor.block,
                    size: descriptor.size,
                    condemned: descriptor.condemned,
                    mark: 0,
                };
            }
            true
        });
        let large = blocks.large.items_mut();
        large.sort_unstable_by_key(|block| block.start);
        if let (Some(first), Some(last)) = (large.first(), large.last()) {
            blocks.large_span = (first.start, last.start + last.size.max(1));
        }
        Some(blocks)
    }

    /// What is no root: the books, and the pages of large blocks, which are looked into when they are reached.
    pub(super) fn skipped(&self) -> Option<Skipped> {
        let large = self.large.items();
        let mut skipped = Skipped::new(large.len() + 8)?;
        for (from, to) in [self.marks.span(), self.large.span(), self.waiting.span()] {
            skipped.add(from, to);
        }
        let page = fixed().page;
        for block in large {
            let end = (block.start + block.size).next_multiple_of(page);
            skipped.add(block.start & !(page - 1), end);
        }
        Some(skipped)
    }

    /// The block that an address points into.
    pub(super) fn at(&self, address: usize, memory: &mut Memory) -> Option<Block> {
        let fixed = fixed();
        let block = if slab::in_data_pool(address) {
            of_slot(&slab::spot(fixed, address)?.slot, memory)?
        } else if address.wrapping_sub(self.large_span.0) < self.large_span.1 - self.large_span.0 {
            let large = self.large.items();
            let after = large.partition_point(|block| block.start <= address);
            self.of_large(after.checked_sub(1)?)?
        } else {
            return None;
        };
        let offset = address - block.start;
        // What `new T[0]` answers, where `T` has a destructor, is the end of a block that holds the number 0 (as
        // LeakSanitizer has it).
        let mut is_empty_array = || {
            block.size == 8 && offset == 8 && memory.can_read(block.start) && {
                let mut zero = false;
                memory.words(block.start, address, &mut |word| zero = word == 0);
                zero
            }
        };
        (offset < block.size.max(1) || is_empty_array()).then_some(block)
    }

    fn of_large(&self, number: usize) -> Option<Block> {
        let large = self.large.items().get(number)?;
        Some(Block {
            start: large.start,
            size: large.size,
            place: (COUNT, number),
            condemned: large.condemned,
        })
    }

    fn mark(&mut self, block: &Block) -> Option<&mut u8> {
        let (class, number) = block.place;
        if class == COUNT {
            return self.large.items_mut().get_mut(number).map(|l| &mut l.mark);
        }
        let (from, to) = (self.begins[class], self.begins[class + 1]);
        self.marks.items_mut().get_mut(from..to)?.get_mut(number)
    }

    /// A block that can be reached is to be looked into, if it was not yet.
    pub(super) fn reach(&mut self, block: &Block) {
        let Some(mark) = self.mark(block).filter(|mark| **mark != REACHABLE) else {
            return;
        };
        *mark = REACHABLE;
        let (class, number) = block.place;
        let count = self.count;
        if let Some(to) = self.waiting.items_mut().get_mut(count) {
            *to = (class as u64) << 32 | number as u64;
            self.count += 1;
        }
    }

    /// The next one to be looked into.
    pub(super) fn next(&mut self, memory: &mut Memory) -> Option<Block> {
        self.count = self.count.checked_sub(1)?;
        let place = *self.waiting.items().get(self.count)?;
        let (class, number) = ((place >> 32) as usize, place as u32);
        if class == COUNT {
            return self.of_large(number as usize);
        }
        of_slot(&fixed().classes[class].slot(class, number), memory)
    }

    /// A lost block points to this one.
    pub(super) fn lose_with(&mut self, block: &Block) {
        if let Some(mark) = self.mark(block).filter(|mark| **mark == 0) {
            *mark = POINTED_TO_BY_LOST;
        }
    }

    /// What was found out of a block; `None` for one that is lost on purpose.
    pub(super) fn verdict(&mut self, block: &Block) -> Option<Reach> {
        if block.condemned {
            return None;
        }
        Some(match *self.mark(block)? {
            REACHABLE => Reach::Reachable,
            POINTED_TO_BY_LOST => Reach::Indirectly,
            _ => Reach::Lost,
        })
    }

    /// Every block.
    pub(super) fn each(
        &mut self,
        memory: &mut Memory,
        mut with: impl FnMut(&mut Blocks, &mut Memory, &Block),
    ) {
        for class in 0..COUNT {
            let map = &fixed().classes[class];
            for slab in 0..shared().stores[class].slabs() {
                if map.record(slab).life.get() != Life::Warm {
                    continue;
                }
                for place in 0..map.slots() {
                    let slot = map.slot(class, map.index(slab, place));
                    if let Some(block) = of_slot(&slot, memory) {
                        with(self, memory, &block);
                    }
                }
            }
        }
        for number in 0..self.large.items().len() {
            if let Some(block) = self.of_large(number) {
                with(self, memory, &block);
            }
        }
    }
}

/// The block in a slot, if the program has one there.
fn of_slot(slot: &Slot, memory: &mut Memory) -> Option<Block> {
    let condemned = slot.is_condemned();
    if !slot.state().is_live() && !condemned {
        return None;
    }
    let whole = fixed().classes[slot.class].slot_size();
    let size = if is_zero(slot.class) {
        0
    } else {
        slot.requested().unwrap_or_else(|| {
            let end = slot.address + whole - CANARY_SIZE;
            let known = if memory.can_read(end) {
                // SAFETY: the slot's last word can be read, and its other bytes are not looked at.
                unsafe { canary::size_if_word_intact(&fixed().keys, slot.address, whole) }
            } else {
                None
            };
            known.unwrap_or(whole - CANARY_SIZE)
        })
    };
    Some(Block {
        start: slot.address,
        size,
        place: (slot.class, slot.index as usize),
        condemned,
    })
}
