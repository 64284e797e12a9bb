#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the tests that failed have said, from Meson's log of a run: the most telling lines of each one's output.

Meson shows it too, but where the test ended, hundreds of lines before the end of a log of which often only the end
is kept.

usage: failures.py TESTLOG.JSON
"""

import json
import sys
from pathlib import Path

# A check that fails names itself in the first line, a program that is ended says why in the last ones, and a
# table of subtests has its failures anywhere.
FIRST, LAST, MARKED = 6, 14, 10
WIDTH = 400


def telling(lines):
    if len(lines) <= FIRST + LAST:
        return lines
    between = [line for line in lines[FIRST:-LAST] if line.startswith("not ok")]
    return [*lines[:FIRST], *between[:MARKED], "...", *lines[-LAST:]]


def failures(log):
    """Pairs of a title and the telling lines of each failed test."""
    for line in log.read_text(errors="replace").splitlines():
        test = json.loads(line)
        if not test["is_fail"]:
            continue
        said = (test.get("stdout") or "") + (test.get("stderr") or "")
        title = f"{test['name']}: {test['result']}, status {test['returncode']}, {test['duration']:.1f} s"
        yield title, telling([text[:WIDTH] for text in said.splitlines() if text.strip()])


def main():
    log = Path(sys.argv[1])
    if not log.exists():
        sys.exit(f"{log}: no test was run")
    for title, lines in failures(log):
        print(f"\n{title}", *lines, sep="\n  ")


if __name__ == "__main__":
    main()
