// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything the heap asks of the system, each thing named once.
//!
//! What a platform owes us: address space that can be reserved, committed, taken back, guarded,
//! moved and sealed; a futex; random bytes; the clock of one thread; a thread-local word. The
//! calls go straight to the kernel, not through the C library: they can neither allocate nor
//! change `errno`, and the list below is the whole list.

pub(crate) mod files;
mod libc_calls;
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
mod machine;
pub(crate) mod open_files;
pub(crate) mod sensitive;
mod storage;
pub(crate) mod threads;
#[cfg(feature = "trial")]
pub mod trial;

pub(crate) use libc_calls::*;
pub(crate) use machine::{
    call_on_stack, interrupted, kept_registers, local_stack, set_thread_word, thread_identity,
    thread_word, ticks,
};
pub(crate) use storage::LOCAL_STACK;

/// What a thread was doing when a signal came.
#[derive(Clone, Copy)]
pub(crate) struct Interrupted {
    /// Its stack pointer, less what a function may use below it.
    pub(crate) stack: usize,
    /// Where its registers are kept while the handler runs: from, to. Those that addresses are usually in, and
    /// those of vectors.
    pub(crate) registers: [(usize, usize); 2],
}

pub(crate) use core::sync::atomic::{fence, AtomicU16, AtomicUsize};

use core::ffi::CStr;
use core::ptr::NonNull;

/// `MADV_GUARD_INSTALL` and `MADV_GUARD_REMOVE`, Linux 6.13.
const MADV_GUARD_INSTALL: i32 = 102;
const MADV_GUARD_REMOVE: i32 = 103;
/// `mseal`, Linux 6.10; the same number everywhere.
const SYS_MSEAL: i64 = 462;

/// What may be done with a range of pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing: a touch is a SIGSEGV.
    Nothing,
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

impl Access {
    fn bits(self) -> usize {
        let bits = match self {
            Access::Nothing => libc::PROT_NONE,
            Access::Read => libc::PROT_READ,
            Access::Write => libc::PROT_READ | libc::PROT_WRITE,
        };
        bits as usize
    }
}

/// # Safety
/// As [`machine::call`].
unsafe fn call(number: i64, arguments: [usize; 6]) -> Result<usize, i32> {
    #[cfg(feature = "trial")]
    use trial as machine;
    // SAFETY: passed on to the caller.
    let result = unsafe { machine::call(number, arguments) };
    if (-4095..0).contains(&result) {
        Err(-(result as i32))
    } else {
        Ok(result as usize)
    }
}

/// How all our memory is mapped.
const NEW: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;

/// New anonymous memory anywhere. Unreserved: it counts against no commit limit until touched
/// (unless `vm.overcommit_memory` is 2, where the kernel counts it all the same).
pub(crate) fn map(size: usize, access: Access) -> Option<usize> {
    // SAFETY: a new mapping changes nothing that exists.
    unsafe {
        call(
            libc::SYS_mmap,
            [0, size, access.bits(), NEW as usize, usize::MAX, 0],
        )
    }
    .ok()
}

/// Whether the kernel would give so much memory to a program that asks it for memory that counts. By default
/// (`vm.overcommit_memory=0`) it refuses what is more than the machine has, swap included, at once.
pub(crate) fn could_have(size: usize) -> bool {
    let flags = (NEW & !libc::MAP_NORESERVE) as usize;
    let access = Access::Write.bits();
    // SAFETY: a new mapping changes nothing that exists.
    match unsafe { call(libc::SYS_mmap, [0, size, access, flags, usize::MAX, 0]) } {
        Ok(there) => {
            // SAFETY: just mapped.
            unsafe { unmap(there, size) };
            true
        }
        Err(_) => false,
    }
}

/// New anonymous memory at this place, in whole pages. `false` where there is no more to be had, or
/// something else is there.
pub(crate) fn map_at(at: usize, size: usize, access: Access) -> bool {
    let flags = NEW | libc::MAP_FIXED_NOREPLACE;
    // SAFETY: a new mapping, which replaces nothing.
    let mapped = unsafe {
        call(
            libc::SYS_mmap,
            [at, size, access.bits(), flags as usize, usize::MAX, 0],
        )
    };
    match mapped {
        Ok(there) if there == at => true,
        Ok(elsewhere) => {
            // Kernels before 4.17 take the place for a mere wish.
            // SAFETY: just mapped.
            unsafe { unmap(elsewhere, size) };
            false
        }
        Err(_) => false,
    }
}

