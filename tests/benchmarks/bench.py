#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What ./bench runs: options, then builds, then rounds, then the report."""

import dataclasses
import datetime
import json
import signal
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import building
import files
import machine
import options
import page
import peers
import prices
import table
from lines import Line
from peers import Allocator
from rounds import Series
from summary import Summary

FORMAT = 1
# What a series writes to the output directory. The page shows both.
FILES = {"allocators": "results.json", "prices": "prices.json"}


def say(text: str) -> None:
    print(text, flush=True)


def show_list(given: Namespace) -> None:
    for line in given.lines:
        say(f"{line.name:20} {line.group:8} {line.sentence}")
    say(f"allocators: {', '.join(peers.NAMES)}")


def subjects(given: Namespace) -> tuple[list[Line], list[Allocator], str]:
    """What is measured: lines, allocators, and the name of the one that all are compared with."""
    say("building secmalloc and the programs")
    ours = building.release()
    if given.prices:
        found = [ours]
        for protection in building.PROTECTIONS:
            say(f"building secmalloc without {protection}")
            found.append(building.without(protection))
        return prices.subset(given.lines), found, options.OURS
    say("looking for the other allocators, building those that have no package")
    found = peers.find(given.allocators, ours, building.TOOLS / "probe")
    for allocator in found:
        say(f"  {allocator.name}: {allocator.missing or allocator.version}")
    return given.lines, found, options.BASE


def measured(given: Namespace, save_to: Path) -> dict[str, Any]:
    """Builds, finds, runs; the results so far are in `save_to` after each round."""
    lines, allocators, base = subjects(given)
    present = sorted((a for a in allocators if not a.missing), key=lambda a: a.name != base)
    if not present or present[0].name != base:
        raise building.BuildFailed(f"{base} is missing, and everything is compared with it")
    series = Series(lines, present, given.scale, given.rounds)
    results: dict[str, Any] = {
        "format": FORMAT,
        "kind": "prices" if given.prices else "allocators",
        "base": base,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "revision": machine.revision(),
        "quick": given.quick,
        "scale": given.scale,
        "rounds": given.rounds,
        "machine": machine.describe(),
        # Without the path: it says nothing about another machine.
        "allocators": [
            {k: v for k, v in dataclasses.asdict(a).items() if k != "path"} for a in allocators
        ],
        "protections": building.PROTECTIONS if given.prices else {},
    }

    def save() -> None:
        results["partial"] = series.partial
        results["finished_rounds"] = series.finished_rounds
        results["lines"] = [
            {**dataclasses.asdict(line), **series.results[line.name]}
            for line in lines
            if line.name in series.results
        ]
        files.write(save_to, json.dumps(results, indent=1) + "\n")

    series.run(save)
    save()
    say(f"written: {save_to}")
    return results


def load(path: Path) -> dict[str, Any]:
    try:
        results = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(results, dict) or results.get("format") != FORMAT:
        raise ValueError(f"{path} is not a results file of this version of ./bench")
    return results


def report(given: Namespace, results: dict[str, Any]) -> None:
    """Tables to standard output, the page, the Markdown part if it is wanted."""
    ours = Summary(results)
    for text in table.grids(ours, "simple"):
        say(f"\n{text}")
    say("")
    for note in table.notes(ours):
        say(note)

    summaries = []
    for kind, name in FILES.items():
        if kind == results["kind"]:
            summaries.append(ours)
        elif (given.output / name).exists():
            summaries.append(Summary(load(given.output / name)))
    html = given.output / "results.html"
    files.write(html, page.render(summaries))
    say(f"written: {html}")
    if given.markdown:
        table.write_markdown(given.markdown, table.markdown(summaries))
        say(f"written: {given.markdown}")


def main() -> int:
    given = options.parse(sys.argv[1:])
    if given.list:
        show_list(given)
        return 0
    if given.report:
        results = load(given.report)
    else:
        results = measured(given, given.output / FILES["prices" if given.prices else "allocators"])
    report(given, results)
    return 130 if results["partial"] and not given.report else 0


if __name__ == "__main__":
    # Whoever ends it politely also wants the children gone, and what was measured so far.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except (building.BuildFailed, ValueError, OSError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
