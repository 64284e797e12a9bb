// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of options: a row for each, with what it accepts and what each profile sets it to.

use crate::fault::{ALLOC_DEALLOC_MISMATCH, FAULTS, NAMES};

/// The largest `window`.
pub const MAX_WINDOW: u32 = 64;

/// What an option accepts.
#[derive(Debug, Clone, Copy)]
pub enum Accepts {
    /// One of these words; the value is its place in the list.
    Words(&'static [&'static str]),
    /// A whole number in this range, with this unit.
    Number(u32, u32, &'static str),
    /// A path from the root on; the value is where it stands in the option string, see [`super::Span`].
    Path,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The name.
    pub name: &'static str,
    /// Its values.
    pub accepts: Accepts,
    /// What each profile sets it to: default, strict, diagnose.
    pub profiles: [u32; 3],
    /// What it does.
    pub help: &'static str,
}

const SWITCH: Accepts = Accepts::Words(&["no", "yes"]);
const FAULT_POLICY: Accepts = Accepts::Words(&["abort", "report"]);

/// Places in [`TABLE`]; the accessors of [`super::Options`] are the way to read them.
pub(super) mod row {
    pub(in crate::options) const PROFILE: usize = 0;
    pub(in crate::options) const POLICY: usize = 1;
    pub(in crate::options) const FOREIGN: usize = 2;
    pub(in crate::options) const USABLE: usize = 3;
    pub(in crate::options) const SWEEP: usize = 4;
    pub(in crate::options) const SWEEP_SHARE: usize = 5;
    pub(in crate::options) const NEIGHBOURS: usize = 6;
    pub(in crate::options) const VERIFY_FRESH: usize = 7;
    pub(in crate::options) const WINDOW: usize = 8;
    pub(in crate::options) const GUARD_EVERY: usize = 9;
    pub(in crate::options) const GUARD_ALL: usize = 10;
    pub(in crate::options) const LARGE_KEPT: usize = 11;
    pub(in crate::options) const EXPLAIN_SEGV: usize = 12;
    pub(in crate::options) const TRACE: usize = 13;
    pub(in crate::options) const STACKS: usize = 14;
    pub(in crate::options) const REPORT_DIR: usize = 15;
    pub(in crate::options) const LEAKS: usize = 16;
    pub(in crate::options) const LEAK_STATUS: usize = 17;
    pub(in crate::options) const SENSITIVE: usize = 18;
    pub(in crate::options) const SENSITIVE_DUMP: usize = 19;
    pub(in crate::options) const SENSITIVE_LOCK: usize = 20;
    pub(in crate::options) const SENSITIVE_FORK: usize = 21;
    pub(in crate::options) const SENSITIVE_BACKING: usize = 22;
    pub(in crate::options) const SENSITIVE_EXIT: usize = 23;
    pub(in crate::options) const SENSITIVE_STACK: usize = 24;
    pub(in crate::options) const SENSITIVE_ACCESS: usize = 25;
    pub(in crate::options) const FIRST_FAULT: usize = 26;
}

/// Number of options.
pub const COUNT: usize = row::FIRST_FAULT + FAULTS;

