// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names for addresses: function, file and line, from the files that were loaded, or from their separate debug
//! files.
//!
//! Debug files are looked for where gdb does (Debugging with GDB, "Debugging Information in Separate Files"):
//! `/usr/lib/debug/.build-id/xx/yyyy.debug` by build id, then by the name in `.gnu_debuglink` beside the
//! file, in `.debug` there, and in `/usr/lib/debug`. Nothing is fetched from elsewhere.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use addr2line::Loader;
use object::{Object, ObjectSymbol};
use secmalloc_policy::trace_format::note::Frame;

use crate::report::Module;

/// A function, and the place in it. Of inlined calls, each is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Symbol {
    /// The function's name, readable.
    pub function: Option<String>,
    /// Source file and line.
    pub place: Option<(String, u32)>,
}

/// The files of one report's modules.
#[derive(Default)]
pub struct Symbols {
    files: HashMap<PathBuf, Option<Opened>>,
    known: HashMap<(PathBuf, u64), Vec<Symbol>>,
    /// What could not be read, and why: once for each file.
    pub complaints: Vec<String>,
}

struct Opened {
    lines: Option<Loader>,
    /// Functions of the symbol table, by address: all that a file without debug information has.
    functions: Vec<(u64, u64, String)>,
}

const DEBUG: &str = "/usr/lib/debug";

/// The debug file of a build id.
fn by_build_id(id: &[u8]) -> Option<PathBuf> {
    let (first, rest) = id.split_first()?;
    let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(PathBuf::from(format!(
        "{DEBUG}/.build-id/{first:02x}/{rest}.debug"
    )))
}

/// Files that may hold the debug information of `path`, the likeliest first.
fn candidates(path: &Path, file: &object::File<'_>) -> Vec<PathBuf> {
    let mut found = vec![];
    if file.section_by_name(".debug_info").is_some() {
        found.push(path.to_path_buf());
    }
    found.extend(file.build_id().ok().flatten().and_then(by_build_id));
    if let Ok(Some((name, _))) = file.gnu_debuglink() {
        let name = String::from_utf8_lossy(name).into_owned();
        if let Some(directory) = path.parent() {
            found.push(directory.join(&name));
            found.push(directory.join(".debug").join(&name));
            let rest = directory.strip_prefix("/").unwrap_or(directory);
            found.push(Path::new(DEBUG).join(rest).join(&name));
        }
    }
    found
}

fn functions(file: &object::File<'_>) -> Vec<(u64, u64, String)> {
    let mut functions: Vec<_> = file
        .symbols()
        .chain(file.dynamic_symbols())
        .filter(|symbol| symbol.is_definition() && symbol.kind() == object::SymbolKind::Text)
        .filter_map(|symbol| {
            let name = addr2line::demangle_auto(symbol.name().ok()?.into(), None);
            Some((symbol.address(), symbol.size(), name.into_owned()))
        })
        .collect();
    functions.sort();
    functions.dedup_by_key(|(address, ..)| *address);
    functions
}

impl Opened {
    fn open(module: &Module) -> Result<Opened, String> {
        let path = Path::new(&module.path);
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let file = object::File::parse(bytes.as_slice()).map_err(|error| error.to_string())?;
        let id = file.build_id().ok().flatten().unwrap_or(&[]);
        if !module.build_id.is_empty() && id != module.build_id {
            return Err("the file is another one than was loaded (its build id differs)".into());
        }
        let lines = candidates(path, &file)
            .into_iter()
            .filter(|candidate| candidate.is_file())
            .find_map(|candidate| Loader::new(candidate).ok());
        Ok(Opened {
            lines,
            functions: functions(&file),
        })
    }

    fn look_up(&self, offset: u64) -> Vec<Symbol> {
        let mut found = vec![];
        let frames = self.lines.as_ref().map(|lines| lines.find_frames(offset));
        if let Some(Ok(mut frames)) = frames {
            while let Ok(Some(frame)) = frames.next() {
                let function = frame
                    .function
                    .and_then(|name| Some(name.demangle().ok()?.into_owned()));
                let place = frame.location.and_then(|location| {
                    Some((location.file?.to_string(), location.line.unwrap_or(0)))
                });
                found.push(Symbol { function, place });
            }
        }
        let named = found.iter().any(|symbol| symbol.function.is_some());
        if named {
            return found;
        }
        let place = found.into_iter().find_map(|symbol| symbol.place);
        let after = self
            .functions
            .partition_point(|(address, ..)| *address <= offset);
        let function = after
            .checked_sub(1)
            .and_then(|before| self.functions.get(before))
            // A symbol of assembly has no size.
            .filter(|(address, size, _)| *size == 0 || offset < address + size)
            .map(|(_, _, name)| name.clone());
        if function.is_none() && place.is_none() {
            return vec![];
        }
        vec![Symbol { function, place }]
    }
}

impl Symbols {
    /// What a frame is, the innermost inlined call first. Empty if nothing is known.
    pub fn of(&mut self, module: &Module, frame: &Frame) -> Vec<Symbol> {
        let offset = frame.offset;
        let path = PathBuf::from(&module.path);
        if let Some(known) = self.known.get(&(path.clone(), offset)) {
            return known.clone();
        }
        let complaints = &mut self.complaints;
        let opened = self.files.entry(path.clone()).or_insert_with(|| {
            // What the kernel maps has no file.
            if !module.path.starts_with('/') {
                return None;
            }
            Opened::open(module)
                .map_err(|why| complaints.push(format!("{}: {why}", module.path)))
                .ok()
        });
        let symbols = opened
            .as_ref()
            .map_or(vec![], |opened| opened.look_up(offset));
        self.known.insert((path, offset), symbols.clone());
        symbols
    }
}
