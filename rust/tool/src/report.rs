// SPDX-License-Identifier: MIT OR Apache-2.0
//! `secmalloc report FILE`.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secmalloc_report::history::History;
use secmalloc_report::leaks::Suppressions;
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
    #[command(flatten)]
    leaks: Leaks,
}

/// What is known of leaks, and what is to come of the others.
#[derive(clap::Args)]
pub(crate) struct Leaks {
    /// Leave leaks out by LeakSanitizer's rules: lines `leak:PATTERN`, for functions, source files and modules.
    #[arg(long, value_name = "FILE")]
    suppressions: Option<PathBuf>,
    /// End with this status if the program has lost blocks that nothing suppresses.
    #[arg(long, value_name = "STATUS")]
    leak_exit_status: Option<u8>,
}

pub(crate) fn report(arguments: &Arguments) -> Result<ExitCode, String> {
    let Arguments { file, calls, .. } = arguments;
    let status = show(file, *calls, arguments.most, &arguments.leaks)?;
    Ok(status.unwrap_or(ExitCode::SUCCESS))
}

/// Writes a report to standard output; the status that lost blocks give, if there are any and they are to.
pub(crate) fn show(
    file: &Path,
    calls: bool,
    most: usize,
    leaks: &Leaks,
) -> Result<Option<ExitCode>, String> {
    let suppressions = match &leaks.suppressions {
        None => Suppressions::default(),
        Some(path) => {
            let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
            Suppressions::of(&text).map_err(|error| named(&error))?
        }
    };
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let bytes = std::fs::read(file).map_err(|error| named(&error))?;
    let report = Report::of(&bytes).map_err(|error| named(&error))?;
    let mut to = BufWriter::new(io::stdout().lock());
    let mut lost = false;
    let told = if calls {
        list(&report, &mut to)
    } else {
        let history = History::of(&report);
        let mut teller = Teller::new(&report, &history, Wanted { most, suppressions });
        let told = teller.tell(&mut to);
        lost = teller.lost;
        told
    };
    match told.and_then(|()| to.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other.map_err(|error| format!("standard output: {error}"))?,
    }
    Ok(leaks.leak_exit_status.filter(|_| lost).map(ExitCode::from))
}
