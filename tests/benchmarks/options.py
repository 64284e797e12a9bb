# SPDX-License-Identifier: MIT OR Apache-2.0
"""The command line of ./bench."""

import argparse
from pathlib import Path

import lines
import peers

BASE = "glibc"
OURS = "secmalloc"
# A line's work, as a share of the full one, and how often it is measured.
FULL = {"scale": 1.0, "rounds": 3}
QUICK = {"scale": 0.1, "rounds": 1}


def rounds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000")
    return int(text)


def allocators(text: str) -> list[str]:
    """Names parted by commas; glibc is always among them, since everything is compared with it."""
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in peers.NAMES]
    if unknown or not names:
        wrong = ", ".join(unknown) or "nothing"
        raise argparse.ArgumentTypeError(f"{wrong}; accepted: {', '.join(peers.NAMES)}")
    return [name for name in peers.NAMES if name in names or name == BASE]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="./bench",
        description="Measures secmalloc against other allocators: time and peak memory.",
        epilog="Ctrl-C ends it early; what was measured so far is written all the same.",
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--quick", action="store_true", help="less work, one round: under five minutes")
    add("--rounds", type=rounds, metavar="N",
        help=f"measure everything N times (default {FULL['rounds']}, quick {QUICK['rounds']})")
    add("--only", action="append", default=[], metavar="PATTERN",
        help="only lines whose names match this pattern (* and ?); may be given again")
    add("--allocators", type=allocators, default=list(peers.NAMES), metavar="LIST",
        help=f"some of {','.join(peers.NAMES)} (default all; {BASE} is always measured)")
    add("--output", type=Path, default=Path("build/bench"), metavar="DIR",
        help="where results.json and results.html go (default build/bench)")
    add("--prices", action="store_true",
        help="measure builds of secmalloc without one protection each, instead of other allocators")
    add("--markdown", type=Path, metavar="FILE",
        help="also write the tables to FILE, between its `<!-- results -->` markers if it has them")
    add("--report", type=Path, metavar="RESULTS",
        help="measure nothing: write the report of this results.json again")
    add("--list", action="store_true", help="say which lines and allocators there are")
    return made


def parse(words: list[str]) -> argparse.Namespace:
    """The options, checked. Ends with status 2 and the accepted values where one is wrong."""
    made = parser()
    given = made.parse_args(words)
    defaults = QUICK if given.quick else FULL
    given.scale = defaults["scale"]
    given.rounds = given.rounds or defaults["rounds"]
    try:
        given.lines = lines.chosen(lines.all_lines(), given.only)
    except lines.ListError as error:
        made.error(str(error))
    if given.report and not given.report.is_file():
        made.error(f"--report: {given.report} is not a file")
    if given.output.exists() and not given.output.is_dir():
        made.error(f"--output: {given.output} is not a directory")
    return given
