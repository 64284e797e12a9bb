// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two neighbours of a block: an overflow, or a pointer gone astray, is often theirs.

use core::fmt::{self, Write};

use super::Text;
use crate::fault::Block;

/// What a neighbour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A block that is in use.
    Live,
    /// One that was freed.
    Freed,
    /// No block was ever there.
    NeverUsed,
    /// It is being made or freed at this moment, or was taken out of use after a fault.
    Other,
}

/// What lies before or behind a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The block, or its slot.
    pub block: Block,
    /// What it is.
    pub standing: Standing,
    /// Bytes between the end of the one's slot and the start of the other's.
    pub gap: usize,
}

pub(super) fn show(text: &mut Text, neighbours: &[Option<Neighbour>; 2]) -> fmt::Result {
    for (side, neighbour) in ["before", "behind"].iter().zip(neighbours) {
        if let Some(neighbour) = neighbour {
            write!(text, "  {side:<9}  ")?;
            one(text, neighbour)?;
        }
    }
    Ok(())
}

fn one(text: &mut Text, neighbour: &Neighbour) -> fmt::Result {
    let block = &neighbour.block;
    write!(text, "{:#x}, ", block.address)?;
    match (neighbour.standing, block.requested) {
        (Standing::NeverUsed | Standing::Other, _) | (_, None) => {
            write!(text, "slot of {} bytes", block.slot)?;
        }
        (_, Some(size)) => write!(text, "{size} bytes")?,
    }
    let (what, by) = match neighbour.standing {
        Standing::Live => ("allocated", block.allocated_by.thread),
        Standing::Freed => ("freed", block.freed_by.thread),
        Standing::NeverUsed => ("never used", 0),
        Standing::Other => ("out of use", 0),
    };
    write!(text, ", {what}")?;
    if by != 0 {
        write!(text, " by thread {by}")?;
    }
    if neighbour.gap > 0 {
        write!(text, ", {} bytes away", neighbour.gap)?;
    }
    text.write_char('\n')
}
