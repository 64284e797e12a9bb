// SPDX-License-Identifier: MIT OR Apache-2.0
//! The closed list of what secmalloc can find wrong, with the numbers that each finding prints.

use crate::slot_state::Kind;

/// The interface function, or other occasion, in which a fault was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)] // it crosses a register on its way to the slow path
#[allow(missing_docs)] // each is the C function of that name, but for the last four
pub enum Operation {
    Malloc,
    Calloc,
    Realloc,
    Reallocarray,
    AlignedAlloc,
    Memalign,
    PosixMemalign,
    Valloc,
    Pvalloc,
    Free,
    FreeSized,
    FreeAlignedSized,
    Freezero,
    Recallocarray,
    UsableSize,
    New,
    NewArray,
    Delete,
    DeleteArray,
    /// The begin or end of a block with `SMALLOC_LOCAL`.
    Local,
    /// `secmalloc_check`.
    Check,
    /// `secmalloc_check_residue`.
    CheckResidue,
    /// A load or a store by the program itself.
    Access,
    /// The last sweep, at normal exit.
    Exit,
}

impl Operation {
    /// The family whose blocks this function may be given.
    #[inline(always)]
    #[must_use]
    pub const fn family(self) -> Kind {
        match self {
            Operation::New | Operation::Delete => Kind::New,
            Operation::NewArray | Operation::DeleteArray => Kind::NewArray,
            _ => Kind::Malloc,
        }
    }

    /// Whether this function ends one block and makes another.
    #[inline(always)]
    #[must_use]
    pub const fn changes(self) -> bool {
        matches!(
            self,
            Operation::Realloc | Operation::Reallocarray | Operation::Recallocarray
        )
    }

    /// The name that messages print.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operation::Malloc => "malloc",
            Operation::Calloc => "calloc",
            Operation::Realloc => "realloc",
            Operation::Reallocarray => "reallocarray",
            Operation::AlignedAlloc => "aligned_alloc",
            Operation::Memalign => "memalign",
            Operation::PosixMemalign => "posix_memalign",
            Operation::Valloc => "valloc",
            Operation::Pvalloc => "pvalloc",
            Operation::Free => "free",
            Operation::FreeSized => "free_sized",
            Operation::FreeAlignedSized => "free_aligned_sized",
            Operation::Freezero => "freezero",
            Operation::Recallocarray => "recallocarray",
            Operation::UsableSize => "malloc_usable_size",
            Operation::New => "operator new",
            Operation::NewArray => "operator new[]",
            Operation::Delete => "operator delete",
            Operation::DeleteArray => "operator delete[]",
            Operation::Local => "SMALLOC_LOCAL",
            Operation::Check => "secmalloc_check",
            Operation::CheckResidue => "secmalloc_check_residue",
            Operation::Access => "access",
            Operation::Exit => "exit",
        }
    }
}

/// Who allocated or freed a block, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Actor {
    /// The kernel's thread id; 0 where it is not known.
    pub thread: u32,
    /// Whether an earlier, finished thread may have been meant: its heap was passed on.
    pub or_earlier: bool,
    /// The number of the call's stack, 0 where none was kept.
    pub stack: u32,
    /// The number of the thread's name then, 0 where none was kept.
    pub name: u32,
}

/// What is known of a block when a fault is found in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Block {
    /// Where it starts.
    pub address: usize,
    /// What the program asked for; `None` for a freed small block, whose size went with it.
    pub requested: Option<usize>,
    /// Bytes of its slot, or of its mapping.
    pub slot: usize,
    /// Its family; `None` where it is freed.
    pub kind: Option<Kind>,
    /// Who allocated it.
    pub allocated_by: Actor,
    /// Who freed it.
    pub freed_by: Actor,
}

/// Most bytes of evidence that a message shows.
pub const EVIDENCE: usize = 48;

/// What was expected and what was found, at the first bad byte and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Where the first of them is.
    pub address: usize,
    /// Bytes that stand in memory.
    pub found: [u8; EVIDENCE],
    /// Which of them differ from what was expected, as bits from the lowest.
    pub wrong: u64,
    /// Which of them were expected to be canary rather than zero.
    pub canary: u64,
    /// How many are shown.
    pub length: usize,
    /// How many behind these differ too.
    pub more: usize,
    /// They are in sensitive memory, and none is shown.
    pub hidden: bool,
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence {
            address: 0,
            found: [0; EVIDENCE],
            wrong: 0,
            canary: 0,
            length: 0,
            more: 0,
            hidden: false,
        }
    }
}

