// SPDX-License-Identifier: MIT OR Apache-2.0
//! The decisions of secmalloc, apart from the memory they are about.
//!
//! Nothing here touches memory that it was not handed as a reference, calls the system, or
//! allocates; all of it can be tested on any machine. The heap asks, this crate answers:
//!
//! | question | module |
//! |---|---|
//! | what does the caller want, and can it be had at all? | [`request`] |
//! | which slot size holds it? | [`size_class`] |
//! | where do regions lie, and where do guards? | [`layout`] |
//! | may a slot move from this state to that one? | [`slot_state`] |
//! | how long does a freed slot rest? | [`quarantine`] |
//! | which random number is next? | [`random`] |
//! | what went wrong, and how is it said? | [`fault`], [`message`] |
//! | what did the user ask for? | [`options`] |
//! | is this leak one that is known? | [`suppressions`] |
//! | does this memory hold a secret that is not kept anywhere? | [`residue`] |
//! | what are the bytes of an execution report? | [`trace_format`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::panic
    )
)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod fault;
pub mod layout;
pub mod message;
pub mod options;
pub mod quarantine;
pub mod random;
pub mod request;
pub mod residue;
pub mod size_class;
pub mod slot_state;
pub mod suppressions;
pub mod trace_format;
