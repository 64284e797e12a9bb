// SPDX-License-Identifier: MIT OR Apache-2.0
//! `secmalloc run -- PROGRAM`.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the execution report goes [default: a temporary file, shown and removed].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What is recorded.
    #[arg(long, value_parser = ["summary", "calls", "stacks"], default_value = "stacks")]
    trace: String,
    /// The library [default: beside this command, in ../lib, or where the dynamic loader finds it].
    #[arg(long, value_name = "FILE", env = "SECMALLOC_LIBRARY")]
    library: Option<PathBuf>,
    #[command(flatten)]
    leaks: super::report::Leaks,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<OsString>,
}

const LIBRARY: &str = "libsecmalloc.so";

/// Where the library is: as it was installed with this command, or by name.
fn library() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|own| {
        let bin = own.parent()?.to_path_buf();
        let prefix = bin.parent()?.to_path_buf();
        let multiarch = format!("lib/{}-linux-gnu", std::env::consts::ARCH);
        [
            bin,
            prefix.join("lib"),
            prefix.join("lib64"),
            prefix.join(multiarch),
        ]
        .into_iter()
        .map(|directory| directory.join(LIBRARY))
        .find(|path| path.is_file())
    });
    beside.unwrap_or_else(|| LIBRARY.into())
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let library = arguments.library.clone().unwrap_or_else(library);
    let temporary = std::env::temp_dir().join(format!("secmalloc-{}.msm", std::process::id()));
    let output = arguments.output.as_ref().unwrap_or(&temporary);
    let options = match std::env::var("SECMALLOC_OPTIONS") {
        Ok(given) if !given.is_empty() => format!("trace={}:{given}", arguments.trace),
        _ => format!("trace={}", arguments.trace),
    };
    let mut preload = library.into_os_string();
    if let Some(others) = std::env::var_os("LD_PRELOAD").filter(|others| !others.is_empty()) {
        preload.push(":");
        preload.push(others);
    }
    let Some((program, rest)) = arguments.program.split_first() else {
        return Err("no program was named".into());
    };
    let status = Command::new(program)
        .args(rest)
        .env("LD_PRELOAD", preload)
        .env("MSM_OUTPUT", output)
        .env("SECMALLOC_OPTIONS", options)
        .status()
        .map_err(|error| format!("{}: {error}", program.to_string_lossy()))?;
    if arguments.output.is_none() {
        let shown = super::report::show(output, false, 10, &arguments.leaks);
        let _ = std::fs::remove_file(output);
        if let (Some(lost), true) = (shown?, status.success()) {
            return Ok(lost);
        }
    }
    // As a shell says it.
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
