// SPDX-License-Identifier: MIT OR Apache-2.0
//! Functions that a program may have in the place of ours, as the program sees them.

/// A function as the program calls it, and the address of ours.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Replaceable<F: Copy> {
    called: F,
    own: usize,
}

impl<F: Copy> Replaceable<F> {
    /// The program's own, if it has one.
    #[inline(always)]
    pub(crate) fn replaced(&self) -> Option<F> {
        // SAFETY: a function pointer has the size of an address, and is read as one. Function
        // pointers are not compared as such: the compiler may hold two functions for one.
        let called = unsafe { (&raw const self.called).cast::<usize>().read() };
        (called != self.own).then_some(self.called)
    }
}