/// How the program came to touch what it must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// It wrote, and the bytes were found changed later.
    Written(Evidence),
    /// It was stopped by a guard as it read or wrote.
    Guarded,
}

/// What a pointer is that is not a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stray {
    /// It points into a live block, this many bytes from its start.
    InsideLive(Block, usize),
    /// It points into a freed block.
    InsideFreed(Block, usize),
    /// It points into the pools, where no block has ever been.
    NeverAllocated,
    /// It is not an address that this heap has handed out.
    Foreign,
}

/// What went wrong with a thread's sensitive stack. Sizes and distances are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// A local does not fit.
    Full {
        /// The local's.
        size: usize,
        /// What is in use.
        used: usize,
        /// The stack's.
        whole: usize,
    },
    /// There is no stack to be had.
    Refused {
        /// The stack's.
        size: usize,
        /// As an errno.
        why: i32,
    },
    /// What is right behind a local was changed.
    Smashed {
        /// The local.
        address: usize,
        /// The local's.
        size: usize,
    },
    /// The end of a block whose local was gone already.
    Gone {
        /// The local.
        address: usize,
        /// The local's.
        size: usize,
    },
    /// The guard at its end was touched.
    Above {
        /// From the stack's end.
        distance: usize,
    },
    /// The guard at its start was touched.
    Below {
        /// From the stack's start.
        distance: usize,
    },
}

/// Where a watched secret was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residue {
    /// In a block that is freed.
    Freed(Block),
    /// In a block whose content was copied to another, by `realloc`.
    Moved(Block),
    /// In what a block loses as it shrinks.
    Cut(Block),
    /// In a block that is in use, when somebody asked.
    Live(Block),
    /// On a stack, below what is in use.
    Stack {
        /// Whose stack.
        thread: u32,
        /// How far below its stack pointer.
        below: usize,
    },
}

/// A heap error of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Past the end of a live block, first at `offset`.
    HeapBufferOverflow {
        /// The block that was too small.
        block: Block,
        /// Distance from the block's start, in bytes.
        offset: usize,
        /// Found how.
        contact: Contact,
    },
    /// Before the start of a live block.
    HeapBufferUnderflow {
        /// The block.
        block: Block,
        /// Distance before the block's start, in bytes, of the access nearest to it.
        distance: usize,
        /// Found how.
        contact: Contact,
    },
    /// A block was freed again.
    DoubleFree {
        /// What was a block.
        block: Block,
    },
    /// Something was freed that is no block.
    InvalidFree {
        /// The pointer that was passed.
        pointer: usize,
        /// What it is.
        stray: Stray,
    },
    /// A freed block was written to.
    UseAfterFreeWrite {
        /// What was a block.
        block: Block,
        /// The first changed byte.
        offset: usize,
        /// What stood there.
        evidence: Evidence,
    },
    /// A freed block was read or written, and a guard saw it.
    UseAfterFreeAccess {
        /// What was a block.
        block: Block,
        /// The byte touched.
        offset: usize,
    },
    /// A sized free gave another size than the block was made with.
    SizeMismatch {
        /// The block.
        block: Block,
        /// The size that was passed.
        given: usize,
    },
    /// An aligned free gave an alignment that the block does not have.
    AlignmentMismatch {
        /// The block.
        block: Block,
        /// The alignment that was passed.
        given: usize,
    },
    /// A freed block was passed to `realloc`.
    ReallocAfterFree {
        /// What was a block.
        block: Block,
    },
    /// A block was given to a function of another family than made it: `free` of what `new` made,
    /// `delete` of what `new[]` made.
    AllocDeallocMismatch {
        /// The block, with the family that made it.
        block: Block,
        /// The size that was claimed, where it is not the block's either.
        given: Option<usize>,
        /// Where the call came from: its return address; 0 where that is not known.
        caller: usize,
    },
    /// Our own books say what cannot be: somebody wrote to them, or the machine is broken.
    MetadataCorruption {
        /// The slot whose state is impossible.
        block: Block,
        /// The state byte.
        state: u8,
    },
    /// A local ran over its end, or the stack of such locals did.
    SensitiveStackOverflow {
        /// How.
        mishap: Mishap,
    },
    /// A secret that the program has watched was left where it is no more in the program's hands.
    SecretResidue {
        /// Where.
        place: Residue,
        /// Its first byte.
        address: usize,
        /// How long it is.
        length: usize,
    },
}

