// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of one slot, in two bytes that lie far from the slot.
//!
//! The low five bits are the *thread tag* of whoever moved it where it is: the thread that allocated a
//! live block, or the thread that freed a resting one. The next three say what the slot is, in such an
//! order that one comparison of the low byte tells the live. The high byte says how much of the slot
//! its block does not use, for messages: an overflow destroys what the canary says of that. It stays
//! when the block is freed. The legal moves are a circle:
//!
//! ```text
//! NeverUsed --\                    /--> Resting --> Purged
//!              >--> Busy --> Live --> Busy --/        |
//! Resting ----/  ^----------------------------------- /
//! ```
//!
//! `Busy` marks the moment in which the bytes of the slot and its state do not agree, so that a
//! sweep by another thread passes it over. `Retired` is the end of a slot in which a fault was
//! found and which the program was told to survive: it is never handed out again.

/// What three bits of a state say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SlotState {
    /// No block was ever here; the memory has not been read or written by us.
    NeverUsed = 0,
    /// Freed, wiped, and waiting: it must read as zero.
    Resting = 1,
    /// Freed, and its memory was given back to the kernel.
    Purged = 2,
    /// In the hands of an allocation or a release.
    Busy = 3,
    /// Taken out of use after a fault.
    Retired = 4,
    /// A block of the malloc family.
    LiveMalloc = 5,
    /// A block made by C++ `operator new`.
    LiveNew = 6,
    /// A block made by C++ `operator new[]`.
    LiveNewArray = 7,
}

/// Which family of functions a block was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `malloc` and its relatives.
    Malloc = SlotState::LiveMalloc as u8,
    /// C++ `operator new`.
    New = SlotState::LiveNew as u8,
    /// C++ `operator new[]`.
    NewArray = SlotState::LiveNewArray as u8,
}

impl Kind {
    /// The family's name, as messages print it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Malloc => "malloc",
            Kind::New => "new",
            Kind::NewArray => "new[]",
        }
    }
}

const TAG_BITS: u32 = 5;
const TAG_MASK: u8 = TAGS - 1;

/// The number of thread tags; tag 0 means "nobody in particular".
pub const TAGS: u8 = 1 << TAG_BITS;

/// A slot's state as it lies in memory: a [`SlotState`], a thread tag, and the unused bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotWord(pub u16);

/// More unused bytes than a state can say.
const MANY: usize = 0xff;

impl SlotWord {
    /// Joins a state and the tag of the thread that made it so.
    #[inline]
    #[must_use]
    pub const fn new(state: SlotState, tag: Tag) -> SlotWord {
        SlotWord(((state as u8) << TAG_BITS | tag.0) as u16)
    }

    /// A live block of `kind`.
    #[inline]
    #[must_use]
    pub const fn live(kind: Kind, tag: Tag) -> SlotWord {
        SlotWord(((kind as u8) << TAG_BITS | tag.0) as u16)
    }

    /// Whether a state can say so many unused bytes.
    #[inline(always)]
    #[must_use]
    pub const fn can_say(slack: usize) -> bool {
        slack < MANY
    }

    /// The same, with `slack` bytes between the block and the canary.
    #[inline]
    #[must_use]
    pub const fn with_slack(self, slack: usize) -> SlotWord {
        let code = if slack < MANY { slack } else { MANY };
        SlotWord(self.0 & 0xff | (code as u16) << 8)
    }

    /// [`with_slack`](SlotWord::with_slack), where the slack is known to be short enough to say.
    #[inline]
    #[must_use]
    pub const fn with_short_slack(self, slack: usize) -> SlotWord {
        SlotWord(self.0 & 0xff | (slack as u16) << 8)
    }

    /// [`slack`](SlotWord::slack), where it cannot be too long: 255 for one that is.
    #[inline]
    #[must_use]
    pub const fn short_slack(self) -> usize {
        (self.0 >> 8) as usize
    }

    /// The slot's next state; what is known of its block's size stays.
    #[inline]
    #[must_use]
    pub const fn then(self, state: SlotState, tag: Tag) -> SlotWord {
        SlotWord(self.0 & 0xff00 | SlotWord::new(state, tag).0)
    }

