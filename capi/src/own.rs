// SPDX-License-Identifier: MIT OR Apache-2.0
//! secmalloc's own interface: what `secmalloc.h` declares.
#![allow(non_camel_case_types)] // they are C's names

use core::ffi::{c_char, c_void, CStr};
use core::fmt::{self, Write};
use core::mem::size_of;
use core::ptr::null;

use secmalloc_heap::{
    check, describe, look_for_leaks, option, sensitive_status, status, window, Pool, State,
};
use secmalloc_policy::slot_state::Kind;

/// The call did what it says.
pub const SECMALLOC_OK: i32 = 0;
/// The pointer is not to memory of this heap.
pub const SECMALLOC_NOT_OURS: i32 = 1;
/// An argument is null, or a `struct_size` is not one that this version knows.
pub const SECMALLOC_INVALID_ARGUMENT: i32 = 2;
/// There is no option of this name.
pub const SECMALLOC_UNKNOWN_OPTION: i32 = 3;
/// The buffer was too small; what fitted is in it, terminated.
pub const SECMALLOC_TRUNCATED: i32 = 4;

/// What was asked for cannot be done now.
pub const SECMALLOC_UNAVAILABLE: i32 = 5;

/// Not of this heap.
pub const SECMALLOC_POOL_NONE: u32 = 0;
/// In a slot of a size class.
pub const SECMALLOC_POOL_SMALL: u32 = 1;
/// In a mapping of its own.
pub const SECMALLOC_POOL_LARGE: u32 = 2;
/// A block of size 0, which has no memory.
pub const SECMALLOC_POOL_ZERO: u32 = 3;

/// No block has been there yet.
pub const SECMALLOC_STATE_NEVER_USED: u32 = 0;
/// A block in use.
pub const SECMALLOC_STATE_LIVE: u32 = 1;
/// A block that was freed.
pub const SECMALLOC_STATE_FREED: u32 = 2;
/// A guard: any access faults.
pub const SECMALLOC_STATE_GUARD: u32 = 3;

/// Not a live block.
pub const SECMALLOC_KIND_NONE: u32 = 0;
/// Made by `malloc` or a relative.
pub const SECMALLOC_KIND_MALLOC: u32 = 1;
/// Made by C++ `operator new`.
pub const SECMALLOC_KIND_NEW: u32 = 2;
/// Made by C++ `operator new[]`.
pub const SECMALLOC_KIND_NEW_ARRAY: u32 = 3;

/// Left out of core files (`MADV_DONTDUMP`).
pub const SECMALLOC_SENSITIVE_EXCLUDED: u32 = 1;
/// Locked: never in swap (`mlock2`).
pub const SECMALLOC_SENSITIVE_LOCKED: u32 = 2;
/// Zero in forked children, or not there (`MADV_WIPEONFORK`, `MADV_DONTFORK`).
pub const SECMALLOC_SENSITIVE_WIPED_ON_FORK: u32 = 4;
/// Secret memory: out of the reach of the kernel and of other processes (`memfd_secret`).
pub const SECMALLOC_SENSITIVE_SECRET: u32 = 8;
/// Wiped before the call that frees, shrinks or moves it returns. Always.
pub const SECMALLOC_SENSITIVE_WIPED_ON_FREE: u32 = 16;
/// Wiped at normal exit.
pub const SECMALLOC_SENSITIVE_WIPED_AT_EXIT: u32 = 32;

/// What protects a piece of sensitive memory.
#[repr(C)]
pub struct secmalloc_sensitive {
    /// To be set to `sizeof(struct secmalloc_sensitive)` by the caller.
    pub struct_size: usize,
    /// Bytes of the piece: those requested, of a block.
    pub size: usize,
    /// The `SECMALLOC_SENSITIVE_...` that the options want.
    pub wanted: u32,
    /// Those that hold now, for every byte of it.
    pub in_force: u32,
    /// 1 if the kernel said so: now, or a moment ago where many ask in a row; 0 where it does not tell (no `/proc`): then it is what it granted.
    pub verified: u32,
    /// Why each that is wanted does not hold, as an errno; 0 for the others. `ENOMEM`, `EPERM` and `EAGAIN` come of
    /// RLIMIT_MEMLOCK, `ENOSYS` and `EINVAL` of the kernel; `ECANCELED` is of what was granted and taken back.
    pub why_not_excluded: i32,
    /// The same of being locked.
    pub why_not_locked: i32,
    /// The same of being wiped in forked children.
    pub why_not_wiped_on_fork: i32,
    /// The same of being secret memory.
    pub why_not_secret: i32,
}

