// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of threads, each kept once: a thread may have ended when something is to be said of it.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Different names that are kept.
const MOST: usize = 256;

/// All zero is none.
pub(super) struct Names {
    entries: [Entry; MOST],
}

struct Entry {
    state: AtomicU32,
    words: [AtomicU64; 2],
}

const EMPTY: u32 = 0;
const BEING_WRITTEN: u32 = 1;
const READY: u32 = 2;

impl Names {
    /// The number of a name, 0 where there is no room for it.
    pub(super) fn number(&self, name: [u8; 16]) -> u32 {
        let (low, high) = (
            u128::from_ne_bytes(name) as u64,
            u128::from_ne_bytes(name) >> 64,
        );
        let name = [low, high as u64];
        for (place, entry) in self.entries.iter().enumerate() {
            let number = place as u32 + 1;
            // Acquire: the words were written before.
            match entry.state.load(Ordering::Acquire) {
                READY if entry.is(name) => return number,
                EMPTY => {
                    let ours = entry.state.compare_exchange(
                        EMPTY,
                        BEING_WRITTEN,
                        Ordering::Relaxed,
                        Ordering::Relaxed,
                    );
                    if ours.is_ok() {
                        for (to, from) in entry.words.iter().zip(name) {
                            to.store(from, Ordering::Relaxed);
                        }
                        entry.state.store(READY, Ordering::Release);
                        return number;
                    }
                }
                // Another one, or one that another thread writes: at worst the name is kept twice.
                _ => {}
            }
        }
        0
    }

    /// The name with a number, filled up with zeros.
    pub(super) fn name(&self, number: u32) -> Option<[u8; 16]> {
        let entry = self.entries.get(number.checked_sub(1)? as usize)?;
        (entry.state.load(Ordering::Acquire) == READY).then(|| {
            let [low, high] = entry.get();
            (u128::from(low) | u128::from(high) << 64).to_ne_bytes()
        })
    }
}

impl Entry {
    fn get(&self) -> [u64; 2] {
        [0, 1].map(|at: usize| self.words[at].load(Ordering::Relaxed))
    }

    fn is(&self, name: [u64; 2]) -> bool {
        self.get() == name
    }
}
