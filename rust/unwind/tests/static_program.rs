// SPDX-License-Identifier: MIT OR Apache-2.0
//! In a static program, where there is no loader to ask: its one module is our own.
#![allow(missing_docs, clippy::unwrap_used)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn a_static_program_is_walked() {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("static");
    let flags = "-Ctarget-feature=+crt-static";
    // The library by cargo, with flags of its own; the example without it, which would have
    // everything compiled that tests need.
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--quiet", "--lib", "--target", &target])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", &directory)
        .env("RUSTFLAGS", flags)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(built.success());
    let made = directory.join(target).join("debug");
    let program = made.join("figures");
    let mut library = OsString::from("secmalloc_unwind=");
    library.push(made.join("libsecmalloc_unwind.rlib"));
    let built = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
        .args([
            "--edition=2021",
            "-Cpanic=abort",
            flags,
            "examples/figures.rs",
            "-o",
        ])
        .arg(&program)
        .arg("--extern")
        .arg(library)
        .arg("-L")
        .arg(made.join("deps"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success());
    let headers = Command::new("readelf")
        .arg("-lW")
        .arg(&program)
        .output()
        .unwrap();
    assert!(
        !String::from_utf8_lossy(&headers.stdout).contains("INTERP"),
        "not static"
    );
    assert!(Command::new(&program)
        .arg("compare")
        .status()
        .unwrap()
        .success());
}
