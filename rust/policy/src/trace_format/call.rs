// SPDX-License-Identifier: MIT OR Apache-2.0
//! A call of the malloc family as a record.
//!
//! After the first byte ([`super`]): the time since the last call of the chunk in nanoseconds, then what the
//! function's *shape* says, in the order of the bits: the pointer that was passed, count, size, alignment
//! (as they were passed); then the result, where the function has one: an address, or, where it is a size, a
//! number; instead of it `errno` if [`FAILED`] is set; how long the call took, if the shape has that;
//! the stack's number if [`HAS_STACK`] is set.
//!
//! The table of functions, their shapes and names is in the file ([`super::note::Note::Function`]), so that a reader
//! knows functions that were added later.

use super::address::Addresses;
use super::number::{Reader, Writer};
use crate::fault::Operation;

/// The stack's number follows.
pub const HAS_STACK: u8 = 32;
/// The call failed: `errno` follows instead of a result.
pub const FAILED: u8 = 64;
/// The bits of a function's number.
const NUMBER: u8 = 31;

/// What the record of a function holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape(pub u8);

impl Shape {
    /// The pointer that was passed.
    pub const POINTER: u8 = 1;
    /// The number of elements.
    pub const COUNT: u8 = 2;
    /// The size that was passed.
    pub const SIZE: u8 = 4;
    /// The alignment.
    pub const ALIGNMENT: u8 = 8;
    /// The block that was returned.
    pub const BLOCK: u8 = 16;
    /// The number that was returned.
    pub const AMOUNT: u8 = 32;
    /// How long it took: the old block ended early in it, the new one began late.
    pub const TOOK: u8 = 64;

    const fn has(self, part: u8) -> bool {
        self.0 & part != 0
    }
}

/// The shapes of all functions, by number; 0 where there is none.
pub type Shapes = [Shape; 32];

/// The functions of this version: number, operation, shape. Numbers are never given anew.
pub const FUNCTIONS: [(u8, Operation, Shape); 19] = {
    const MADE: u8 = Shape::SIZE | Shape::BLOCK;
    const ARRAY: u8 = Shape::COUNT | MADE;
    const ALIGNED: u8 = Shape::ALIGNMENT | MADE;
    const CHANGED: u8 = Shape::POINTER | Shape::TOOK | MADE;
    const ENDED: u8 = Shape::POINTER | Shape::SIZE | Shape::ALIGNMENT;
    [
        (1, Operation::Malloc, Shape(MADE)),
        (2, Operation::Calloc, Shape(ARRAY)),
        (3, Operation::Realloc, Shape(CHANGED)),
        (4, Operation::Reallocarray, Shape(CHANGED | Shape::COUNT)),
        (5, Operation::AlignedAlloc, Shape(ALIGNED)),
        (6, Operation::Memalign, Shape(ALIGNED)),
        (7, Operation::PosixMemalign, Shape(ALIGNED)),
        (8, Operation::Valloc, Shape(MADE)),
        (9, Operation::Pvalloc, Shape(MADE)),
        (10, Operation::Free, Shape(Shape::POINTER)),
        (
            11,
            Operation::FreeSized,
            Shape(Shape::POINTER | Shape::SIZE),
        ),
        (12, Operation::FreeAlignedSized, Shape(ENDED)),
        (
            13,
            Operation::UsableSize,
            Shape(Shape::POINTER | Shape::AMOUNT),
        ),
        (14, Operation::New, Shape(ALIGNED)),
        (15, Operation::NewArray, Shape(ALIGNED)),
        (16, Operation::Delete, Shape(ENDED)),
        (17, Operation::DeleteArray, Shape(ENDED)),
        (18, Operation::Freezero, Shape(Shape::POINTER | Shape::SIZE)),
        (19, Operation::Recallocarray, Shape(CHANGED | Shape::COUNT)),
    ]
};

/// The number and shape of a function; `None` for what is no call.
#[inline]
#[must_use]
pub fn function(operation: Operation) -> Option<(u8, Shape)> {
    /// [`FUNCTIONS`] in the order of operations.
    const BY_OPERATION: [Option<(u8, Shape)>; 256] = {
        let mut table = [None; 256];
        let mut at = 0;
        #[allow(clippy::indexing_slicing)] // evaluated at compile time
        while at < FUNCTIONS.len() {
            let (number, operation, shape) = FUNCTIONS[at];
            table[operation as usize] = Some((number, shape));
            at = at.wrapping_add(1);
        }
        table
    };
    BY_OPERATION.get(operation as usize).copied().flatten()
}

