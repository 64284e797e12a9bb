# SPDX-License-Identifier: MIT OR Apache-2.0
"""The tables, for a terminal and for a Markdown file."""

import re
from pathlib import Path

from tabulate import tabulate

from files import write
from summary import MEANS, Summary

# Characters of a failure that are told.
LONG = 80
MARKS = ("<!-- results -->", "<!-- /results -->")
FAILED = "fails"
# More lines than this are counted, not named.
MANY = 12


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def rows(summary: Summary, what: str) -> list[list[str]]:
    """One row a line, then the means; `what` is "time" or "memory"."""
    made = []
    for line in summary.lines:
        cells = []
        for name in summary.names:
            cell = summary.cells[line["name"], name]
            failed = FAILED if name in line["errors"] else ""
            cells.append(number(getattr(cell, what)) if cell else failed)
        made.append([line["name"], *cells])
    for group, title in MEANS.items():
        if summary.in_group(group):
            means = [number(summary.mean(group, name, what)) for name in summary.names]
            made.append([f"mean, {title}", *means])
    return made


def grid(summary: Summary, what: str, style: str) -> str:
    title = {"time": "time", "memory": "peak memory"}[what]
    names = [n.replace("-", "\n", 1) if style == "simple" else n for n in summary.names]
    table = rows(summary, what)
    if style != "simple":
        # The one that it is all about stands out.
        place = summary.names.index("secmalloc") + 1 if "secmalloc" in summary.names else 0
        for row in table:
            if place and row[place]:
                row[place] = f"**{row[place]}**"
    return tabulate(
        table, headers=[f"{title} / {summary.base}'s", *names], tablefmt=style,
        disable_numparse=True, stralign="right", colalign=["left"],
    )


def price(without: float | None) -> str:
    """What a protection costs, from the ratio of the build without it to the full one."""
    return "" if without is None else f"{(1 / without - 1) * 100:+.1f} %"


def price_grid(summary: Summary, style: str) -> str:
    table = []
    for protection, sentence in summary.results["protections"].items():
        name = f"without-{protection}"
        if name in summary.names:
            means = (summary.mean("all", name, what) for what in ("time", "memory"))
            table.append([protection, sentence, *map(price, means)])
    return tabulate(
        table, headers=["protection", "what it is", "time", "peak memory"], tablefmt=style,
        disable_numparse=True, colalign=["left", "left", "right", "right"],
    )


def grids(summary: Summary, style: str) -> list[str]:
    """The tables of a results.json, or of a prices.json."""
    if summary.results["kind"] == "prices":
        return [price_grid(summary, style), grid(summary, "time", style)]
    return [grid(summary, what, style) for what in ("time", "memory")]


def notes(summary: Summary) -> list[str]:
    """What a reader of the tables must know."""
    said, results = [], summary.results
    if results["partial"]:
        said.append(f"Partial: ended early, with {results['finished_rounds']} of "
                    f"{results['rounds']} rounds complete.")
    if results["finished_rounds"] > 1 and summary.in_group("all"):
        spreads = [f"{n} {s * 100:.1f} %" for n in summary.names
                   if (s := summary.spread(n)) is not None]
        said.append(f"Spread, fastest to slowest run, median of all lines: {', '.join(spreads)}.")
    else:
        said.append("Not two rounds: nothing is known about the spread.")
    for thing in [*results["allocators"], *results["lines"]]:
        if thing["missing"]:
            said.append(f"Missing: {thing['name']}: {thing['missing']}.")
    for line, name, why in summary.failures():
        said.append(
            f"Fails: {name} at {line}: {brief(why)}. It is left out of the means of {name}."
        )
    if short := summary.short():
        which = ", ".join(short)
        if len(short) > MANY:
            which = f"{len(short)} of {len(summary.in_group('all'))} lines"
        said.append(f"Under a second with {summary.base}, so less exact: {which}.")
    return said


def brief(why: str) -> str:
    """What a program printed as it failed: its end says most, and paths of this machine nothing."""
    text = why.replace(f"{Path.cwd()}/", "")
    return text if len(text) <= LONG else f"{text[:12]}... {text[-LONG:]}"


def markdown(summaries: list[Summary]) -> str:
    parts = []
    for summary in summaries:
        results = summary.results
        machine = ", ".join(f"{key}: {value}" for key, value in results["machine"].items())
        parts += grids(summary, "github")
        parts.append("\n".join(f"- {note}" for note in notes(summary)))
        parts.append(f"Measured {results['date']}, rounds: {results['rounds']}, scale: "
                     f"{results['scale']:g}, revision: {results['revision'] or 'unknown'}. "
                     f"{machine}.")
    return "\n\n".join(parts)


def write_markdown(path: Path, text: str) -> None:
    """Between the file's marks, if it has them; else the file is the text between marks."""
    part = f"{MARKS[0]}\n\n{text}\n\n{MARKS[1]}"
    old = path.read_text("utf-8") if path.exists() else ""
    pattern = f"{re.escape(MARKS[0])}.*?{re.escape(MARKS[1])}"
    new, count = re.subn(pattern, lambda _: part, old, flags=re.DOTALL)
    if old and not count:
        raise ValueError(f"{path} has no {MARKS[0]} ... {MARKS[1]} to put the tables between")
    write(path, new if count else part + "\n")
