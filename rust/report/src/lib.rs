// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads execution reports.
//!
//! | question | module |
//! |---|---|
//! | which chunks of the file are sound? | [`chunks`] |
//! | what do all the records say together? | [`report`] |
//! | which calls were there, in the order of time? | [`calls`] |
//! | what happened to blocks? | [`history`] |
//! | which leaks are one, and which are known? | [`leaks`] |
//! | what is at this address of that file? | [`symbols`] |
//! | how is it said to people? | [`text`] |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod calls;
pub mod chunks;
pub mod history;
pub mod leaks;
pub mod report;
pub mod symbols;
pub mod text;