/// Whether nothing is mapped at this place, which must lie below the end of all addresses.
pub(crate) fn is_unused(at: usize, size: usize) -> bool {
    let flags = (NEW | libc::MAP_FIXED_NOREPLACE) as usize;
    let access = Access::Nothing.bits();
    // SAFETY: a new mapping, which replaces nothing.
    match unsafe { call(libc::SYS_mmap, [at, size, access, flags, usize::MAX, 0]) } {
        Ok(there) => {
            // SAFETY: just mapped.
            unsafe { unmap(there, size) };
            there == at
        }
        // The kernel looks at the place first: there is no more than the limit against it.
        Err(error) => error == libc::ENOMEM,
    }
}

/// Puts new memory, out of reach, in the place of what is there, which is given back.
///
/// # Safety
/// - The range is ours, and its contents are not wanted any more.
pub(crate) unsafe fn replace(at: usize, size: usize) -> bool {
    let flags = (NEW | libc::MAP_FIXED) as usize;
    let access = Access::Nothing.bits();
    // SAFETY: passed on to the caller.
    unsafe {
        let replaced = call(libc::SYS_mmap, [at, size, access, flags, usize::MAX, 0]).is_ok();
        if replaced {
            // As what lies around is, so that all is one entry in the memory map.
            small_pages_only(at, size);
        }
        replaced
    }
}

/// Gives a mapping back. Failure leaves it in place, which wastes address space and nothing else.
///
/// # Safety
/// - The range is ours, and nothing will use it again.
pub(crate) unsafe fn unmap(at: usize, size: usize) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { call(libc::SYS_munmap, [at, size, 0, 0, 0, 0]) }.is_ok()
}

/// Changes what may be done with pages.
///
/// # Safety
/// - The range is ours, and no one relies on more than `access` in it.
pub(crate) unsafe fn protect(at: usize, size: usize, access: Access) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { call(libc::SYS_mprotect, [at, size, access.bits(), 0, 0, 0]) }.is_ok()
}

/// Moves pages, with their contents, to a place that is mapped already and is replaced.
///
/// # Safety
/// - Both ranges are ours; nothing uses the old addresses again, and nothing is lost at the new.
pub(crate) unsafe fn move_pages(from: usize, size: usize, to: usize) -> bool {
    let flags = (libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED) as usize;
    // SAFETY: passed on to the caller.
    unsafe { call(libc::SYS_mremap, [from, size, size, flags, to, 0]) }.is_ok()
}

/// # Safety
/// As for the advice that is given.
unsafe fn advise(at: usize, size: usize, advice: i32) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { call(libc::SYS_madvise, [at, size, advice as usize, 0, 0, 0]) }.is_ok()
}

/// Drops pages: they read as zero from now on.
///
/// # Safety
/// - The range is ours, and its contents are not wanted any more.
pub(crate) unsafe fn drop_pages(at: usize, size: usize) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { advise(at, size, libc::MADV_DONTNEED) }
}

/// Keeps the kernel from backing a range with huge pages.
///
/// # Safety
/// - The range is ours.
pub(crate) unsafe fn small_pages_only(at: usize, size: usize) {
    // SAFETY: passed on to the caller. A kernel without huge pages refuses, which is as good.
    let _ = unsafe { advise(at, size, libc::MADV_NOHUGEPAGE) };
}

/// Lets the kernel back a range with huge pages, or keeps it from that.
///
/// # Safety
/// - The range is ours.
pub(crate) unsafe fn huge_pages(at: usize, size: usize, yes: bool) -> bool {
    let advice = if yes {
        libc::MADV_HUGEPAGE
    } else {
        libc::MADV_NOHUGEPAGE
    };
    // SAFETY: passed on to the caller.
    unsafe { advise(at, size, advice) }
}

/// Leaves a range out of core files.
///
/// # Safety
/// - The range is ours.
pub(crate) unsafe fn leave_out_of_cores(at: usize, size: usize) {
    // SAFETY: passed on to the caller.
    let _ = unsafe { advise(at, size, libc::MADV_DONTDUMP) };
}

/// Puts a range into core files again.
///
/// # Safety
/// - The range is ours.
pub(crate) unsafe fn put_into_cores(at: usize, size: usize) {
    // SAFETY: passed on to the caller.
    let _ = unsafe { advise(at, size, libc::MADV_DODUMP) };
}

