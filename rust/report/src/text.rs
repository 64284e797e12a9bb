// SPDX-License-Identifier: MIT OR Apache-2.0
//! A report, said to people.

use std::cmp::Reverse;
use std::io::{self, Write};

use crate::calls::Made;
use crate::history::{requested, History};
use crate::leaks::{any_lost, groups, Suppressions};
use crate::report::{Fault, Report};
use crate::symbols::Symbols;

const NS: u64 = 1_000_000_000;

/// How much is shown.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Call sites and groups of leaks, at most.
    pub most: usize,
    /// Leaks that are left out.
    pub suppressions: Suppressions,
}

/// Writes reports.
pub struct Teller<'a, 'b> {
    report: &'a Report<'b>,
    history: &'a History,
    symbols: Symbols,
    wanted: Wanted,
    /// Whether blocks are lost that nothing suppresses. Known once everything is told.
    pub lost: bool,
}

/// Bytes with a unit, as people read them.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (count as f64, 0);
    while value >= 10_240.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).unwrap_or(&"");
    if unit == 0 {
        format!("{count} {name}")
    } else {
        format!("{value:.1} {name}")
    }
}

fn plural(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

impl<'a, 'b> Teller<'a, 'b> {
    /// Of this report.
    #[must_use]
    pub fn new(report: &'a Report<'b>, history: &'a History, wanted: Wanted) -> Teller<'a, 'b> {
        Teller {
            report,
            history,
            symbols: Symbols::default(),
            wanted,
            lost: false,
        }
    }

    /// Writes everything.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn tell(&mut self, to: &mut dyn Write) -> io::Result<()> {
        self.process(to)?;
        for fault in &self.report.faults {
            self.fault(to, fault)?;
        }
        self.calls(to)?;
        self.classes(to)?;
        self.sites(to)?;
        self.leaks(to)?;
        self.state(to)
    }

    fn seconds(&self, time: u64) -> String {
        let since = time.saturating_sub(self.report.process.began);
        format!("{}.{:06} s", since / NS, since % NS / 1000)
    }

    fn thread(&self, thread: u64) -> String {
        match self.report.threads.get(&thread) {
            Some(name) if !name.is_empty() => format!("thread {thread} ({name})"),
            _ => format!("thread {thread}"),
        }
    }

    fn process(&self, to: &mut dyn Write) -> io::Result<()> {
        let process = &self.report.process;
        writeln!(to, "program    {}", process.program)?;
        writeln!(to, "arguments  {}", process.arguments.join(" "))?;
        writeln!(
            to,
            "process    {}, child of {}; secmalloc {}, trace={}",
            process.process, process.parent, process.version, process.level
        )?;
        match self.report.end {
            Some((time, cpu)) => writeln!(
                to,
                "ended      by exit after {}, CPU time {}.{:03} s",
                self.seconds(time),
                cpu / 1_000_000,
                cpu % 1_000_000 / 1000
            ),
            None => writeln!(to, "ended      without exit: a signal, exec, or _exit"),
        }
    }

    /// A stack, a line for each function.
    fn stack(&mut self, to: &mut dyn Write, number: u64) -> io::Result<()> {
        let Some(frames) = self.report.stack(number).filter(|_| number != 0) else {
            let how = "SECMALLOC_OPTIONS=trace=stacks (or profile=diagnose)";
            return writeln!(to, "    (no stack was kept; {how} keeps all)");
        };
        let mut place = 0;
        for frame in &frames {
            let Some(module) = self.report.modules.get(&frame.module) else {
                writeln!(to, "    #{place:<2} {:#x}", frame.offset)?;
                place += 1;
                continue;
            };
            let address = module.bias.wrapping_add(frame.offset);
            let symbols = self.symbols.of(module, frame);
            if symbols.is_empty() {
                let id: String = module.build_id.iter().map(|b| format!("{b:02x}")).collect();
                writeln!(
                    to,
                    "    #{place:<2} {address:#x} ({}+{:#x}) (BuildId: {id})",
                    module.path, frame.offset
                )?;
                place += 1;
            }
            for symbol in symbols {
                let function = symbol.function.as_deref().unwrap_or("??");
                match symbol.place {
                    Some((file, line)) => {
                        writeln!(
                            to,
                            "    #{place:<2} {address:#x} in {function} {file}:{line}"
                        )?;
                    }
                    None => writeln!(
                        to,
                        "    #{place:<2} {address:#x} in {function} ({}+{:#x})",
                        module.path, frame.offset
                    )?,
                }
                place += 1;
            }
        }
        Ok(())
    }

    fn call(&mut self, to: &mut dyn Write, made: &Made, what: &str) -> io::Result<()> {
        let name = self.report.functions.get(&made.call.function);
        writeln!(
            to,
            "  {what} by {} in {}, at {}:",
            self.thread(made.thread),
            name.map_or("?", String::as_str),
            self.seconds(made.call.time)
        )?;
        self.stack(to, made.call.stack)
    }

    fn fault(&mut self, to: &mut dyn Write, fault: &Fault) -> io::Result<()> {
        writeln!(to, "\n{}", fault.text.trim_end())?;
        let (allocated, freed) = self.history.before(fault);
        let [stack, allocated_at, freed_at] = fault.stacks;
        writeln!(
            to,
            "  found by {}, at {}:",
            self.thread(fault.thread),
            self.seconds(fault.time)
        )?;
        self.stack(to, stack)?;
        for (what, number, call) in [
            ("freed", freed_at, freed),
            ("allocated", allocated_at, allocated),
        ] {
            match (number, call) {
                // The call says more, where it was recorded with its stack.
                (number, Some(made)) if number == 0 || made.call.stack != 0 => {
                    self.call(to, &made, what)?;
                }
                (0, _) => {}
                (number, _) => {
                    writeln!(to, "  {what}:")?;
                    self.stack(to, number)?;
                }
            }
        }
        Ok(())
    }

    fn calls(&self, to: &mut dyn Write) -> io::Result<()> {
        let history = self.history;
        if history.calls == 0 {
            return Ok(());
        }
        writeln!(
            to,
            "\n{}, {} failed; {} made, {}; at most {} live at once; {} never freed, {}",
            plural(history.calls, "call"),
            history.failed,
            plural(history.all.blocks, "block"),
            bytes(history.all.bytes),
            bytes(history.all.peak),
            plural(history.all.live(), "block"),
            bytes(history.all.live_bytes)
        )?;
        for (function, count) in &history.functions {
            let name = self.report.functions.get(function);
            writeln!(to, "{count:>12}  {}", name.map_or("?", String::as_str))?;
        }
        Ok(())
    }

    fn classes(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.report.classes.is_empty() {
            return Ok(());
        }
        writeln!(
            to,
            "\n        slot        made       bytes   mean slack        live       bytes"
        )?;
        for class in &self.report.classes {
            let (made, made_bytes) = class.made;
            let (live, live_bytes) = class.live;
            let name = match class.slot {
                0 => "mapping".to_string(),
                slot => slot.to_string(),
            };
            let slack = match (class.slot, made) {
                (0, _) | (_, 0) => "-".to_string(),
                (slot, _) => slot.saturating_sub(made_bytes / made).to_string(),
            };
            writeln!(
                to,
                "{name:>12}{made:>12}{made_bytes:>12}{slack:>13}{live:>12}{live_bytes:>12}"
            )?;
        }
        Ok(())
    }

    fn sites(&mut self, to: &mut dyn Write) -> io::Result<()> {
        let mut sites: Vec<_> = self
            .history
            .sites
            .iter()
            .filter(|(stack, _)| **stack != 0)
            .map(|(stack, sums)| (*stack, *sums))
            .collect();
        if sites.is_empty() {
            return Ok(());
        }
        sites.sort_by_key(|(stack, sums)| (Reverse(sums.peak), *stack));
        let all = sites.len();
        writeln!(
            to,
            "\nCall sites by the most that was live at once, {} of {all}:",
            all.min(self.wanted.most)
        )?;
        sites.truncate(self.wanted.most);
        for (stack, sums) in sites {
            let lived = match sums.lived.checked_div(sums.freed) {
                Some(mean) => format!("{}.{:06} s", mean / NS, mean % NS / 1000),
                None => "-".into(),
            };
            writeln!(
                to,
                "  {} at most, {} made, {}, {} still live; mean lifetime {lived}",
                bytes(sums.peak),
                plural(sums.blocks, "block"),
                bytes(sums.bytes),
                sums.live()
            )?;
            self.stack(to, stack)?;
        }
        Ok(())
    }

    fn leaks(&mut self, to: &mut dyn Write) -> io::Result<()> {
        let groups = groups(
            self.report,
            self.history,
            &mut self.symbols,
            &mut self.wanted.suppressions,
        );
        self.lost = any_lost(&groups);
        if let Some(sums) = self.report.leak_sums {
            let said = |(blocks, sum): (u64, u64)| {
                format!("{} in {}", bytes(sum), plural(blocks, "block"))
            };
            writeln!(
                to,
                "\nLeaks at exit: lost {}; indirectly lost {}; still reachable {}",
                said(sums.lost),
                said(sums.indirectly),
                said(sums.reachable)
            )?;
            let (stopped, running) = sums.threads;
            if running > 0 {
                writeln!(
                    to,
                    "  {} stopped; {running} could not be, whose registers are not known",
                    plural(stopped, "other thread")
                )?;
            }
            let all = sums.lost.0 + sums.indirectly.0;
            if all > sums.listed {
                writeln!(to, "  {} of {all} are listed in the report", sums.listed)?;
            }
        }
        let all = groups.len();
        for group in groups.into_iter().take(self.wanted.most) {
            let leak = group.first;
            writeln!(
                to,
                "\n{}: {} in {}, {:#x} is one",
                leak.reach.name(),
                bytes(group.bytes),
                plural(group.blocks, "block"),
                leak.address
            )?;
            self.stack(to, leak.stack)?;
        }
        if all > self.wanted.most {
            writeln!(to, "\nand {} more groups of leaks", all - self.wanted.most)?;
        }
        for (pattern, (blocks, sum)) in &self.wanted.suppressions.known {
            if *blocks > 0 {
                let blocks = plural(*blocks, "block");
                writeln!(
                    to,
                    "suppressed by leak:{pattern}: {} in {blocks}",
                    bytes(*sum)
                )?;
            }
        }
        Ok(())
    }

    /// What is missing in the report.
    fn state(&self, to: &mut dyn Write) -> io::Result<()> {
        let chunks = &self.report.chunks;
        let missing = [
            (
                self.report.lost,
                "call could not be recorded",
                "calls could not be recorded",
            ),
            (
                chunks.damaged as u64,
                "chunk is damaged and was left out",
                "chunks are damaged and were left out",
            ),
            (
                chunks.newer as u64,
                "chunk is of a later version and was left out",
                "chunks are of a later version and were left out",
            ),
            (
                chunks.strange as u64,
                "byte is no part of a chunk",
                "bytes are no part of a chunk",
            ),
        ];
        for (count, one, many) in missing.iter().filter(|(count, ..)| *count > 0) {
            writeln!(
                to,
                "\nnote: {count} {}",
                if *count == 1 { one } else { many }
            )?;
        }
        for complaint in &self.symbols.complaints {
            writeln!(to, "\nnote: no names from {complaint}")?;
        }
        Ok(())
    }
}

