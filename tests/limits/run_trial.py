#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs programs with the trial library preloaded, on the machine that SETTING makes of this one.

usage: run_trial.py LIBRARY SETTING PROGRAM...
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SKIPPED = 77

def run(library, setting, program):
    variables = {**os.environ, "LD_PRELOAD": library, "SECMALLOC_TRIAL": setting}
    done = subprocess.run(
        [program], env=variables, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode in (0, SKIPPED):
        return None
    return f"{Path(program).name}: status {done.returncode}\n{done.stdout}{done.stderr}"


def believed(library, setting, program):
    """The setting is in force: the library says so itself."""
    name, value = setting.split("=")
    variables = {**os.environ, "LD_PRELOAD": library, "SECMALLOC_TRIAL": setting}
    text = subprocess.run(
        [program, "say"], env=variables, capture_output=True, text=True, check=False
    ).stderr
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if name == "page":
        return lines.get("page") == value
    return int(lines.get("data", "0 ").split()[0]) < 1 << int(value)


def main():
    library, setting, *programs = sys.argv[1:]
    status = next(program for program in programs if Path(program).name.startswith("status-"))
    if not believed(library, setting, status):
        sys.exit(f"{setting} is not in force")
    left = [
        program
        for program in programs
        # How much memory an idle thread takes is stated for machines as they are, and a look for leaks goes by the
        # kernel's own map of pages.
        if program != status and not Path(program).name.startswith(("idle_threads-", "leak_check-"))
    ]
    with ThreadPoolExecutor(2) as pool:
        failures = [said for said in pool.map(lambda p: run(library, setting, p), left) if said]
    print(f"{len(left)} programs with {setting}, {len(failures)} failed")
    sys.exit("\n".join(failures) or 0)


if __name__ == "__main__":
    main()