/// What is known of the memory a pointer points to.
#[repr(C)]
pub struct secmalloc_block {
    /// To be set to `sizeof(struct secmalloc_block)` by the caller.
    pub struct_size: usize,
    /// Start of the block, or of the slot where it was.
    pub address: *const c_void,
    /// Bytes from there to the pointer.
    pub offset: usize,
    /// Bytes requested; 0 where no block is live.
    pub requested_size: usize,
    /// Bytes of the slot, or of the mapping.
    pub slot_size: usize,
    /// `SECMALLOC_POOL_...`
    pub pool: u32,
    /// `SECMALLOC_STATE_...`
    pub state: u32,
    /// `SECMALLOC_KIND_...`
    pub kind: u32,
    /// The kernel's id of the thread that allocated (or, if freed, freed) the block; 0 if unknown.
    pub thread: u32,
}

/// What a check of the whole heap saw.
#[repr(C)]
pub struct secmalloc_counts {
    /// To be set to `sizeof(struct secmalloc_counts)` by the caller.
    pub struct_size: usize,
    /// Live blocks whose surroundings are sound.
    pub live: u64,
    /// Freed blocks that nobody wrote to.
    pub resting: u64,
    /// Slots beside them that were never used, and are clean.
    pub never_used: u64,
    /// Faults found. Each was reported; with the default policy the first stops the process.
    pub faults: u64,
}

/// What a look for leaks found. Blocks are numbers; bytes are those that were requested.
#[repr(C)]
pub struct secmalloc_leaks {
    /// To be set to `sizeof(struct secmalloc_leaks)` by the caller.
    pub struct_size: usize,
    /// Live blocks to which nothing points.
    pub lost_blocks: u64,
    /// Bytes in them.
    pub lost_bytes: u64,
    /// Live blocks to which only lost blocks point.
    pub indirectly_lost_blocks: u64,
    /// Bytes in them.
    pub indirectly_lost_bytes: u64,
    /// All other live blocks.
    pub reachable_blocks: u64,
    /// Bytes in them.
    pub reachable_bytes: u64,
    /// Other threads that were stopped meanwhile.
    pub threads_stopped: u64,
    /// Other threads that could not be stopped within a second: their registers are not known.
    pub threads_running: u64,
}

/// The version of the library, as "MAJOR.MINOR.PATCH". Static storage.
#[no_mangle]
pub extern "C" fn secmalloc_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Describes the memory at `ptr`, which may be any address. Returns SECMALLOC_OK,
/// SECMALLOC_NOT_OURS, or SECMALLOC_INVALID_ARGUMENT. Any thread; not in signal handlers.
///
/// # Safety
/// - `block` is null, or a structure whose `struct_size` is set and which may be written.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_describe(
    ptr: *const c_void,
    block: *mut secmalloc_block,
) -> i32 {
    // SAFETY: the caller's promise.
    let Some(to) = (unsafe { block.as_mut() }) else {
        return SECMALLOC_INVALID_ARGUMENT;
    };
    if to.struct_size != size_of::<secmalloc_block>() {
        return SECMALLOC_INVALID_ARGUMENT;
    }
    let empty = secmalloc_block {
        struct_size: to.struct_size,
        address: null(),
        offset: 0,
        requested_size: 0,
        slot_size: 0,
        pool: SECMALLOC_POOL_NONE,
        state: SECMALLOC_STATE_NEVER_USED,
        kind: SECMALLOC_KIND_NONE,
        thread: 0,
    };
    let Some(known) = describe(ptr.addr()) else {
        *to = empty;
        return SECMALLOC_NOT_OURS;
    };
    *to = secmalloc_block {
        address: core::ptr::with_exposed_provenance(known.address),
        offset: known.offset,
        requested_size: known.requested,
        slot_size: known.slot,
        pool: match known.pool {
            Pool::Small => SECMALLOC_POOL_SMALL,
            Pool::Large => SECMALLOC_POOL_LARGE,
            Pool::Zero => SECMALLOC_POOL_ZERO,
        },
        state: match known.state {
            State::NeverUsed => SECMALLOC_STATE_NEVER_USED,
            State::Live => SECMALLOC_STATE_LIVE,
            State::Freed => SECMALLOC_STATE_FREED,
            State::Guard => SECMALLOC_STATE_GUARD,
        },
        kind: match known.kind {
            None => SECMALLOC_KIND_NONE,
            Some(Kind::Malloc) => SECMALLOC_KIND_MALLOC,
            Some(Kind::New) => SECMALLOC_KIND_NEW,
            Some(Kind::NewArray) => SECMALLOC_KIND_NEW_ARRAY,
        },
        thread: known.thread,
        ..empty
    };
    SECMALLOC_OK
}