/// Number of variants of [`Fault`].
pub const FAULTS: usize = 13;

/// The names of all faults, by [`Fault::index`].
pub const NAMES: [&str; FAULTS] = [
    "heap-buffer-overflow",
    "heap-buffer-underflow",
    "double-free",
    "invalid-free",
    "use-after-free-write",
    "use-after-free-access",
    "size-mismatch",
    "alignment-mismatch",
    "realloc-after-free",
    "metadata-corruption",
    "alloc-dealloc-mismatch",
    "sensitive-stack-overflow",
    "secret-residue",
];

/// The place of the fault whose default is to go on: the heap is sound, and many programs do it.
pub(crate) const ALLOC_DEALLOC_MISMATCH: usize = 10;

impl Fault {
    /// Whether the block is sound, and is freed as was asked where the program goes on.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        matches!(
            self,
            Fault::AllocDeallocMismatch { .. } | Fault::SecretResidue { .. }
        )
    }

    /// The fault's place in [`NAMES`] and in the table of policies.
    #[must_use]
    pub fn index(&self) -> usize {
        match self {
            Fault::HeapBufferOverflow { .. } => 0,
            Fault::HeapBufferUnderflow { .. } => 1,
            Fault::DoubleFree { .. } => 2,
            Fault::InvalidFree { .. } => 3,
            Fault::UseAfterFreeWrite { .. } => 4,
            Fault::UseAfterFreeAccess { .. } => 5,
            Fault::SizeMismatch { .. } => 6,
            Fault::AlignmentMismatch { .. } => 7,
            Fault::ReallocAfterFree { .. } => 8,
            Fault::MetadataCorruption { .. } => 9,
            Fault::AllocDeallocMismatch { .. } => ALLOC_DEALLOC_MISMATCH,
            Fault::SensitiveStackOverflow { .. } => 11,
            Fault::SecretResidue { .. } => 12,
        }
    }

    /// The name that the first line of a message carries. It never changes.
    #[must_use]
    pub fn name(&self) -> &'static str {
        NAMES.get(self.index()).copied().unwrap_or("fault")
    }

    /// Whether the fault is about a pointer that this heap knows nothing of.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(
            self,
            Fault::InvalidFree {
                stray: Stray::Foreign,
                ..
            }
        )
    }

    /// The block in question, where there is one.
    #[must_use]
    pub fn block(&self) -> Option<Block> {
        match *self {
            Fault::HeapBufferOverflow { block, .. }
            | Fault::HeapBufferUnderflow { block, .. }
            | Fault::DoubleFree { block }
            | Fault::UseAfterFreeWrite { block, .. }
            | Fault::UseAfterFreeAccess { block, .. }
            | Fault::SizeMismatch { block, .. }
            | Fault::AlignmentMismatch { block, .. }
            | Fault::ReallocAfterFree { block }
            | Fault::AllocDeallocMismatch { block, .. }
            | Fault::MetadataCorruption { block, .. } => Some(block),
            Fault::InvalidFree { stray, .. } => match stray {
                Stray::InsideLive(block, _) | Stray::InsideFreed(block, _) => Some(block),
                Stray::NeverAllocated | Stray::Foreign => None,
            },
            Fault::SensitiveStackOverflow { .. } => None,
            Fault::SecretResidue { place, .. } => match place {
                Residue::Freed(block)
                | Residue::Moved(block)
                | Residue::Cut(block)
                | Residue::Live(block) => Some(block),
                Residue::Stack { .. } => None,
            },
        }
    }

    /// What stood in memory, where that is how the fault was found.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence> {
        match *self {
            Fault::UseAfterFreeWrite { evidence, .. }
            | Fault::HeapBufferOverflow {
                contact: Contact::Written(evidence),
                ..
            }
            | Fault::HeapBufferUnderflow {
                contact: Contact::Written(evidence),
                ..
            } => Some(evidence),
            _ => None,
        }
    }
}
