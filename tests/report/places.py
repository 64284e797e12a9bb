#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A report names the lines of a fault: where it was found, where the block was allocated and freed.

Each program marks these lines by comments. It is compiled in several ways, run under the preloaded library,
and what `secmalloc report` says is compared with the marks.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

WAYS = {
    "-O0": ["-O0", "-g"],
    "-O2": ["-O2", "-g"],
    "-O2, frame pointers": ["-O2", "-g", "-fno-omit-frame-pointer"],
    "-O2, stripped": ["-O2", "-g"],
}
# What a report calls each part, and the marks of its two innermost lines.
PARTS = {
    "found by": ["found"],
    "freed by": ["freed", "freed by"],
    "allocated by": ["allocated", "allocated by"],
}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", nargs="+", required=True)
    parser.add_argument("--objcopy", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("programs", nargs="+", type=Path)
    return parser.parse_intermixed_args()


def marks(source):
    """The lines of a program and of its header, by their marks: "file:line"."""
    found = {}
    for path in [source, source.parent / "chain.h"]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            mark = re.search(r"; // (found|allocated by|allocated|freed by|freed)$", line)
            if mark:
                found[mark[1]] = f"{path.name}:{number}"
    return found


def compile_program(args, source, way, directory):
    program = directory / source.stem
    flags = WAYS[way] + ["-fno-builtin", "-w", "-pthread"]
    subprocess.run([*args.cc, *flags, source, "-o", program], check=True)
    if "stripped" in way:
        debug = directory / f"{source.stem}.debug"
        subprocess.run([args.objcopy, "--only-keep-debug", program, debug], check=True)
        subprocess.run([args.objcopy, "--strip-all", f"--add-gnu-debuglink={debug}", program], check=True)
    return program


def sections(report):
    """The frames of each part of a report, as "file:line" where it is known."""
    parts, frames = {}, None
    for line in report.splitlines():
        if line.startswith("    #"):
            if frames is not None:
                place = re.search(r"([^/ ]+:\d+)$", line)
                frames.append(place[1] if place else line)
        else:
            name = next((name for name in PARTS if line.startswith(f"  {name} ")), None)
            frames = parts.setdefault(name, []) if name else None
    return parts


def check(args, source, way, directory):
    """What is wrong with the report of one program; None if nothing is."""
    program = compile_program(args, source, way, directory)
    output = directory / "report.msm"
    environment = {
        **os.environ,
        "LD_PRELOAD": args.library,
        "MSM_OUTPUT": str(output),
        "SECMALLOC_OPTIONS": "trace=stacks",
    }
    run = subprocess.run([program], env=environment, capture_output=True)
    if run.returncode >= 0:
        return f"the program was not stopped, but returned {run.returncode}"
    said = subprocess.run([args.tool, "report", output], capture_output=True, text=True)
    if said.returncode != 0:
        return f"the report cannot be read: {said.stderr}"
    wanted, parts = marks(source), sections(said.stdout)
    for part, names in PARTS.items():
        # A block that was not freed before has no such part.
        uses = "end(block)" in source.read_text()
        if part == "freed by" and not uses:
            continue
        lines = [wanted[name] for name in names]
        if parts.get(part, [])[: len(lines)] != lines:
            return f"{part}: {parts.get(part)}, not {lines}\n{said.stdout}"
    return None


def main():
    args = arguments()
    print(f"1..{len(args.programs) * len(WAYS)}")
    number = 0
    for source in args.programs:
        for way in WAYS:
            number += 1
            with tempfile.TemporaryDirectory() as directory:
                wrong = check(args, source, way, Path(directory))
            print("not ok" if wrong else "ok", number, f"- {source.stem}, {way}")
            if wrong:
                print("\n".join(f"# {line}" for line in wrong.splitlines()))


main()