/// Every option, in the order in which they are shown.
pub static TABLE: [Row; COUNT] = [
    Row {
        name: "profile",
        accepts: Accepts::Words(&["default", "strict", "diagnose"]),
        profiles: [0, 1, 2],
        help: "a set of values for the other options: `strict` pays more for earlier detection, \
               `diagnose` puts every block against a guard page",
    },
    Row {
        name: "policy",
        accepts: FAULT_POLICY,
        profiles: [0, 0, 0],
        help: "what every fault does: stop the process, or say it, leak the block and go on",
    },
    Row {
        name: "foreign_pointer",
        accepts: Accepts::Words(&["abort", "report", "ignore"]),
        profiles: [0, 0, 0],
        help: "what `free` and `realloc` do with a pointer that this heap never handed out",
    },
    Row {
        name: "usable_size",
        accepts: Accepts::Words(&["requested", "slot"]),
        profiles: [0, 0, 0],
        help: "what `malloc_usable_size` answers: the requested size, or all that the slot holds \
               (the block then grows to it, for programs that use the slack)",
    },
    Row {
        name: "sweep_ms",
        accepts: Accepts::Number(0, 60_000, "ms"),
        profiles: [50, 10_000, 10_000],
        help: "CPU time that the last sweep at normal exit may take; 0 leaves it out",
    },
    Row {
        name: "sweep_share",
        accepts: Accepts::Number(0, 100, "%"),
        profiles: [1, 0, 0],
        help: "part of the CPU time that the process has used which the last sweep may take (1 ms \
               in any case, a quarter of that in a forked child); 0 for no such bound",
    },
    Row {
        name: "neighbours",
        accepts: SWITCH,
        profiles: [1, 1, 1],
        help: "whether a free also checks the word before the block (finds underflows)",
    },
    Row {
        name: "verify_fresh",
        accepts: SWITCH,
        profiles: [0, 1, 1],
        help: "whether a slot that was never used is checked for dirt before it is handed out",
    },
    Row {
        name: "window",
        accepts: Accepts::Number(1, MAX_WINDOW, "slots"),
        profiles: [16, MAX_WINDOW, MAX_WINDOW],
        help: "a new block takes a random one of so many free slots that lie close together: more \
               are harder to foretell, fewer are faster, for what is allocated together then lies \
               together",
    },
    Row {
        name: "guard_every",
        accepts: Accepts::Number(0, 4096, "slabs"),
        profiles: [16, 4, 4],
        help: "one slab in so many is a guard, at a random place; 0 for none",
    },
    Row {
        name: "guard_all",
        accepts: SWITCH,
        profiles: [0, 0, 1],
        help: "whether every block gets a mapping of its own, right-aligned against a guard page",
    },
    Row {
        name: "large_kept",
        accepts: Accepts::Number(0, 65_536, "MiB"),
        profiles: [256, 256, 256],
        help: "memory of freed large blocks that is kept, out of reach, to be used again: at most \
               this, and what was in use of late and a few times the last one (half of it from 4 MiB on)",
    },
    Row {
        name: "explain_segv",
        accepts: SWITCH,
        profiles: [1, 1, 1],
        help: "whether a SIGSEGV on a guard is explained before it takes its course (a handler is \
               installed only where the program has none)",
    },
    Row {
        name: "trace",
        accepts: Accepts::Words(&["summary", "calls", "stacks"]),
        profiles: [1, 1, 2],
        help: "what the execution report holds, where `MSM_OUTPUT` asks for one: faults and sums only, \
               every call too, or every call with its stack",
    },
    Row {
        name: "stacks",
        accepts: Accepts::Words(&["none", "sampled", "all"]),
        profiles: [1, 1, 2],
        help: "of which blocks the stacks of allocation and free are kept, for the message of a fault: of \
               none, of large ones and a sample of the others, or of all",
    },
    Row {
        name: "report_dir",
        accepts: Accepts::Path,
        profiles: [0, 0, 0],
        help: "a directory in which each fault that stops the process leaves a report of its own, \
               `PROGRAM-PID.msm`, for `secmalloc report`",
    },
    Row {
        name: "leaks",
        accepts: Accepts::Words(&["auto", "no", "yes"]),
        profiles: [0, 0, 0],
        help: "whether normal exit looks for live blocks that nothing points to; `auto` is where an \
               execution report is written or `leak_exit_status` is set. Without a report, a message on \
               standard error says what is lost",
    },
    Row {
        name: "leak_exit_status",
        accepts: Accepts::Number(0, 255, ""),
        profiles: [0, 0, 0],
        help: "the status with which a program ends that has lost blocks; 0 for its own",
    },
    Row {
        name: "sensitive",
        accepts: Accepts::Words(&["lenient", "strict"]),
        profiles: [0, 0, 0],
        help: "what becomes of a request for sensitive memory where a protection below cannot be had: it is met, \
               and `secmalloc_sensitive_status` says what is missing, or it fails",
    },
    Row {
        name: "sensitive_dump",
        accepts: Accepts::Words(&["exclude", "keep"]),
        profiles: [0, 0, 0],
        help: "whether sensitive memory is left out of core files",
    },
    Row {
        name: "sensitive_lock",
        accepts: SWITCH,
        profiles: [1, 1, 1],
        help: "whether sensitive memory is locked, so that it never goes to swap",
    },
    Row {
        name: "sensitive_fork",
        accepts: Accepts::Words(&["wipe", "keep"]),
        profiles: [0, 0, 0],
        help: "whether a forked child finds zeros in sensitive memory, or what its parent had there",
    },
    Row {
        name: "sensitive_backing",
        accepts: Accepts::Words(&["memory", "secret"]),
        profiles: [0, 0, 0],
        help: "whether sensitive memory is ordinary memory, or secret memory (`memfd_secret`), which even the \
               kernel does not reach, and which keeps the machine from hibernating",
    },
    Row {
        name: "sensitive_exit",
        accepts: Accepts::Words(&["wipe", "keep"]),
        profiles: [0, 0, 0],
        help: "whether normal exit wipes sensitive memory that is still in use",
    },
    Row {
        name: "sensitive_stack",
        accepts: Accepts::Number(16, 1 << 20, "KiB"),
        profiles: [256, 256, 256],
        help: "the size of a thread's sensitive stack, which it gets when it first uses it",
    },
    Row {
        name: "sensitive_access",
        accepts: Accepts::Words(&["always", "window"]),
        profiles: [0, 0, 0],
        help: "whether sensitive blocks and globals can always be reached, or only between \
               `secmalloc_sensitive_open` and `secmalloc_sensitive_close`",
    },
    fault(0),
    fault(1),
    fault(2),
    fault(3),
    fault(4),
    fault(5),
    fault(6),
    fault(7),
    fault(8),
    fault(9),
    fault(10),
    fault(11),
    fault(12),
];

/// The row of one fault's own policy: its name is the fault's.
#[allow(clippy::indexing_slicing)] // evaluated at compile time
const fn fault(index: usize) -> Row {
    Row {
        name: NAMES[index],
        accepts: Accepts::Words(&["policy", "abort", "report"]),
        // This one breaks nothing here, and much software does it: only `strict` and `diagnose` stop.
        profiles: if index == ALLOC_DEALLOC_MISMATCH {
            [2, 0, 0]
        } else {
            [0, 0, 0]
        },
        help: "what this fault does; `policy` is whatever the option `policy` says",
    }
}
