// SPDX-License-Identifier: MIT OR Apache-2.0
//! In a static program, where there is no loader to ask: its one module is our own.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;

#[test]
fn a_static_program_is_walked() {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("static");
    // By cargo, with flags of its own: `RUSTFLAGS` of whoever runs the tests must not come first.
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--locked",
            "--quiet",
            "--example",
            "figures",
            "--target",
            &target,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", &directory)
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static -Copt-level=2")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(built.success());
    let program = directory.join(target).join("debug/examples/figures");
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