/// Drops pages and makes every touch of them a SIGSEGV, without a mapping of its own. `false`
/// where the kernel is older than 6.13 or the memory is locked.
///
/// # Safety
/// - As [`drop_pages`].
pub(crate) unsafe fn guard_pages(at: usize, size: usize) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { advise(at, size, MADV_GUARD_INSTALL) }
}

/// Takes a guard away again; the pages read as zero.
///
/// # Safety
/// - The range is ours and was guarded by [`guard_pages`].
pub(crate) unsafe fn unguard_pages(at: usize, size: usize) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { advise(at, size, MADV_GUARD_REMOVE) }
}

/// Which of these pages are in memory: bit 0 of each byte of `to`.
///
/// # Safety
/// - The range is ours, in whole pages, no more of them than `to` has bytes.
pub(crate) unsafe fn present(at: usize, size: usize, to: &mut [u8]) -> bool {
    // SAFETY: the kernel writes one byte for each page.
    unsafe {
        call(
            libc::SYS_mincore,
            [at, size, to.as_mut_ptr() as usize, 0, 0, 0],
        )
    }
    .is_ok()
}

/// Forbids unmapping, moving and re-protecting a range for good.
///
/// # Safety
/// - The range is ours, and will never be unmapped, moved or protected otherwise.
pub(crate) unsafe fn seal(at: usize, size: usize) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { call(SYS_MSEAL, [at, size, 0, 0, 0, 0]) }.is_ok()
}

/// How often a lock is looked at before its waiter goes to sleep: about the time of the longest
/// critical section that makes no system call.
pub(crate) const SPINS: u32 = 100;

/// The thread that is in the middle of a fork, holding every lock; 0 for none.
static FORKING: AtomicUsize = AtomicUsize::new(0);

/// Notes that the calling thread is forking, or that it no longer is.
pub(crate) fn set_forking(yes: bool) {
    // Relaxed: each thread only looks for itself here.
    FORKING.store(
        if yes { thread_identity() } else { 0 },
        core::sync::atomic::Ordering::Relaxed,
    );
}

/// Whether the calling thread is forking.
pub(crate) fn is_forking() -> bool {
    FORKING.load(core::sync::atomic::Ordering::Relaxed) == thread_identity()
}

/// Sleeps while `word` is `value`, for some milliseconds at most, which double with each `turn`; may wake for no
/// reason.
///
/// A wake-up may come late: whoever gives a lock back may be interrupted between that and waking the next, by a
/// signal handler that waits for another lock, which the sleeper has. But ten thousand sleepers that all look
/// every 10 ms leave no time for anything else.
pub(crate) fn futex_wait_low(word: &AtomicUsize, value: usize, turn: u32) {
    /// 10 ms to 2.56 s.
    const LEAST_NS: u64 = 10_000_000;
    const MOST_TURNS: u32 = 8;
    let ns = LEAST_NS << turn.min(MOST_TURNS);
    let most = libc::timespec {
        tv_sec: (ns / 1_000_000_000) as libc::time_t,
        tv_nsec: (ns % 1_000_000_000) as libc::c_long,
    };
    // The kernel compares 32 bits: the lower half, which comes first on the processors we run on.
    let value = value as u32;
    let operation = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG) as usize;
    let most = core::ptr::from_ref(&most).expose_provenance();
    // SAFETY: the kernel only reads the word, which lives as long as the borrow, and the time.
    let _ = unsafe {
        call(
            libc::SYS_futex,
            [
                word.as_ptr() as usize,
                operation,
                value as usize,
                most,
                0,
                0,
            ],
        )
    };
}

/// Wakes so many sleepers.
pub(crate) fn futex_wake_low(word: &AtomicUsize, count: u32) {
    let operation = (libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG) as usize;
    // SAFETY: the address is only a key here.
    let _ = unsafe {
        call(
            libc::SYS_futex,
            [word.as_ptr() as usize, operation, count as usize, 0, 0, 0],
        )
    };
}

/// Fills `bytes` from the kernel's generator. `false` where it has none to give: before it is
/// seeded, early in boot, or in a sandbox that forbids the call.
pub(crate) fn random(bytes: &mut [u8]) -> bool {
    let flags = libc::GRND_NONBLOCK as usize;
    // SAFETY: the kernel writes at most `bytes.len()` bytes.
    let got = unsafe {
        call(
            libc::SYS_getrandom,
            [bytes.as_mut_ptr() as usize, bytes.len(), flags, 0, 0, 0],
        )
    };
    got == Ok(bytes.len())
}

