// SPDX-License-Identifier: MIT OR Apache-2.0
//! What else glibc's malloc exports. A static program that uses one of these names must find it
//! here: glibc's own would bring the whole of its malloc with it, and every name twice.

use core::ffi::c_int;
use core::fmt::Write;

use secmalloc_heap::{class_totals, totals, trim, Totals, CLASSES};
use secmalloc_policy::message::Text;

/// Gives unused memory back to the kernel. 1 if there was any, 0 otherwise. `pad` has no meaning
/// here: nothing is kept at the end of a heap that has no end.
#[no_mangle]
pub extern "C" fn malloc_trim(_pad: usize) -> c_int {
    c_int::from(trim())
}

/// Answers as glibc 2.36 does, and changes nothing. Arenas, the top of a heap that grows at one end and
/// thresholds that move are notions of another allocator; what `M_PERTURB` asks for, that freed
/// memory is written over, is done anyway; what is done about a fault is an option, which is
/// read-only once the program runs, so that no bug of the program can turn it off. 1, but for an
/// `M_MXFAST` that glibc would refuse.
#[no_mangle]
pub extern "C" fn mallopt(parameter: c_int, value: c_int) -> c_int {
    mallopt_here(parameter, value)
}

/// The one parameter whose value glibc looks at: blocks that go to its fast bins.
const M_MXFAST: c_int = 1;
/// Its `MAX_FAST_SIZE`, on machines of 64 bits.
const MAX_FAST_SIZE: c_int = 160;

pub(crate) fn mallopt_here(parameter: c_int, value: c_int) -> c_int {
    c_int::from(parameter != M_MXFAST || (0..=MAX_FAST_SIZE).contains(&value))
}

/// Statistics with fields too narrow for today's heaps; values are cut off, as glibc's are.
#[no_mangle]
pub extern "C" fn mallinfo() -> libc::mallinfo {
    mallinfo_here()
}

pub(crate) fn mallinfo_here() -> libc::mallinfo {
    let wide = statistics();
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
    statistics()
}

fn statistics() -> libc::mallinfo2 {
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

/// Writes statistics as XML to `stream`, in the form of glibc's: a `size` for each size class that has
/// free slots, then the sums. `options` must be 0. 0, or -1 with `EINVAL` or the stream's error.
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
    let mut complete = true;
    // The stream may allocate, so no lock is held when it is written to.
    let mut put = |what: core::fmt::Arguments<'_>| {
        let mut text = Text::default();
        // A `Text` never fails to be written to.
        let _ = text.write_fmt(what);
        let bytes = text.as_bytes();
        // SAFETY: the stream is the caller's promise, the bytes are ours.
        let wrote = unsafe { libc::fwrite(bytes.as_ptr().cast(), 1, bytes.len(), stream) };
        complete &= wrote == bytes.len();
    };
    put(format_args!(
        "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n"
    ));
    let mut t = Totals::default();
    let mut from = 1;
    for class in 0..CLASSES {
        let of_class = class_totals(class);
        if of_class.free_slots > 0 {
            put(format_args!(
                "  <size from=\"{from}\" to=\"{}\" total=\"{}\" count=\"{}\"/>\n",
                of_class.largest, of_class.free, of_class.free_slots,
            ));
        }
        from = of_class.largest + 1;
        t.add(&of_class);
    }
    t.add_large();
    put(format_args!(
        "</sizes>\n\
         <total type=\"fast\" count=\"0\" size=\"0\"/>\n\
         <total type=\"rest\" count=\"{0}\" size=\"{1}\"/>\n\
         <system type=\"current\" size=\"{4}\"/>\n\
         <aspace type=\"total\" size=\"{4}\"/>\n</heap>\n\
         <total type=\"fast\" count=\"0\" size=\"0\"/>\n\
         <total type=\"rest\" count=\"{0}\" size=\"{1}\"/>\n\
         <total type=\"mmap\" count=\"{2}\" size=\"{3}\"/>\n\
         <system type=\"current\" size=\"{5}\"/>\n\
         <aspace type=\"total\" size=\"{5}\"/>\n</malloc>\n",
        t.free_slots,
        t.small_free,
        t.large_blocks,
        t.large,
        t.small,
        t.small.saturating_add(t.large),
    ));
    if complete {
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
