// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command `secmalloc`: arguments in, work of others, exit status out.
//!
//! Exit status: 0 for success, 1 where the work failed, 2 for arguments that are not understood; `run` ends as
//! its program did.

mod report;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs programs on the heap of secmalloc and reads their execution reports.
#[derive(Parser)]
#[command(name = "secmalloc", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show an execution report: faults, calls, leaks, with names of functions and lines.
    Report(report::Arguments),
    /// Run a program on the heap of secmalloc, and show its execution report.
    Run(run::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Report(arguments) => report::report(&arguments),
        Command::Run(arguments) => run::run(&arguments),
    };
    done.unwrap_or_else(|complaint| {
        eprintln!("secmalloc: {complaint}");
        ExitCode::FAILURE
    })
}
