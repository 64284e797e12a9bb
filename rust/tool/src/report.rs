// SPDX-License-Identifier: MIT OR Apache-2.0
//! `secmalloc report FILE`.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secmalloc_report::history::History;
use secmalloc_report::report::Report;
use secmalloc_report::text::{list, Teller, Wanted};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The file that MSM_OUTPUT named.
    file: PathBuf,
    /// A line for each call, in the order of time, instead.
    #[arg(long)]
    calls: bool,
    /// Show at most so many call sites and leaks.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    most: usize,
}

pub(crate) fn report(arguments: &Arguments) -> Result<ExitCode, String> {
    show(&arguments.file, arguments.calls, arguments.most)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a report to standard output.
pub(crate) fn show(file: &Path, calls: bool, most: usize) -> Result<(), String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let bytes = std::fs::read(file).map_err(|error| named(&error))?;
    let report = Report::of(&bytes).map_err(|error| named(&error))?;
    let mut to = BufWriter::new(io::stdout().lock());
    let told = if calls {
        list(&report, &mut to)
    } else {
        let history = History::of(&report);
        Teller::new(&report, &history, Wanted { most }).tell(&mut to)
    };
    match told.and_then(|()| to.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| format!("standard output: {error}")),
    }
}
