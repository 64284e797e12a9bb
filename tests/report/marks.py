#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The message of every program of tests/faults names the lines that are marked there.

usage: marks.py --library LIBRARY --objcopy OBJCOPY --cc CC... --cxx CXX... -- TABLE

A comment at the end of a line, `// found`, `// freed` or `// allocated` (or several, with commas), is what the stack in
the message must lead to: the innermost line of the program's own source. What no line is marked for is in no
such line: a fault that is found at exit, say. Each program is compiled in several ways and run once, with its first row's
settings and `stacks=all`.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
from table import read_table  # noqa: E402

# binutils 2.40 takes lines of headers for the source's own in DWARF 5. A call in tail position leaves no frame: nobody could name its line.
COMMON = ["-gdwarf-4", "-fno-builtin", "-w", "-pthread", "-U_FORTIFY_SOURCE", "-fno-optimize-sibling-calls",
          "-DSMALLOC_OPTIONAL", f"-I{Path(__file__).parents[2] / 'capi' / 'include'}"]
WAYS = {
    "-O0": ["-O0"],
    "-O2": ["-O2"],
    "-O2, frame pointers": ["-O2", "-fno-omit-frame-pointer"],
    "-O2, stripped": None,  # what the second way made
}
PARTS = ("found", "freed", "allocated")
MARK = re.compile(r"// (?:.*; )?((?:found|freed|allocated)(?:, (?:found|freed|allocated))*)$")
# Two threads race, and any of them may be the one that is caught; or what the block is differs from run to run.
BY_CHANCE = {"double_free_race"}


def marks(source):
    """The line of each mark, None where there is none."""
    lines = dict.fromkeys(PARTS)
    for number, line in enumerate(source.read_text().splitlines(), 1):
        if found := MARK.search(line):
            for part in found[1].split(", "):
                assert lines[part] is None, f"{source.name}: two lines are marked {part}"
                lines[part] = number
    return lines


def compile_program(args, source, way, directory):
    program = directory / f"{source.stem}-{list(WAYS).index(way)}"
    if WAYS[way] is not None:
        compiler = args.cxx if source.suffix == ".cpp" else args.cc
        subprocess.run([*compiler, *COMMON, *WAYS[way], source, "-o", program], check=True)
        return program
    whole = directory / f"{source.stem}-{list(WAYS).index('-O2')}"
    debug = program.with_suffix(".debug")
    subprocess.run([args.objcopy, "--only-keep-debug", whole, debug], check=True)
    subprocess.run([args.objcopy, "--strip-all", f"--add-gnu-debuglink={debug}", whole, program], check=True)
    return program


def offsets(message, program):
    """Of each part of a message, the addresses in the program's file."""
    parts, part = dict.fromkeys(PARTS, ()), None
    for line in message.splitlines():
        if title := re.match(r"  (freed|allocated) by thread ", line):
            part = title[1]
        elif re.match(r"  the (process|program) ", line):
            part = "found"
        elif frame := re.match(r"    #\d+ +0x[0-9a-f]+ \((.*)\+(0x[0-9a-f]+)\)", line):
            if frame[1] == str(program):
                parts[part] += (frame[2],)
    return parts


def own_lines(source, program, parts):
    """Of each part, the innermost line of the program's own source."""
    addresses = [address for part in PARTS for address in parts[part]]
    if not addresses:
        return dict.fromkeys(PARTS)
    said = subprocess.run(
        ["addr2line", "-a", "-i", "-e", program, *addresses], capture_output=True, text=True, check=True
    ).stdout
    lines = {}
    for line in said.splitlines():
        if re.fullmatch(r"0x[0-9a-f]+", line):
            address = int(line, 16)
        elif place := re.match(rf"(?: .inlined by. )?(?:.*/)?{re.escape(source.name)}:(\d+)", line):
            lines.setdefault(address, int(place[1]))
    known = {part: [lines.get(int(a, 16)) for a in parts[part]] for part in PARTS}
    return {part: next(filter(None, known[part]), None) for part in PARTS}


def run(args, row, program):
    options = ":".join(filter(None, [row.environment.get("SECMALLOC_OPTIONS"), "stacks=all"]))
    environment = {**os.environ, **row.environment, "LD_PRELOAD": args.library, "SECMALLOC_OPTIONS": options}
    done = subprocess.run(
        [program], env=environment, capture_output=True, timeout=60, stdin=subprocess.DEVNULL, start_new_session=True
    )
    text = done.stderr.decode(errors="backslashreplace")
    return text if text.count("secmalloc: ") == 1 else text.split("\nsecmalloc: ")[0]


def judge(args, row, source, directory):
    """What is wrong with the messages of a program, one for each way."""
    wanted = marks(source)
    for way in WAYS:
        program = compile_program(args, source, way, directory)
        message = run(args, row, program)
        found = own_lines(source, program, offsets(message, program))
        if found != wanted:
            yield f"{way}: {found}, not {wanted}\n{message}"


def main():
    parser = argparse.ArgumentParser()
    for name in ("--library", "--objcopy", "--table"):
        parser.add_argument(name, required=True)
    parser.add_argument("--cc", nargs="+", required=True)
    parser.add_argument("--cxx", nargs="+", required=True)
    args = parser.parse_args()
    folder, rows = Path(args.table).parent, {}
    for row in read_table(args.table).values():
        if row.first_line and not row.stderr and row.program not in BY_CHANCE:
            rows.setdefault(row.program, row)
    print(f"1..{len(rows)}", flush=True)

    def work(program):
        source = next(folder / (program + end) for end in (".c", ".cpp") if (folder / (program + end)).exists())
        with tempfile.TemporaryDirectory() as directory:
            try:
                return list(judge(args, rows[program], source, Path(directory)))
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                return [repr(error)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (program, wrong) in enumerate(zip(rows, pool.map(work, rows)), 1):
            print("not ok" if wrong else "ok", number, f"- {program}")
            for text in wrong:
                print("\n".join(f"# {line}" for line in text.splitlines()), flush=True)


if __name__ == "__main__":
    main()