/// Verifies the whole heap now: everything behind every live block, and every freed block that
/// has not been reused. Takes time in proportion to the heap. `counts` may be null. Any thread;
/// not in signal handlers.
///
/// # Safety
/// - `counts` is null, or a structure whose `struct_size` is set and which may be written.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_check(counts: *mut secmalloc_counts) -> i32 {
    // SAFETY: the caller's promise.
    let to = unsafe { counts.as_mut() };
    if to
        .as_ref()
        .is_some_and(|to| to.struct_size != size_of::<secmalloc_counts>())
    {
        return SECMALLOC_INVALID_ARGUMENT;
    }
    let seen = check();
    if let Some(to) = to {
        to.live = seen.live;
        to.resting = seen.resting;
        to.never_used = seen.never_used;
        to.faults = seen.faults;
    }
    SECMALLOC_OK
}

/// Says what protects the sensitive memory that `ptr` points into, at this moment. For a null `ptr`: which protections were
/// never refused so far. Returns SECMALLOC_OK, SECMALLOC_NOT_OURS where there is no sensitive memory, or
/// SECMALLOC_INVALID_ARGUMENT. Reads `/proc/self/smaps`, but in a long row of calls, where that
/// may take one part in 16 of the time. Any thread; not in signal handlers.
///
/// # Safety
/// - `status` is null, or a structure whose `struct_size` is set and which may be written.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_sensitive_status(
    ptr: *const c_void,
    status: *mut secmalloc_sensitive,
) -> i32 {
    // SAFETY: the caller's promise.
    let Some(to) = (unsafe { status.as_mut() }) else {
        return SECMALLOC_INVALID_ARGUMENT;
    };
    if to.struct_size != size_of::<secmalloc_sensitive>() {
        return SECMALLOC_INVALID_ARGUMENT;
    }
    let Some(known) = sensitive_status(ptr.addr()) else {
        return SECMALLOC_NOT_OURS;
    };
    let kernels = [
        SECMALLOC_SENSITIVE_EXCLUDED,
        SECMALLOC_SENSITIVE_LOCKED,
        SECMALLOC_SENSITIVE_WIPED_ON_FORK,
        SECMALLOC_SENSITIVE_SECRET,
    ];
    let mut ours = SECMALLOC_SENSITIVE_WIPED_ON_FREE;
    if known.wiped_at_exit {
        ours |= SECMALLOC_SENSITIVE_WIPED_AT_EXIT;
    }
    let (mut wanted, mut in_force) = (ours, ours);
    for (bit, holds) in kernels.iter().zip(&known.each) {
        wanted |= if holds.wanted { *bit } else { 0 };
        in_force |= if holds.now { *bit } else { 0 };
    }
    let [excluded, locked, wiped_on_fork, secret] = known.each;
    *to = secmalloc_sensitive {
        struct_size: to.struct_size,
        size: known.size,
        wanted,
        in_force,
        verified: u32::from(known.verified),
        why_not_excluded: excluded.why,
        why_not_locked: locked.why,
        why_not_wiped_on_fork: wiped_on_fork.why,
        why_not_secret: secret.why,
    };
    SECMALLOC_OK
}

/// Opens a window: until it is closed, the sensitive blocks and globals of the process can be reached, by all its threads. Windows
/// count: the first opens, the last to be closed closes. Does nothing but count without option
/// `sensitive_access=window`. With it, takes a system call for each run of slabs between guards, each large block, and each
/// module with globals. Returns SECMALLOC_OK, or SECMALLOC_UNAVAILABLE where the kernel refuses. Any thread; not in signal
/// handlers. Sensitive locals are not concerned.
#[no_mangle]
pub extern "C" fn secmalloc_sensitive_open() -> i32 {
    if window::open() {
        SECMALLOC_OK
    } else {
        SECMALLOC_UNAVAILABLE
    }
}

/// Closes a window that `secmalloc_sensitive_open` opened. Returns SECMALLOC_OK, or SECMALLOC_UNAVAILABLE where none is
/// open, or the kernel refuses. Any thread; not in signal handlers.
#[no_mangle]
pub extern "C" fn secmalloc_sensitive_close() -> i32 {
    if window::close() {
        SECMALLOC_OK
    } else {
        SECMALLOC_UNAVAILABLE
    }
}

