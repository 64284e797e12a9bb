# SPDX-License-Identifier: MIT OR Apache-2.0
"""The lines of the benchmark: what is run, by the lists in programs/ and real/."""

import csv
import fnmatch
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLUMNS = ["name", "group", "program", "arguments", "sentence"]

# Where a list may put its lines. Start-up is a line of its own, outside the geometric means.
GROUPS = {
    "one": "one thread",
    "threads": "several threads",
    "real": "real programs",
    "start": "start-up",
}
# Which clock is a line's "time". Of threads the wall clock: a lock that is waited for costs no CPU
# time. Of everything else CPU time, which is steadier on a machine that does other things too.
CLOCK = {"one": "cpu", "threads": "wall", "real": "cpu", "start": "cpu"}

# Debian's programs, not those that a developer's machine has put before them.
PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


class ListError(ValueError):
    """A list that says what it may not say."""


@dataclass(frozen=True)
class Line:
    """One row of a list."""

    name: str
    group: str
    program: str
    arguments: list[str] = field(default_factory=list)
    sentence: str = ""

    @property
    def clock(self) -> str:
        return CLOCK[self.group]

    @property
    def script(self) -> Path:
        """Of a real program: the shell script that knows how to run it."""
        return HERE / "real" / self.program

    def says(self, text: str) -> bool:
        """Whether the script of a real program has this line."""
        return self.group == "real" and text in self.script.read_text("utf-8").splitlines()

    def needs(self) -> list[tuple[str, str]]:
        """The (program, Debian package) pairs that the script names."""
        if self.group != "real":
            return []
        words = [line.split() for line in self.script.read_text("utf-8").splitlines()]
        return [(w[2], w[3]) for w in words if w[:2] == ["#", "needs:"] and len(w) == 4]

    def missing(self) -> str | None:
        """Why the line cannot be run here, if it cannot."""
        for program, package in self.needs():
            if not (Path(program).exists() or shutil.which(program, path=PATH)):
                return f"{program} is absent (Debian package {package})"
        return None


STARTUP = Line("startup", "start", "true", [], "`true`, started hundreds of times in a loop")


def parse(text: str, where: str, groups: list[str]) -> list[Line]:
    """The lines of a list; ListError names the row that is wrong."""
    rows = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or rows[0] != COLUMNS:
        raise ListError(f"{where}: the first row must be {', '.join(COLUMNS)}, parted by tabs")
    lines: list[Line] = []
    for number, row in enumerate(rows[1:], start=2):
        place = f"{where}:{number}"
        if len(row) != len(COLUMNS):
            raise ListError(f"{place}: {len(row)} columns instead of {len(COLUMNS)}")
        name, group, program, arguments, sentence = row
        if not name or not program or not sentence:
            raise ListError(f"{place}: name, program and sentence must not be empty")
        if group not in groups:
            raise ListError(f"{place}: group {group!r}; accepted: {', '.join(groups)}")
        if any(line.name == name for line in lines):
            raise ListError(f"{place}: a second line {name!r}")
        lines.append(Line(name, group, program, shlex.split(arguments), sentence))
    return lines


def all_lines() -> list[Line]:
    """Every line there is, start-up last."""
    lines: list[Line] = []
    for folder, groups in (("programs", ["one", "threads"]), ("real", ["real"])):
        path = HERE / folder / "list.tsv"
        lines += parse(path.read_text("utf-8"), f"{folder}/list.tsv", groups)
    lines.append(STARTUP)
    names = [line.name for line in lines]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ListError(f"names in both lists: {', '.join(twice)}")
    return lines


def chosen(lines: list[Line], patterns: list[str]) -> list[Line]:
    """Those whose names match one of the patterns; all without any. Each pattern must match."""
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(line.name, pattern) for line in lines):
            names = ", ".join(line.name for line in lines)
            raise ListError(f"no line matches {pattern!r}; there are: {names}")
    if not patterns:
        return lines
    return [x for x in lines if any(fnmatch.fnmatchcase(x.name, p) for p in patterns)]