/// A line for each call, in the order of time.
///
/// # Errors
/// Those of `to`.
pub fn list(report: &Report<'_>, to: &mut dyn Write) -> io::Result<()> {
    use secmalloc_policy::trace_format::call::Shape;
    for made in crate::calls::in_order(report) {
        let call = made.call;
        let has = |part: u8| call.shape.0 & part != 0;
        let name = report.functions.get(&call.function);
        let mut arguments = vec![];
        if has(Shape::POINTER) {
            arguments.push(format!("{:#x}", call.pointer));
        }
        if has(Shape::ALIGNMENT) && call.alignment != 0 {
            arguments.push(call.alignment.to_string());
        }
        if has(Shape::COUNT) {
            arguments.push(call.count.to_string());
        }
        if has(Shape::SIZE) && (!has(Shape::ALIGNMENT) || requested(&made) != 0) {
            arguments.push(call.size.to_string());
        }
        let since = call.time.saturating_sub(report.process.began);
        write!(
            to,
            "{}.{:09} {} {}({})",
            since / NS,
            since % NS,
            made.thread,
            name.map_or("?", String::as_str),
            arguments.join(", ")
        )?;
        match call.errno {
            0 if has(Shape::BLOCK) => writeln!(to, " = {:#x}", call.result)?,
            0 if has(Shape::AMOUNT) => writeln!(to, " = {}", call.result)?,
            0 => writeln!(to)?,
            errno => writeln!(to, " = NULL, errno {errno}")?,
        }
    }
    Ok(())
}
