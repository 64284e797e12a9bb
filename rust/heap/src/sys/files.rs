// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system calls of the execution report: files and what is known of processes. They are made only where
//! a report is written.

use core::ffi::CStr;
use core::mem::{size_of_val, MaybeUninit};

use super::call;

/// `errno` of a call that failed.
pub(crate) type Errno = i32;

/// An open file, closed when it goes.
pub(crate) struct File(usize);

/// What a file is opened for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// To be looked at and written from the start; made if it is not there.
    Own,
    /// To be written on; it must be there.
    Continue,
    /// To be added to at its end; made if it is not there.
    Append,
    /// To be read.
    Read,
    /// To be written; it must not be there, not even as a link to nowhere.
    New,
}

impl File {
    pub(crate) fn open(path: &CStr, purpose: Purpose) -> Result<File, Errno> {
        const MODE: usize = 0o600;
        let how = match purpose {
            Purpose::Own => libc::O_RDWR | libc::O_CREAT,
            Purpose::Continue => libc::O_RDWR,
            Purpose::Append => libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND,
            Purpose::Read => libc::O_RDONLY,
            Purpose::New => libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW,
        };
        let flags = (how | libc::O_CLOEXEC | libc::O_NOCTTY) as usize;
        let here = libc::AT_FDCWD as usize;
        // SAFETY: the path is a C string; opening changes nothing of ours.
        unsafe {
            call(
                libc::SYS_openat,
                [here, path.as_ptr() as usize, flags, MODE, 0, 0],
            )
        }
        .map(File)
    }

    /// Waits until no other process has the lock, and takes it until the file is closed.
    pub(crate) fn lock(&self) {
        // SAFETY: changes nothing in memory. Where files cannot be locked, nobody can.
        let _ = unsafe {
            call(
                libc::SYS_flock,
                [self.0, libc::LOCK_EX as usize, 0, 0, 0, 0],
            )
        };
    }

