// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the heap runs on here: how it holds its memory, and what this kernel or processor lacks.

use core::fmt::{self, Write};

use secmalloc_policy::layout::REGIONS;

use crate::pool::fixed;
use crate::sys;
use crate::thread;

/// Writes it as lines of `name=value`; `None` where the heap cannot start.
pub fn status(to: &mut dyn Write) -> Option<fmt::Result> {
    thread::with_heap(|_| write(to))
}

fn write(to: &mut dyn Write) -> fmt::Result {
    let fixed = fixed();
    let (features, page) = (fixed.features, fixed.page);
    let mut flag = [0];
    // SAFETY: the page holds `Fixed`, and one flag is wanted.
    let mincore = unsafe {
        let here = core::ptr::from_ref(fixed).addr() / page * page;
        sys::present(here, page, &mut flag)
    };
    let plan = if fixed.is_spacious() {
        "reserved"
    } else if fixed.plan.reserved {
        // The limit came later.
        "given back"
    } else {
        // A limit of address space: pieces are mapped as they are needed.
        "unreserved"
    };
    writeln!(to, "plan={plan}")?;
    writeln!(to, "data={} bytes in {REGIONS} regions", fixed.data_size)?;
    writeln!(to, "metadata={} bytes", fixed.metadata_size)?;
    writeln!(to, "page={page}")?;
    let guards = if features.guard_pages {
        "MADV_GUARD_INSTALL"
    } else {
        "PROT_NONE"
    };
    writeln!(to, "guards={guards}")?;
    writeln!(to, "sealed={}", if features.seal { "yes" } else { "no" })?;
    let random = if features.random {
        "getrandom"
    } else {
        "AT_RANDOM"
    };
    writeln!(to, "random={random}")?;
    writeln!(to, "vectors={}", vectors(fixed.wide_vectors()))?;
    write!(to, "missing=")?;
    let wanted = [
        (features.guard_pages, "MADV_GUARD_INSTALL"),
        (features.random, "getrandom"),
        (mincore, "mincore"),
        (features.seal, "mseal"),
        (fixed.thread_key.is_some(), "pthread_key_create"),
    ];
    let missing = wanted.iter().filter(|(is_there, _)| !is_there);
    for (number, (_, name)) in missing.enumerate() {
        write!(to, "{}{name}", if number > 0 { " " } else { "" })?;
    }
    writeln!(to)
}

/// The widest vectors that freed memory is compared with.
const fn vectors(wide: bool) -> &'static str {
    match (cfg!(target_arch = "x86_64"), wide) {
        (true, true) => "AVX2",
        (true, false) => "SSE2",
        (false, _) => "16 bytes",
    }
}