/// Looks for leaks now: which live blocks can be reached from registers, stacks, thread-local storage and variables of
/// all modules, by aligned words that point anywhere into a block. All other threads are stopped meanwhile,
/// for a time in proportion to the heap, by signal 33, which interrupts what they sleep in (as SA_RESTART has it).
/// Changes nothing, says nothing, and takes some memory meanwhile. Returns SECMALLOC_OK,
/// SECMALLOC_INVALID_ARGUMENT, or SECMALLOC_UNAVAILABLE where there is no memory for it. Any thread, with 32 KiB
/// of stack left; not in signal handlers, nor between `fork` and its handlers.
///
/// # Safety
/// - `leaks` is null, or a structure whose `struct_size` is set and which may be written.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_leak_check(leaks: *mut secmalloc_leaks) -> i32 {
    // SAFETY: the caller's promise.
    let Some(to) = (unsafe { leaks.as_mut() }) else {
        return SECMALLOC_INVALID_ARGUMENT;
    };
    if to.struct_size != size_of::<secmalloc_leaks>() {
        return SECMALLOC_INVALID_ARGUMENT;
    }
    let Some(seen) = look_for_leaks() else {
        return SECMALLOC_UNAVAILABLE;
    };
    *to = secmalloc_leaks {
        struct_size: to.struct_size,
        lost_blocks: seen.lost.blocks,
        lost_bytes: seen.lost.bytes,
        indirectly_lost_blocks: seen.indirectly.blocks,
        indirectly_lost_bytes: seen.indirectly.bytes,
        reachable_blocks: seen.reachable.blocks,
        reachable_bytes: seen.reachable.bytes,
        threads_stopped: seen.stopped,
        threads_running: seen.running,
    };
    SECMALLOC_OK
}

/// Writes the value of the option `name`, as text, to `buffer` of `size` bytes, and terminates
/// it. Returns SECMALLOC_OK, SECMALLOC_UNKNOWN_OPTION, SECMALLOC_TRUNCATED, or
/// SECMALLOC_INVALID_ARGUMENT.
///
/// # Safety
/// - `name` is null or a string; `buffer` is null or may be written for `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_option(
    name: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> i32 {
    if name.is_null() || buffer.is_null() || size == 0 {
        return SECMALLOC_INVALID_ARGUMENT;
    }
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    let mut to = Buffer::of(buffer, size);
    let known = option(name.to_bytes(), &mut to);
    let cut = to.end();
    match known {
        None => SECMALLOC_UNKNOWN_OPTION,
        Some(_) if cut => SECMALLOC_TRUNCATED,
        Some(_) => SECMALLOC_OK,
    }
}

/// Writes how the heap runs on this machine, as lines of "name=value", to `buffer` of `size` bytes, and
/// terminates it: `plan` (`reserved`, or `unreserved` under RLIMIT_AS, or `given back` where that came later), `data`, `metadata`, `page`,
/// `guards` (`MADV_GUARD_INSTALL`, or `PROT_NONE`), `sealed`, `random`, `vectors`, and `missing`, what the
/// kernel does not have or a sandbox forbids. Later versions may add lines. Empty where there is no
/// memory for a heap. Returns SECMALLOC_OK, SECMALLOC_TRUNCATED, or SECMALLOC_INVALID_ARGUMENT.
///
/// # Safety
/// - `buffer` is null or may be written for `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn secmalloc_status(buffer: *mut c_char, size: usize) -> i32 {
    if buffer.is_null() || size == 0 {
        return SECMALLOC_INVALID_ARGUMENT;
    }
    let mut to = Buffer::of(buffer, size);
    // A `Buffer` never fails to be written to.
    let _ = status(&mut to);
    if to.end() {
        SECMALLOC_TRUNCATED
    } else {
        SECMALLOC_OK
    }
}

/// The caller's buffer; one byte of `room` stays for the terminator.
struct Buffer {
    at: *mut c_char,
    room: usize,
    cut: bool,
}

impl Buffer {
    /// The caller may write `size` bytes, at least one, at `at`.
    fn of(at: *mut c_char, size: usize) -> Buffer {
        Buffer {
            at,
            room: size,
            cut: false,
        }
    }

    /// Terminates the text; whether some of it did not fit.
    fn end(self) -> bool {
        // SAFETY: one byte is always left.
        unsafe { self.at.write(0) };
        self.cut
    }
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let taken = text.len().min(self.room - 1);
        self.cut |= taken < text.len();
        // SAFETY: `taken` bytes and the terminator fit.
        unsafe {
            text.as_ptr().copy_to_nonoverlapping(self.at.cast(), taken);
            self.at = self.at.add(taken);
        }
        self.room -= taken;
        Ok(())
    }
}
