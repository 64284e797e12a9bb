// SPDX-License-Identifier: MIT OR Apache-2.0
//! What else glibc's malloc exports. A static program that uses one of these names must find it
//! here: glibc's own would bring the whole of its malloc with it, and every name twice.

use core::ffi::c_int;
use core::fmt::Write;

use secmalloc_heap::{totals, trim, Totals};
use secmalloc_policy::message::Text;

/// Gives unused memory back to the kernel. 1 if there was any, 0 otherwise. `pad` has no meaning
/// here: nothing is kept at the end of a heap that has no end.
#[no_mangle]
pub extern "C" fn malloc_trim(_pad: usize) -> c_int {
    c_int::from(trim())
}

/// Accepts every parameter of glibc's and changes nothing: arenas, thresholds and trim sizes are
/// notions of another allocator. 1, as glibc answers for what it accepts; 0 for what is no
/// parameter.
#[no_mangle]
pub extern "C" fn mallopt(parameter: c_int, _value: c_int) -> c_int {
    // M_MXFAST is 1, the others run from M_ARENA_MAX, -8, to M_TRIM_THRESHOLD, -1 (malloc.h).
    c_int::from(matches!(parameter, 1 | -8..=-1))
}

/// Statistics with fields too narrow for today's heaps; values are cut off, as glibc's are.
#[no_mangle]
pub extern "C" fn mallinfo() -> libc::mallinfo {
    let wide = mallinfo2();
    let cut = |value: usize| c_int::try_from(value).unwrap_or(c_int::MAX);
    libc::mallinfo {
        arena: cut(wide.arena),
        ordblks: cut(wide.ordblks),
        smblks: cut(wide.smblks),
        hblks: cut(wide.hblks),
        hblkhd: cut(wide.hblkhd),
        usmblks: cut(wide.usmblks),
        fsmblks: cut(wide.fsmblks),
        uordblks: cut(wide.uordblks),
        fordblks: cut(wide.fordblks),
        keepcost: cut(wide.keepcost),
    }
}

/// Statistics, in glibc's terms: `arena` is memory for small blocks, `hblkhd` for large ones,
/// `uordblks` what is in use of both (slots in threads' hands included), `fordblks` what is free,
/// `keepcost` what [`malloc_trim`] could give back of freed large blocks.
#[no_mangle]
pub extern "C" fn mallinfo2() -> libc::mallinfo2 {
    let Totals {
        small,
        small_free,
        free_slots,
        large,
        large_blocks,
        kept,
    } = totals();
    libc::mallinfo2 {
        arena: small,
        ordblks: free_slots,
        smblks: 0,
        hblks: large_blocks,
        hblkhd: large,
        usmblks: 0,
        fsmblks: 0,
        uordblks: small.saturating_sub(small_free).saturating_add(large),
        fordblks: small_free,
        keepcost: kept,
    }
}

/// Writes statistics as XML to `stream`, in the form of glibc's. `options` must be 0. 0, or -1
/// with `EINVAL` or the stream's error.
///
/// # Safety
/// - `stream` is an open stream.
#[no_mangle]
pub unsafe extern "C" fn malloc_info(options: c_int, stream: *mut libc::FILE) -> c_int {
    if options != 0 {
        // SAFETY: the C library's own, for this thread.
        unsafe { *libc::__errno_location() = libc::EINVAL };
        return -1;
    }
    let t = totals();
    let mut text = Text::default();
    // A `Text` never fails to be written to.
    let _ = writeln!(
        text,
        "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n</sizes>\n\
         <total type=\"rest\" count=\"{}\" size=\"{}\"/>\n\
         <total type=\"mmap\" count=\"{}\" size=\"{}\"/>\n\
         <system type=\"current\" size=\"{}\"/>\n\
         <aspace type=\"total\" size=\"{}\"/>\n</heap>\n\
         <total type=\"rest\" count=\"{}\" size=\"{}\"/>\n\
         <total type=\"mmap\" count=\"{}\" size=\"{}\"/>\n\
         <system type=\"current\" size=\"{}\"/>\n</malloc>",
        t.free_slots,
        t.small_free,
        t.large_blocks,
        t.large,
        t.small,
        t.small,
        t.free_slots,
        t.small_free,
        t.large_blocks,
        t.large,
        t.small.saturating_add(t.large),
    );
    let bytes = text.as_bytes();
    let from = bytes.as_ptr().cast();
    // SAFETY: the stream is the caller's promise.
    let wrote = unsafe { libc::fwrite(from, 1, bytes.len(), stream) };
    if wrote == bytes.len() {
        0
    } else {
        -1
    }
}

/// Writes statistics to standard error.
#[no_mangle]
pub extern "C" fn malloc_stats() {
    let t = totals();
    let mut text = Text::default();
    let _ = write!(
        text,
        "secmalloc:\nsmall blocks  {:>14} bytes committed\n  free        {:>14} bytes in {} slots\n\
         large blocks  {:>14} bytes in {} blocks\n  kept        {:>14} bytes\n",
        t.small, t.small_free, t.free_slots, t.large, t.large_blocks, t.kept,
    );
    let bytes = text.as_bytes();
    // SAFETY: writes from our own buffer; there is nobody to tell of a failure.
    let _ = unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
}
