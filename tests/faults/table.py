# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads expected.tsv: what each program of this folder must end like."""

import re
from typing import NamedTuple

FIRST_LINE = re.compile(r"secmalloc: PID: (?P<fault>[a-z-]+): (?P<function>\w[\w \[\]]*): \S.*")
STDERR_WORDS = ("closed", "broken", "full", "slow")


class Row(NamedTuple):
    program: str
    environment: dict
    stderr: str  # one of STDERR_WORDS, or "" for a place that takes everything
    end: str
    first_line: str  # "" when nothing may be said, or nothing can be heard

    @property
    def fault(self):
        return FIRST_LINE.fullmatch(self.first_line)["fault"] if self.first_line else None


def parse_row(text):
    program, settings, end, first_line = text.split("\t")
    environment, stderr = {}, ""
    for word in settings.split() if settings != "-" else []:
        name, value = word.split("=", 1)
        if name == "stderr":
            stderr = value
        else:
            environment[name] = value
    if stderr and stderr not in STDERR_WORDS:
        raise ValueError(f"no such stderr: {stderr}")
    if not re.fullmatch(r"ABRT|SEGV|\d+", end):
        raise ValueError(f"no such end: {end}")
    if first_line != "-" and not FIRST_LINE.fullmatch(first_line):
        raise ValueError(f"not a first line: {first_line}")
    return Row(program, environment, stderr, end, "" if first_line == "-" else first_line)


def row_name(text):
    """What a row is called in reports: the program, then the settings if there are any."""
    program, settings = text.split("\t")[:2]
    return program if settings == "-" else f"{program} {settings}"


def read_table(path):
    rows = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            text = line.rstrip("\n")
            if not text or text.startswith("#"):
                continue
            try:
                name = row_name(text)
                if name in rows:
                    raise ValueError(f"a second row for {name}")
                rows[name] = parse_row(text)
            except ValueError as error:
                raise SystemExit(f"{path}:{number}: {error}") from None
    return rows
