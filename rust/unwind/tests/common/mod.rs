// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests share: libc's own walk to compare with, C code that is compiled on the spot.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::ffi::{c_int, c_void, CStr, CString};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use secmalloc_unwind::{Entry, Registers, Stack, Walker};

extern "C" {
    fn backtrace(buffer: *mut *mut c_void, size: c_int) -> c_int;
}

/// How often a page was asked about.
pub static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Whether a page can be read: the kernel copies the mask before it looks at `how`, which is none
/// that exists, so that nothing is changed.
pub fn readable(page: usize) -> bool {
    ASKED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: fails in any case, with EFAULT or EINVAL; errno is the test's own.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        libc::syscall(libc::SYS_rt_sigprocmask, !0, page, 0, 8);
        let can = *errno != libc::EFAULT;
        *errno = before;
        can
    }
}

/// Rules of all tests of a program.
pub static CACHE: [Entry; 1024] = [const { Entry::new() }; 1024];

/// One look at the same stack, by libc and by us.
pub struct Looks {
    pub theirs: Vec<usize>,
    pub cold: Vec<usize>,
    pub warm: Vec<usize>,
    pub uncached: Vec<usize>,
    /// How often pages were asked about in the last walk.
    pub asked: usize,
}

/// Walks the stack of its caller. Inlined, since the frames must still be there.
#[inline(always)]
pub fn look() -> Looks {
    let from = Registers::here();
    let mut theirs = [core::ptr::null_mut::<c_void>(); 100];
    // SAFETY: the array is as long as is said.
    let count = unsafe { backtrace(theirs.as_mut_ptr(), 100) };
    look_from(from, &theirs[..count as usize])
}

pub fn look_from(from: Registers, theirs: &[*mut c_void]) -> Looks {
    let stack = Stack::new();
    let walk = |cache: &[Entry]| {
        let mut frames = [0; 100];
        let before = ASKED.load(Ordering::Relaxed);
        let count = Walker::new(cache, readable)
            .in_thread(&stack)
            .walk(from, &mut frames);
        (
            frames[..count].to_vec(),
            ASKED.load(Ordering::Relaxed) - before,
        )
    };
    let (cold, _) = walk(&CACHE);
    let (warm, asked) = walk(&CACHE);
    let (uncached, _) = walk(&[]);
    Looks {
        theirs: theirs.iter().map(|at| at.addr()).collect(),
        cold,
        warm,
        uncached,
        asked,
    }
}

impl Looks {
    /// All walks saw what libc's saw, from the caller of the function that looked on.
    pub fn agree(&self, least: usize) {
        let theirs = &self.theirs[1..];
        assert!(theirs.len() >= least, "libc saw only {}", theirs.len());
        for (what, ours) in [
            ("cold", &self.cold),
            ("warm", &self.warm),
            ("uncached", &self.uncached),
        ] {
            // libc's may write a 0 behind the last.
            let end = theirs
                .iter()
                .position(|at| *at == 0)
                .unwrap_or(theirs.len());
            assert_eq!(&ours[1..], &theirs[..end], "{what}: {}", names(ours));
        }
    }
}

/// For the message of a test that fails.
pub fn names(frames: &[usize]) -> String {
    frames
        .iter()
        .map(|at| format!("\n  {at:#x} {}", name(*at)))
        .collect()
}

/// The exported function that an address is in.
pub fn name(address: usize) -> String {
    // SAFETY: all-zero is a `Dl_info`; libc fills it.
    unsafe {
        let mut info: libc::Dl_info = core::mem::zeroed();
        if libc::dladdr(core::ptr::with_exposed_provenance(address), &mut info) == 0
            || info.dli_sname.is_null()
        {
            return "?".into();
        }
        CStr::from_ptr(info.dli_sname)
            .to_string_lossy()
            .into_owned()
    }
}

/// Compiles a file of `tests/c/` to a shared object.
pub fn compile(source: &str, to: &str, flags: &[&str]) -> PathBuf {
    let object = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(to);
    let done = Command::new("cc")
        .args([
            "-shared",
            "-fPIC",
            "-Wall",
            "-Werror",
            "-Wl,--build-id",
            "-o",
        ])
        .arg(&object)
        .args(flags)
        .arg(
            PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("tests/c")
                .join(source),
        )
        .status()
        .unwrap();
    assert!(done.success());
    object
}

/// A shared object that is loaded.
pub struct Library(*mut c_void);

impl Library {
    pub fn open(path: &std::path::Path) -> Library {
        let path = CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: the path is a C string; the objects' constructors do nothing.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
        // SAFETY: libc's own message.
        assert!(!handle.is_null(), "{:?}", unsafe {
            CStr::from_ptr(libc::dlerror())
        });
        Library(handle)
    }

    pub fn close(self) {
        // SAFETY: opened above, and consumed.
        assert_eq!(unsafe { libc::dlclose(self.0) }, 0);
    }

    pub fn symbol(&self, name: &CStr) -> *mut c_void {
        // SAFETY: a handle and a C string.
        let found = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        assert!(!found.is_null(), "{name:?}");
        found
    }

    /// `void name(void (*callback)(void *), void *)`, which calls back.
    pub fn caller(&self, name: &CStr) -> extern "C" fn(extern "C" fn(*mut c_void), *mut c_void) {
        // SAFETY: all functions of `tests/c/` that tests call are of this type.
        unsafe { core::mem::transmute(self.symbol(name)) }
    }
}

/// Looks into what `to` points to, an `Option<Looks>`.
pub extern "C" fn look_to(to: *mut c_void) {
    let looks = look();
    // SAFETY: what `looks_from` passed through C.
    unsafe { *to.cast::<Option<Looks>>() = Some(looks) };
}

/// Has C code call back, and looks from there.
pub fn looks_from(function: extern "C" fn(extern "C" fn(*mut c_void), *mut c_void)) -> Looks {
    let mut looks: Option<Looks> = None;
    function(look_to, (&raw mut looks).cast());
    looks.unwrap()
}