    /// The same slot in our hands, from a state in which no block is in it: `Busy` has all their bits.
    #[inline]
    #[must_use]
    pub const fn busy(self) -> SlotWord {
        debug_assert!(!self.is_live());
        SlotWord(self.0 | (SlotState::Busy as u16) << TAG_BITS)
    }

    /// Bytes between the block and the canary; `None` where they are too many to say.
    #[must_use]
    pub const fn slack(self) -> Option<usize> {
        match (self.0 >> 8) as usize {
            MANY => None,
            slack => Some(slack),
        }
    }

    /// What the slot is.
    #[inline]
    #[must_use]
    pub const fn state(self) -> SlotState {
        match self.0 as u8 >> TAG_BITS {
            0 => SlotState::NeverUsed,
            1 => SlotState::Resting,
            2 => SlotState::Purged,
            3 => SlotState::Busy,
            4 => SlotState::Retired,
            5 => SlotState::LiveMalloc,
            6 => SlotState::LiveNew,
            _ => SlotState::LiveNewArray,
        }
    }

    /// Whether the slot is this.
    #[inline]
    #[must_use]
    pub const fn is(self, state: SlotState) -> bool {
        self.0 as u8 >> TAG_BITS == state as u8
    }

    /// Whether a block is in use here.
    #[inline]
    #[must_use]
    pub const fn is_live(self) -> bool {
        self.0 as u8 >= (SlotState::LiveMalloc as u8) << TAG_BITS
    }

    /// Whether a block of this family is in use here.
    #[inline(always)]
    #[must_use]
    pub const fn is_live_of(self, kind: Kind) -> bool {
        self.0 as u8 >> TAG_BITS == kind as u8
    }

    /// The kind of the live block here.
    #[inline]
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self.state() {
            SlotState::LiveMalloc => Some(Kind::Malloc),
            SlotState::LiveNew => Some(Kind::New),
            SlotState::LiveNewArray => Some(Kind::NewArray),
            _ => None,
        }
    }

    /// Who moved the slot into this state.
    #[inline]
    #[must_use]
    pub const fn tag(self) -> Tag {
        Tag(self.0 as u8 & TAG_MASK)
    }
}

/// A thread's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(u8);

impl Tag {
    /// Nobody in particular: more threads than there are tags, or a thread without a heap.
    pub const NOBODY: Tag = Tag(0);

    /// In a retired slot: the program still has the block, and may free it once.
    pub const STILL_OWNED: Tag = Tag(1);

    /// The tag of the thread with this number; numbers from [`TAGS`] on share [`Tag::NOBODY`].
    #[must_use]
    pub const fn of(number: u32) -> Tag {
        if number >= TAGS as u32 {
            return Tag::NOBODY;
        }
        Tag(number as u8)
    }

    /// The number of the thread, 0 for nobody.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0 as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_a_state_a_tag_and_a_slack() {
        for word in 0..=u16::MAX {
            let read = SlotWord(word);
            let again = SlotWord::new(read.state(), read.tag());
            assert_eq!(again.with_slack(read.slack().unwrap_or(usize::MAX)), read);
            assert_eq!(read.is_live(), read.kind().is_some());
            let next = read.then(SlotState::Resting, Tag::of(3));
            assert_eq!(
                (next.state(), next.slack()),
                (SlotState::Resting, read.slack())
            );
            assert!(read.is(read.state()) && !next.is(SlotState::Purged));
            assert_eq!(next.busy().state(), SlotState::Busy);
            assert_eq!(
                (next.busy().tag(), next.busy().slack()),
                (next.tag(), next.slack())
            );
            assert_eq!(
                read.slack()
                    .map(|slack| read.with_short_slack(slack).short_slack()),
                read.slack()
            );
        }
    }

    #[test]
    fn tags_round_trip_and_overflow_to_nobody() {
        for number in 0..TAGS as u32 {
            assert_eq!(Tag::of(number).number(), number);
        }
        assert_eq!(Tag::of(32), Tag::NOBODY);
        assert_eq!(Tag::of(u32::MAX), Tag::NOBODY);
    }
}
