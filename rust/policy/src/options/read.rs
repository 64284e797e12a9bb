// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the option string to values, and what is said of a piece that is none.

use core::fmt::{self, Write};

use super::table::{row, Accepts, Row, TABLE};
use super::Options;

/// Why a piece of the option string was not taken.
#[derive(Debug, Clone, Copy)]
pub enum Complaint<'a> {
    /// There is no option of this name.
    UnknownName(&'a [u8]),
    /// The option does not accept this.
    BadValue(&'static Row, &'a [u8]),
    /// No `=`.
    NoValue(&'a [u8]),
}

impl Options {
    /// Reads an option string; calls `complain` for each piece that is not taken, whose option
    /// then keeps its default.
    pub fn parse<'a>(text: &'a [u8], mut complain: impl FnMut(Complaint<'a>)) -> Options {
        let mut options = Options::default();
        for (from, piece) in pieces(text) {
            if let Ok((row::PROFILE, profile)) = parse_piece(from, piece) {
                options = Options::of_profile(profile as usize);
            }
        }
        for (from, piece) in pieces(text) {
            match parse_piece(from, piece) {
                Ok((at, value)) => {
                    if let Some(place) = options.values.get_mut(at) {
                        *place = value;
                    }
                }
                Err(complaint) => complain(complaint),
            }
        }
        options
    }
}

/// The pieces of a string, and where each begins.
fn pieces(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0usize;
    text.split(|&byte| byte == b':')
        .map(move |piece| {
            let from = next;
            next = from.saturating_add(piece.len()).saturating_add(1);
            (from, piece)
        })
        .filter(|(_, piece)| !piece.is_empty())
}

fn parse_piece(from: usize, piece: &[u8]) -> Result<(usize, u32), Complaint<'_>> {
    let Some(equals) = piece.iter().position(|&byte| byte == b'=') else {
        return Err(Complaint::NoValue(piece));
    };
    let (name, rest) = piece.split_at(equals);
    let value = rest.get(1..).unwrap_or(&[]);
    for (at, row) in TABLE.iter().enumerate() {
        if row.name.as_bytes() == name {
            let from = from.saturating_add(equals).saturating_add(1);
            return match row.accepts.parse(from, value) {
                Some(number) => Ok((at, number)),
                None => Err(Complaint::BadValue(row, value)),
            };
        }
    }
    Err(Complaint::UnknownName(name))
}

impl Accepts {
    fn parse(&self, from: usize, value: &[u8]) -> Option<u32> {
        match *self {
            Accepts::Words(words) => words
                .iter()
                .position(|word| word.as_bytes() == value)
                .map(|place| place as u32),
            Accepts::Number(least, most, _) => {
                let number: u32 = core::str::from_utf8(value).ok()?.parse().ok()?;
                (least..=most).contains(&number).then_some(number)
            }
            Accepts::Path if value.starts_with(b"/") => super::Span::pack(from, value.len()),
            Accepts::Path => None,
        }
    }
}

/// Bytes from the environment, shown without trusting them: no control characters reach a
/// terminal.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in self.0.iter().take(40) {
            f.write_char(if byte.is_ascii_graphic() {
                char::from(byte)
            } else {
                '?'
            })?;
        }
        if self.0.len() > 40 {
            f.write_str("...")?;
        }
        Ok(())
    }
}

impl fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Complaint::BadValue(row, value) => write!(
                f,
                "option: `{}` is not a value of {}: it accepts {}; the default stays",
                Shown(value),
                row.name,
                row.accepts
            ),
            Complaint::UnknownName(name) | Complaint::NoValue(name) => {
                match self {
                    Complaint::NoValue(_) => {
                        write!(f, "option: `{}` has no value (name=value)", Shown(name))?;
                    }
                    _ => write!(f, "option: there is no `{}`", Shown(name))?,
                }
                f.write_str("; there are")?;
                for row in &TABLE {
                    write!(f, " {}", row.name)?;
                }
                Ok(())
            }
        }
    }
}