/// The shapes of this version.
#[must_use]
pub fn shapes() -> Shapes {
    let mut shapes = Shapes::default();
    for (number, _, shape) in FUNCTIONS {
        if let Some(entry) = shapes.get_mut(usize::from(number)) {
            *entry = shape;
        }
    }
    shapes
}

/// A call. What the function's shape does not have is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Call {
    /// The function, 1 to 31.
    pub function: u8,
    /// What it has.
    pub shape: Shape,
    /// When it began, in nanoseconds of the report's clock (`CLOCK_BOOTTIME`): never later than it did, and some
    /// microseconds earlier at most. Calls about one address are in the order in which they were made.
    pub time: u64,
    /// The pointer that was passed.
    pub pointer: u64,
    /// The number of elements that was passed.
    pub count: u64,
    /// The size that was passed.
    pub size: u64,
    /// The alignment that was passed; 0 for none.
    pub alignment: u64,
    /// The block that was returned, or the number.
    pub result: u64,
    /// What `errno` was set to (or what was returned, by `posix_memalign`) if it failed, else 0.
    pub errno: u64,
    /// How long it took, in nanoseconds.
    pub took: u64,
    /// The number of its stack, or 0.
    pub stack: u64,
}

impl Call {
    /// Writes the record without its first byte, which is returned; `None` if there was no room.
    #[inline]
    #[must_use]
    pub fn write(
        &self,
        writer: &mut Writer<'_>,
        last: &mut u64,
        addresses: &mut Addresses,
    ) -> Option<u8> {
        let shape = self.shape;
        let mut first = self.function & NUMBER;
        if self.stack != 0 {
            first |= HAS_STACK;
        }
        if self.errno != 0 {
            first |= FAILED;
        }
        // A clock that went back is one that stood still.
        let since = self.time.saturating_sub(*last);
        let arguments = writer.number(since)
            && (!shape.has(Shape::POINTER) || addresses.write(writer, self.pointer))
            && (!shape.has(Shape::COUNT) || writer.number(self.count))
            && (!shape.has(Shape::SIZE) || writer.number(self.size))
            && (!shape.has(Shape::ALIGNMENT) || writer.number(self.alignment));
        let outcome = arguments
            && match self.errno {
                0 if shape.has(Shape::BLOCK) => addresses.write(writer, self.result),
                0 if shape.has(Shape::AMOUNT) => writer.number(self.result),
                0 => true,
                errno => writer.number(errno),
            };
        let all = outcome
            && (!shape.has(Shape::TOOK) || writer.number(self.took))
            && (self.stack == 0 || writer.number(self.stack));
        *last = last.saturating_add(since);
        all.then_some(first)
    }

    /// Reads the record whose first byte was `first`; `None` if it is cut off, or of no known shape.
    pub fn read(
        first: u8,
        reader: &mut Reader<'_>,
        last: &mut u64,
        addresses: &mut Addresses,
        shapes: &Shapes,
    ) -> Option<Call> {
        let function = first & NUMBER;
        let shape = *shapes.get(usize::from(function))?;
        if shape == Shape::default() {
            return None;
        }
        *last = last.wrapping_add(reader.number()?);
        let mut call = Call {
            function,
            shape,
            time: *last,
            ..Call::default()
        };
        if shape.has(Shape::POINTER) {
            call.pointer = addresses.read(reader)?;
        }
        for (part, to) in [
            (Shape::COUNT, &mut call.count),
            (Shape::SIZE, &mut call.size),
            (Shape::ALIGNMENT, &mut call.alignment),
        ] {
            if shape.has(part) {
                *to = reader.number()?;
            }
        }
        if first & FAILED != 0 {
            call.errno = reader.number()?;
        } else if shape.has(Shape::BLOCK) {
            call.result = addresses.read(reader)?;
        } else if shape.has(Shape::AMOUNT) {
            call.result = reader.number()?;
        }
        if shape.has(Shape::TOOK) {
            call.took = reader.number()?;
        }
        if first & HAS_STACK != 0 {
            call.stack = reader.number()?;
        }
        Some(call)
    }
}
