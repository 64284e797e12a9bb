// SPDX-License-Identifier: MIT OR Apache-2.0
//! The system calls by which threads of this process are found and signalled. They are made only where
//! leaks are looked for.

use core::ffi::{c_int, c_void};
use core::sync::atomic::AtomicUsize;

use super::files::{File, Purpose};
use super::{call, machine, process_id};

/// A handler as the kernel calls it.
pub(crate) type Handler = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// What the kernel keeps for a signal (`struct sigaction` of its own, with 64 bits of mask). The C library's
/// function for it refuses the signals that it keeps for itself.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Action {
    pub(crate) handler: usize,
    pub(crate) flags: usize,
    restorer: usize,
    mask: u64,
}

impl Action {
    /// One that runs `handler` with all signals blocked, on the alternate stack where there is one; calls that it
    /// interrupts go on where they can.
    pub(crate) fn of(handler: Handler) -> Action {
        let flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        let (restorer, flag) = machine::signal_return();
        Action {
            handler: handler as usize,
            flags: flags as usize | flag,
            restorer,
            mask: u64::MAX,
        }
    }
}

/// Sets what a signal does; what it did before.
pub(crate) fn set_action(signal: c_int, action: &Action) -> Option<Action> {
    let mut before = Action::default();
    let (new, old) = (
        core::ptr::from_ref(action).expose_provenance(),
        (&raw mut before) as usize,
    );
    // SAFETY: the kernel reads one action and writes one, with masks of 8 bytes.
    unsafe { call(libc::SYS_rt_sigaction, [signal as usize, new, old, 8, 0, 0]) }
        .ok()
        .map(|_| before)
}

/// Sends a thread of this process a signal; `false` if there is no such thread.
pub(crate) fn signal_thread(thread: u32, signal: c_int) -> bool {
    let process = process_id() as usize;
    // SAFETY: whoever sends it has set a handler.
    unsafe {
        call(
            libc::SYS_tgkill,
            [process, thread as usize, signal as usize, 0, 0, 0],
        )
    }
    .is_ok()
}

/// Sleeps while `word` is `value`, so many microseconds at most; may wake for no reason.
pub(crate) fn futex_wait_us(word: &AtomicUsize, value: usize, us: u32) {
    let time = [u64::from(us) / 1_000_000, u64::from(us) % 1_000_000 * 1000];
    let operation = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG) as usize;
    let (at, value, time) = (
        word.as_ptr() as usize,
        value as u32 as usize,
        time.as_ptr() as usize,
    );
    // SAFETY: the kernel only reads the word and one `timespec`.
    let _ = unsafe { call(libc::SYS_futex, [at, operation, value, time, 0, 0]) };
}

/// The threads of this process, as the kernel counts them. `false` where `/proc` is not there.
pub(crate) fn each_thread(mut with: impl FnMut(u32)) -> bool {
    let Ok(list) = File::open(c"/proc/self/task", Purpose::Read) else {
        return false;
    };
    let mut room = [0u64; 256];
    loop {
        let bytes = list.entries(&mut room);
        if bytes.is_empty() {
            return true;
        }
        let mut rest = bytes;
        // `struct linux_dirent64`: inode, offset, 16 bits of length, a type, then the name.
        while let Some(&[low, high]) = rest.get(16..).and_then(<[u8]>::first_chunk) {
            let length = usize::from(u16::from_le_bytes([low, high]));
            let name = rest.get(19..length).unwrap_or(&[]);
            let name = name.split(|&byte| byte == 0).next().unwrap_or(&[]);
            if let Some(thread) = core::str::from_utf8(name).ok().and_then(|n| n.parse().ok()) {
                with(thread);
            }
            match rest.get(length..) {
                Some(next) if length > 0 => rest = next,
                _ => break,
            }
        }
    }
}
