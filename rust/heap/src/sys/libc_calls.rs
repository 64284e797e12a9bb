// SPDX-License-Identifier: MIT OR Apache-2.0
//! The few things that only the C library can do: notice the end of a thread, a fork, a signal;
//! know the environment. None of these functions allocates.

use core::ffi::{c_char, c_int, c_void, CStr};

/// Calls `at_end` in every thread that has a heap, as it ends. `None` when the process has no
/// keys left: heaps of finished threads are then not reused.
pub(crate) fn on_thread_end(at_end: unsafe extern "C" fn(*mut c_void)) -> Option<u32> {
    let mut key = 0;
    // SAFETY: `key` is written by the call.
    let result = unsafe { libc::pthread_key_create(&raw mut key, Some(at_end)) };
    (result == 0).then_some(key)
}

/// Marks the calling thread, so that its end is noticed.
pub(crate) fn notice_thread_end(key: u32, value: usize) -> bool {
    // SAFETY: the key was made by `on_thread_end`; the value is only handed back to its function.
    unsafe { libc::pthread_setspecific(key, core::ptr::with_exposed_provenance(value)) == 0 }
}

/// Calls these functions around every `fork`.
pub(crate) fn on_fork(
    prepare: unsafe extern "C" fn(),
    parent: unsafe extern "C" fn(),
    child: unsafe extern "C" fn(),
) {
    // SAFETY: the functions live as long as the library, which is never unloaded.
    unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
}

/// A value of the auxiliary vector.
pub(crate) fn auxiliary(kind: u64) -> usize {
    // SAFETY: reads what the kernel passed at start.
    unsafe { libc::getauxval(kind as libc::c_ulong) as usize }
}

/// The path by which the program was executed.
pub(crate) fn started_as() -> &'static [u8] {
    let path = auxiliary(libc::AT_EXECFN);
    if path == 0 {
        return b"?";
    }
    // SAFETY: AT_EXECFN is the address of a C string that the kernel put there (getauxval(3)).
    unsafe { CStr::from_ptr(core::ptr::with_exposed_provenance(path)) }.to_bytes()
}

/// Takes a signal over, if the program has left it at its default.
pub(crate) fn handle_if_default(
    signal: c_int,
    handler: unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void),
) {
    // SAFETY: all-zero is a valid `sigaction`: default action, no flags, empty mask.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    // SAFETY: asks for the present action only.
    let asked = unsafe { libc::sigaction(signal, core::ptr::null(), &raw mut action) };
    if asked != 0 || action.sa_sigaction != libc::SIG_DFL {
        return;
    }
    action.sa_sigaction = handler as usize;
    // On the alternate stack where the program has one: the stack itself may be what overflowed.
    // Not SA_NODEFER: a fault in the handler, on an alternate stack that is too small even for it,
    // ends the process, and does not begin the handler anew for ever.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler has the form that SA_SIGINFO demands.
    unsafe { libc::sigaction(signal, &raw const action, core::ptr::null_mut()) };
}

/// Gives a signal back its default action.
pub(crate) fn default_action(signal: c_int) {
    // SAFETY: all-zero is the default action.
    unsafe {
        let action: libc::sigaction = core::mem::zeroed();
        libc::sigaction(signal, &raw const action, core::ptr::null_mut());
    }
}

extern "C" {
    static environ: *const *const c_char;
}

/// Calls `with` for each program file in memory, until it answers `false`. The loader adds and removes none
/// meanwhile, and no thread that is stopped meanwhile is in the middle of that; may be called in `with`.
pub(crate) fn each_module<F: FnMut(&libc::dl_phdr_info) -> bool>(with: &mut F) {
    unsafe extern "C" fn one<F: FnMut(&libc::dl_phdr_info) -> bool>(
        info: *mut libc::dl_phdr_info,
        _: libc::size_t,
        with: *mut c_void,
    ) -> c_int {
        // SAFETY: the loader's, for the time of this call; and what was passed to `dl_iterate_phdr`, which nobody else
        // uses meanwhile.
        let (info, with) = unsafe { (&*info, &mut *with.cast::<F>()) };
        c_int::from(!with(info))
    }
    // SAFETY: `one` has the form that is wanted, and `with` lives until this returns.
    unsafe { libc::dl_iterate_phdr(Some(one::<F>), core::ptr::from_mut(with).cast()) };
}

extern "C" {
    fn __cxa_atexit(
        function: unsafe extern "C" fn(*mut c_void),
        argument: *mut c_void,
        object: *mut c_void,
    ) -> c_int;
}

/// Calls a function when all destructors have run. To be called at exit, from what the loader calls: what is
/// registered then runs last (with glibc; another C library may leave it out). It is called at once where no
/// memory is left to note it.
pub(crate) fn at_the_very_end(function: unsafe extern "C" fn(*mut c_void)) {
    // SAFETY: a function of ours, which takes any argument; noting it may allocate, and no lock of ours is held.
    unsafe {
        if __cxa_atexit(function, core::ptr::null_mut(), core::ptr::null_mut()) != 0 {
            function(core::ptr::null_mut());
        }
    }
}

/// Has the process end with this status, when all that `exit` does is done. To be called at exit, from what
/// the loader calls: what is registered then runs last, and flushes what it comes before.
pub(crate) fn end_with(status: c_int) {
    unsafe extern "C" fn leave(status: *mut c_void) {
        // SAFETY: within `exit`, glibc's goes on where it was, and what is left is to write buffers out.
        unsafe { libc::exit(status.addr() as c_int) }
    }
    let status = core::ptr::without_provenance_mut(status as usize);
    // SAFETY: the function and its argument are as wanted; it may allocate, and no lock of ours is held.
    unsafe { __cxa_atexit(leave, status, core::ptr::null_mut()) };
}

/// The value of a variable in the C library's environment; `Err` before there is one.
pub(crate) fn environment(name: &[u8]) -> Result<Option<&'static [u8]>, NotYet> {
    // SAFETY: the C library's variable; before its start-up code ran it is null.
    let mut entry = unsafe { environ };
    if entry.is_null() {
        return Err(NotYet);
    }
    loop {
        // SAFETY: the list ends with a null pointer, at which we stop.
        let text = unsafe { *entry };
        if text.is_null() {
            return Ok(None);
        }
        // SAFETY: every entry is a C string.
        let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
        if let Some(value) = value_of(bytes, name) {
            return Ok(Some(value));
        }
        // SAFETY: not yet at the end.
        entry = unsafe { entry.add(1) };
    }
}

/// The C library has not set up the environment yet.
pub(crate) struct NotYet;

/// The value, if `entry` is `name=value`.
pub(crate) fn value_of<'a>(entry: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    entry.strip_prefix(name)?.strip_prefix(b"=")
}
