// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stacks of many shapes, walked by us and by libc's `backtrace`, frame for frame.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::ffi::CStr;
use std::sync::{Mutex, OnceLock};

use common::{compile, looks_from, name, Library, Looks};

/// Signals and `ASKED` are the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

struct Shared(Vec<(&'static str, Library)>);

// SAFETY: handles of the loader may be used in any thread.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// The same calls, compiled in several ways.
fn each(name: &CStr, check: impl Fn(&str, Looks)) {
    static BUILDS: OnceLock<Shared> = OnceLock::new();
    let _alone = ALONE.lock().unwrap_or_else(|broken| broken.into_inner());
    let builds = BUILDS.get_or_init(|| {
        let builds: [(&str, &[&str]); 4] = [
            ("no_fp.so", &["-O2", "-fomit-frame-pointer"]),
            ("fp.so", &["-O2", "-fno-omit-frame-pointer"]),
            ("plain.so", &["-O0"]),
            (
                "no_tables.so",
                &[
                    "-O0",
                    "-fno-omit-frame-pointer",
                    "-fno-asynchronous-unwind-tables",
                    "-fno-unwind-tables",
                ],
            ),
        ];
        Shared(
            builds
                .map(|(to, flags)| (to, Library::open(&compile("calls.c", to, flags))))
                .into(),
        )
    });
    for (how, library) in &builds.0 {
        check(how, looks_from(library.caller(name)));
    }
}

/// As libc's walk, which can do nothing without tables.
fn like_libc(function: &CStr, least: usize, asked: usize) {
    each(function, |how, looks| {
        if how == "no_tables.so" {
            return;
        }
        println!("{how}: {} frames", looks.cold.len());
        looks.agree(least);
        assert!(looks.asked <= asked, "{how}: asked {} times", looks.asked);
    });
}

#[test]
fn frames_of_all_shapes() {
    like_libc(c"many_registers", 8, 0);
}

#[test]
fn through_the_c_library() {
    like_libc(c"sorted", 10, 0);
}

#[test]
fn deep() {
    like_libc(c"deep", 40, 0);
}

#[test]
fn in_a_thread_of_16_kib() {
    like_libc(c"in_small_thread", 7, 0);
}

#[test]
fn in_a_coroutine_whose_stack_is_a_block() {
    like_libc(c"in_coroutine", 6, 4);
}

#[test]
fn in_a_signal_handler() {
    like_libc(c"in_handler", 8, 0);
}

#[test]
fn in_a_signal_handler_on_another_stack() {
    like_libc(c"on_other_stack", 8, 6);
}

/// Without tables, by frame pointers, up to the first function that keeps none.
#[test]
fn without_tables() {
    each(c"many_registers", |how, looks| {
        if how != "no_tables.so" {
            return;
        }
        let names: Vec<_> = looks.cold[1..=5].iter().map(|at| name(*at)).collect();
        assert_eq!(
            names,
            [
                "plain",
                "large",
                "unknown_size",
                "realigned",
                "many_registers"
            ]
        );
        assert_eq!(looks.cold, looks.warm);
        assert_eq!(looks.cold, looks.uncached);
    });
}