    /// Reads from the file's start; the bytes read.
    pub(crate) fn read_start<'a>(&self, room: &'a mut [u8]) -> &'a [u8] {
        let (at, size) = (room.as_mut_ptr() as usize, room.len());
        // SAFETY: the kernel writes at most what there is room for.
        let got = unsafe { call(libc::SYS_pread64, [self.0, at, size, 0, 0, 0]) };
        room.get(..got.unwrap_or(0)).unwrap_or(&[])
    }

    /// Reads from a place in the file; the bytes read.
    pub(crate) fn read_at<'a>(&self, place: usize, room: &'a mut [u8]) -> &'a [u8] {
        let (at, size) = (room.as_mut_ptr() as usize, room.len());
        // SAFETY: the kernel writes at most what there is room for.
        let got = unsafe { call(libc::SYS_pread64, [self.0, at, size, place, 0, 0]) };
        room.get(..got.unwrap_or(0)).unwrap_or(&[])
    }

    /// The next entries of a directory, as the kernel writes them; none at its end.
    pub(crate) fn entries<'a>(&self, room: &'a mut [u64]) -> &'a [u8] {
        let (at, size) = (room.as_mut_ptr(), size_of_val(room));
        // SAFETY: the kernel writes at most what there is room for.
        let got = unsafe { call(libc::SYS_getdents64, [self.0, at as usize, size, 0, 0, 0]) };
        // SAFETY: so many bytes of the room, at most all.
        unsafe { core::slice::from_raw_parts(at.cast(), got.unwrap_or(0).min(size)) }
    }

    /// Takes everything out.
    pub(crate) fn empty(&self) -> Result<(), Errno> {
        // SAFETY: a file of ours.
        unsafe { call(libc::SYS_ftruncate, [self.0, 0, 0, 0, 0, 0]) }.map(|_| ())
    }

    /// Makes sure that there is room on the disk for a range, which reads as zero. Where the file system
    /// cannot promise that, the file just becomes as long.
    pub(crate) fn reserve(&self, at: usize, size: usize) -> Result<(), Errno> {
        // SAFETY: a file of ours.
        match unsafe { call(libc::SYS_fallocate, [self.0, 0, at, size, 0, 0]) } {
            Err(libc::EOPNOTSUPP | libc::ENOSYS) => {
                // SAFETY: as above; nobody has taken what follows, which would be cut off.
                unsafe { call(libc::SYS_ftruncate, [self.0, at + size, 0, 0, 0, 0]) }.map(|_| ())
            }
            other => other.map(|_| ()),
        }
    }

    /// The pages of a range, shared with the file.
    pub(crate) fn map(&self, at: usize, size: usize) -> Result<usize, Errno> {
        let access = (libc::PROT_READ | libc::PROT_WRITE) as usize;
        let shared = libc::MAP_SHARED as usize;
        // SAFETY: a new mapping changes nothing that exists.
        unsafe { call(libc::SYS_mmap, [0, size, access, shared, self.0, at]) }
    }

    /// Writes all bytes, or says why not.
    pub(crate) fn write_whole(&self, mut bytes: &[u8]) -> Result<(), Errno> {
        while !bytes.is_empty() {
            let (at, length) = (bytes.as_ptr() as usize, bytes.len());
            // SAFETY: the kernel only reads the bytes.
            match unsafe { call(libc::SYS_write, [self.0, at, length, 0, 0, 0]) } {
                Ok(0) => return Err(libc::EIO),
                Ok(count) => bytes = bytes.get(count..).unwrap_or(&[]),
                Err(libc::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Writes bytes with one `write`, or more if the kernel takes only a part.
    pub(crate) fn write(&self, bytes: &[u8]) {
        super::write_all(self.0 as i32, bytes);
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours and is not used again.
        let _ = unsafe { call(libc::SYS_close, [self.0, 0, 0, 0, 0, 0]) };
    }
}

/// Gives a file another name, if there is nothing of that name.
pub(crate) fn link(from: &CStr, to: &CStr) -> Result<(), Errno> {
    let here = libc::AT_FDCWD as usize;
    let (from, to) = (from.as_ptr() as usize, to.as_ptr() as usize);
    // SAFETY: both are C strings; nothing of ours changes.
    unsafe { call(libc::SYS_linkat, [here, from, here, to, 0, 0]) }.map(|_| ())
}

/// Takes a name away.
pub(crate) fn unlink(path: &CStr) {
    let (here, path) = (libc::AT_FDCWD as usize, path.as_ptr() as usize);
    // SAFETY: a C string; nothing of ours changes.
    let _ = unsafe { call(libc::SYS_unlinkat, [here, path, 0, 0, 0, 0]) };
}

/// Has a mapping read as zero in forked children. `false` before Linux 4.14.
///
/// # Safety
/// - The range is ours, private and anonymous.
pub(crate) unsafe fn wipe_on_fork(at: usize, size: usize) -> bool {
    // SAFETY: passed on to the caller.
    unsafe { super::advise(at, size, libc::MADV_WIPEONFORK) }
}

/// The parent of this process.
pub(crate) fn parent_id() -> u32 {
    // SAFETY: changes nothing.
    unsafe { call(libc::SYS_getppid, [0; 6]) }.unwrap_or(0) as u32
}

/// The name of the calling thread, ended by a zero.
pub(crate) fn thread_name() -> [u8; 16] {
    let mut name = [0; 16];
    let (what, to) = (libc::PR_GET_NAME as usize, name.as_mut_ptr() as usize);
    // SAFETY: the kernel writes 16 bytes.
    let _ = unsafe { call(libc::SYS_prctl, [what, to, 0, 0, 0, 0]) };
    name
}

/// The working directory, without its terminating zero.
pub(crate) fn working_directory(room: &mut [u8]) -> Option<&[u8]> {
    let (at, size) = (room.as_mut_ptr() as usize, room.len());
    // SAFETY: the kernel writes at most what there is room for.
    let length = unsafe { call(libc::SYS_getcwd, [at, size, 0, 0, 0, 0]) }.ok()?;
    // A directory out of reach is given without a leading slash.
    room.get(..length.checked_sub(1)?)
        .filter(|path| path.starts_with(b"/"))
}

/// Where a symbolic link leads.
pub(crate) fn link_target<'a>(path: &CStr, room: &'a mut [u8]) -> &'a [u8] {
    let (at, size) = (room.as_mut_ptr() as usize, room.len());
    let (here, path) = (libc::AT_FDCWD as usize, path.as_ptr() as usize);
    // SAFETY: the kernel writes at most what there is room for.
    let got = unsafe { call(libc::SYS_readlinkat, [here, path, at, size, 0, 0]) };
    room.get(..got.unwrap_or(0)).unwrap_or(&[])
}

/// Nanoseconds of a clock.
pub(crate) fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the C library writes one `timespec`; it asks the kernel's shared page, which takes a tenth of
    // a system call, and neither allocates nor fails for clocks that exist. All zero is a `timespec`.
    let time = unsafe {
        libc::clock_gettime(clock, time.as_mut_ptr());
        time.assume_init()
    };
    (time.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.tv_nsec as u64)
}

/// Whether the page at an address can be read. The kernel looks at a signal set there before it finds that
/// what it is to do with it makes no sense (`EFAULT`, else `EINVAL`; Linux, kernel/signal.c).
pub(crate) fn is_readable(page: usize) -> bool {
    const NONSENSE: usize = usize::MAX;
    // SAFETY: the kernel reads 8 bytes, if it can, and changes nothing.
    let answer = unsafe { call(libc::SYS_rt_sigprocmask, [NONSENSE, page, 0, 8, 0, 0]) };
    answer != Err(libc::EFAULT)
}