/// The kernel's number of the calling thread.
pub(crate) fn thread_id() -> u32 {
    // SAFETY: changes nothing.
    unsafe { call(libc::SYS_gettid, [0; 6]) }.unwrap_or(0) as u32
}

/// The number of this process.
pub(crate) fn process_id() -> u32 {
    // SAFETY: changes nothing.
    unsafe { call(libc::SYS_getpid, [0; 6]) }.unwrap_or(0) as u32
}

/// CPU time that the calling thread has used, in microseconds.
pub(crate) fn thread_cpu_us() -> u64 {
    clock_us(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time that the process has used, in microseconds.
pub(crate) fn process_cpu_us() -> u64 {
    clock_us(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// Milliseconds of a clock that never goes back; right to some milliseconds.
pub(crate) fn coarse_ms() -> u64 {
    clock_us(libc::CLOCK_MONOTONIC_COARSE) / 1000
}

/// Microseconds of a clock that never goes back.
pub(crate) fn monotonic_us() -> u64 {
    clock_us(libc::CLOCK_MONOTONIC)
}

fn clock_us(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let clock = clock as usize;
    // SAFETY: the kernel writes one `timespec`.
    let result = unsafe {
        call(
            libc::SYS_clock_gettime,
            [clock, (&raw mut time) as usize, 0, 0, 0, 0],
        )
    };
    match result {
        Ok(_) => (time.tv_sec as u64) * 1_000_000 + (time.tv_nsec as u64) / 1000,
        Err(_) => 0,
    }
}

/// Writes all of `bytes` with one `write` (more only if the kernel took part of it). Nothing can
/// be done about a failure: there is nobody else to tell. A reader that went away must not end the
/// process by SIGPIPE, before it is stopped for the right reason.
pub(crate) fn write_all(descriptor: i32, mut bytes: &[u8]) {
    let pipe_only: u64 = 1 << (libc::SIGPIPE - 1);
    let blocked = change_mask(libc::SIG_BLOCK, pipe_only);
    while !bytes.is_empty() {
        let (at, length) = (bytes.as_ptr() as usize, bytes.len());
        // SAFETY: the kernel only reads the bytes.
        let wrote = unsafe { call(libc::SYS_write, [descriptor as usize, at, length, 0, 0, 0]) };
        match wrote {
            Ok(count) if count > 0 => bytes = bytes.get(count..).unwrap_or(&[]),
            Err(libc::EINTR) => {}
            Err(libc::EPIPE) if blocked & pipe_only == 0 => {
                let (set, now) = ((&raw const pipe_only) as usize, [0u64; 2]);
                let now = now.as_ptr() as usize;
                // SAFETY: takes the signal that the write has just made pending; the kernel reads
                // one mask and one `timespec`.
                let _ = unsafe { call(libc::SYS_rt_sigtimedwait, [set, 0, now, 8, 0, 0]) };
                break;
            }
            _ => break,
        }
    }
    change_mask(libc::SIG_SETMASK, blocked);
}

/// Whether there is a file behind a descriptor.
pub(crate) fn is_open(descriptor: i32) -> bool {
    let what = libc::F_GETFD as usize;
    // SAFETY: changes nothing.
    unsafe { call(libc::SYS_fcntl, [descriptor as usize, what, 0, 0, 0, 0]) }.is_ok()
}

/// Changes which signals the calling thread blocks; what it blocked before.
fn change_mask(how: i32, mask: u64) -> u64 {
    let mut before = 0u64;
    let (new, old) = ((&raw const mask) as usize, (&raw mut before) as usize);
    // SAFETY: the kernel reads one mask and writes one, of 64 bits each.
    let _ = unsafe { call(libc::SYS_rt_sigprocmask, [how as usize, new, old, 8, 0, 0]) };
    before
}

/// Blocks all signals but SIGPIPE, which [`write_all`] keeps from being sent by what it writes; which were
/// blocked before.
pub(crate) fn block_signals() -> u64 {
    change_mask(libc::SIG_BLOCK, !(1 << (libc::SIGPIPE - 1)))
}

/// Blocks these signals and no others.
pub(crate) fn set_signals(blocked: u64) {
    change_mask(libc::SIG_SETMASK, blocked);
}

/// prlimit(2).
///
/// # Safety
/// - Null, or what the kernel may read or write.
pub(crate) unsafe fn limit(
    process: libc::pid_t,
    resource: u32,
    new: *const libc::rlimit64,
    old: *mut libc::rlimit64,
) -> Result<(), files::Errno> {
    let (process, resource) = (process as usize, resource as usize);
    // SAFETY: the caller's promise.
    unsafe {
        call(
            libc::SYS_prlimit64,
            [process, resource, new.addr(), old.addr(), 0, 0],
        )
    }
    .map(|_| ())
}

/// The most bytes that this process may map, by `RLIMIT_AS`; `usize::MAX` where nothing limits it.
/// `RLIMIT_DATA`, and a machine that commits no more than it has, count only what may be written.
pub(crate) fn address_space_limit() -> usize {
    let mut limits = [u64::MAX; 2];
    let (which, place) = (libc::RLIMIT_AS as usize, limits.as_mut_ptr() as usize);
    // SAFETY: the kernel writes one `rlimit64`, which is two 64-bit words.
    match unsafe { call(libc::SYS_prlimit64, [0, which, 0, place, 0, 0]) } {
        Ok(_) => limits[0] as usize,
        Err(_) => usize::MAX,
    }
}

/// The kernel's page size, in bytes.
pub(crate) fn page_size() -> usize {
    #[cfg(feature = "trial")]
    if let Some(size) = trial::page_size() {
        return size;
    }
    match auxiliary(libc::AT_PAGESZ) {
        0 => 4096,
        size => size,
    }
}

/// Reads a file piece by piece, through `room`; `take` gets each piece and says whether to go on.
pub(crate) fn read_file(path: &CStr, room: &mut [u8], mut take: impl FnMut(&[u8]) -> bool) {
    let flags = (libc::O_RDONLY | libc::O_CLOEXEC) as usize;
    let here = libc::AT_FDCWD as usize;
    // SAFETY: the path is a C string; opening changes nothing of ours.
    let Ok(file) = (unsafe {
        call(
            libc::SYS_openat,
            [here, path.as_ptr() as usize, flags, 0, 0, 0],
        )
    }) else {
        return;
    };
    loop {
        // SAFETY: the kernel writes at most what there is room for.
        let got = unsafe {
            call(
                libc::SYS_read,
                [file, room.as_mut_ptr() as usize, room.len(), 0, 0, 0],
            )
        };
        match got {
            Ok(count) if count > 0 && take(room.get(..count).unwrap_or(&[])) => {}
            Err(libc::EINTR) => {}
            _ => break,
        }
    }
    // SAFETY: the descriptor is ours and is not used again.
    let _ = unsafe { call(libc::SYS_close, [file, 0, 0, 0, 0, 0]) };
}

/// Ends the process by SIGABRT. The program's own handler runs first, as it does for `abort`
/// (crash reporters live there); if it returns, or if there is none, the default action ends
/// the process, and writes a core file where the limits allow.
pub(crate) fn abort() -> ! {
    let thread = thread_id() as usize;
    let process = process_id() as usize;
    let abort_signal = libc::SIGABRT as usize;
    let only: u64 = 1 << (libc::SIGABRT - 1);
    loop {
        change_mask(libc::SIG_UNBLOCK, only);
        // SAFETY: a signal to ourselves.
        let _ = unsafe { call(libc::SYS_tgkill, [process, thread, abort_signal, 0, 0, 0]) };
        default_action(libc::SIGABRT);
    }
}

/// A pointer to memory that we know is mapped.
///
/// # Safety
/// - `at` is not 0.
#[inline(always)]
pub(crate) unsafe fn pointer<T>(at: usize) -> NonNull<T> {
    // SAFETY: passed on to the caller. The provenance is that of the mapping, which came from
    // the kernel as a number and is exposed to the whole program.
    unsafe { NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(at)) }
}

/// Lets other threads run.
pub(crate) fn pause() {
    // SAFETY: changes nothing.
    let _ = unsafe { call(libc::SYS_sched_yield, [0; 6]) };
}

/// Sends the calling thread a signal.
pub(crate) fn raise(signal: i32) {
    // SAFETY: a signal to ourselves.
    let _ = unsafe {
        call(
            libc::SYS_tgkill,
            [
                process_id() as usize,
                thread_id() as usize,
                signal as usize,
                0,
                0,
                0,
            ],
        )
    };
}
