// SPDX-License-Identifier: MIT OR Apache-2.0
//! From values and the table to text: one option's value, what an option accepts, the README's table.

use core::fmt::{self, Write};

use super::table::{Accepts, TABLE};
use super::Options;

impl Options {
    /// Writes the value of the option called `name` as `SECMALLOC_OPTIONS` would have it; `None`
    /// where there is no such option.
    pub fn write_value(&self, name: &[u8], to: &mut dyn Write) -> Option<fmt::Result> {
        let at = TABLE.iter().position(|row| row.name.as_bytes() == name)?;
        let value = self.value(at);
        Some(match TABLE.get(at)?.accepts {
            Accepts::Words(words) => to.write_str(words.get(value as usize).copied().unwrap_or("")),
            Accepts::Number(..) => write!(to, "{value}"),
            Accepts::Path => to.write_str(path(value)),
        })
    }
}

/// What is said of a path, which does not stand here.
fn path(value: u32) -> &'static str {
    if value == 0 {
        "none"
    } else {
        "set"
    }
}

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Accepts::Words(words) => {
                for (place, word) in words.iter().enumerate() {
                    if place > 0 {
                        f.write_char('|')?;
                    }
                    f.write_str(word)?;
                }
                Ok(())
            }
            Accepts::Number(least, most, "") => write!(f, "{least}..{most}"),
            Accepts::Number(least, most, unit) => write!(f, "{least}..{most} {unit}"),
            Accepts::Path => f.write_str("an absolute path"),
        }
    }
}

/// Writes the table as Markdown, for the README.
pub fn write_table(to: &mut dyn Write) -> fmt::Result {
    to.write_str("| option | accepts | default | strict | diagnose | what it does |\n")?;
    to.write_str("|---|---|---|---|---|---|\n")?;
    for (at, row) in TABLE.iter().enumerate() {
        write!(to, "| `{}` | ", row.name)?;
        match row.accepts {
            Accepts::Words(words) => {
                for (place, word) in words.iter().enumerate() {
                    write!(to, "{}`{word}`", if place > 0 { ", " } else { "" })?;
                }
            }
            Accepts::Number(least, most, "") => write!(to, "{least} to {most}")?,
            Accepts::Number(least, most, unit) => write!(to, "{least} to {most} {unit}")?,
            Accepts::Path => to.write_str("an absolute path")?,
        }
        for profile in 0..3 {
            to.write_str(" | ")?;
            let value = Options::of_profile(profile).value(at);
            match row.accepts {
                Accepts::Words(words) => {
                    to.write_str(words.get(value as usize).copied().unwrap_or(""))?;
                }
                Accepts::Number(..) => write!(to, "{value}")?,
                Accepts::Path => to.write_str(path(value))?,
            }
        }
        writeln!(to, " | {} |", row.help)?;
    }
    Ok(())
}
