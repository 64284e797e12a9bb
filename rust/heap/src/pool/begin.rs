// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the heap begins with: random bytes, and the options.

use secmalloc_policy::options::{self, Options};

use crate::die;
use crate::sys;

/// Random bytes to begin with, and whether the kernel gave them for this. Where it gives none, the
/// 16 bytes that it gave every program at its start must do, mixed with addresses and time.
pub(super) fn seed() -> ([u8; 32], bool) {
    let mut seed = [0; 32];
    if sys::random(&mut seed) {
        return (seed, true);
    }
    let passed = sys::auxiliary(libc::AT_RANDOM);
    if passed != 0 {
        // SAFETY: AT_RANDOM is the address of 16 bytes (getauxval(3)).
        let given = unsafe { sys::pointer::<[u8; 16]>(passed).as_ref() };
        for (byte, &from) in seed.iter_mut().zip(given) {
            *byte = from;
        }
    }
    let rest = [
        sys::thread_cpu_us(),
        u64::from(sys::process_id()) << 32 | (&raw const seed).addr() as u64,
    ];
    for (byte, from) in seed
        .iter_mut()
        .skip(16)
        .zip(rest.iter().flat_map(|n| n.to_le_bytes()))
    {
        *byte = from;
    }
    (seed, false)
}

/// A fresh seed for a thread's generator.
pub(crate) fn fresh_seed() -> [u8; 32] {
    seed().0
}

/// The options; what cannot be taken of them is said at once.
pub(super) fn read_options() -> Options {
    if sys::auxiliary(libc::AT_SECURE) != 0 {
        return Options::default();
    }
    with_variable(options::VARIABLE.as_bytes(), |text| {
        Options::parse(text.unwrap_or(&[]), |complaint| die::say(&complaint))
    })
}

/// Does something with the value of a variable of the environment.
#[inline(never)]
pub(crate) fn with_variable<T>(name: &[u8], work: impl FnOnce(Option<&[u8]>) -> T) -> T {
    match sys::environment(name) {
        Ok(text) => work(text),
        Err(_) => with_early_variable(name, work),
    }
}

/// Called before the C library set itself up: what the kernel was given still counts. Of an
/// environment larger than this, only the first part does.
#[cold]
#[inline(never)]
fn with_early_variable<T>(name: &[u8], work: impl FnOnce(Option<&[u8]>) -> T) -> T {
    let (mut room, mut all, mut length) = ([0; 4096], [0; 16 << 10], 0);
    sys::read_file(c"/proc/self/environ", &mut room, |piece| {
        let Some(to) = all.get_mut(length..length + piece.len()) else {
            return false;
        };
        to.copy_from_slice(piece);
        length += piece.len();
        true
    });
    work(
        all[..length]
            .split(|&byte| byte == 0)
            .find_map(|entry| sys::value_of(entry, name)),
    )
}
