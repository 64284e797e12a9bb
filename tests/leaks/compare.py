#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The verdicts on the programs of `programs/`: ours, what stands in the source, and LeakSanitizer's.

Each source says `expected: none`, or `expected: lost BLOCKS BYTES, indirectly BLOCKS BYTES` (either part may be
absent), summed over all processes that it makes. Where LeakSanitizer says something else, a line
`LeakSanitizer: VERDICT: REASON` (or `LeakSanitizer: not asked: REASON`) says what and why. Where LeakSanitizer does
not run at all (it needs ptrace), only ours is compared, and that is said.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import tempfile
from pathlib import Path

ARGS = None
FLAGS = ["-D_GNU_SOURCE", "-O1", "-g", "-fno-builtin", "-fno-omit-frame-pointer", "-pthread", "-w"]


def parsed(text):
    """From the words of a source to numbers: lost blocks and bytes, indirectly lost ones."""
    sums = [0, 0, 0, 0]
    for part in text.split(","):
        words = part.split()
        if words[0] in ("lost", "indirectly"):
            at = 0 if words[0] == "lost" else 2
            sums[at:at + 2] = int(words[1]), int(words[2])
        elif words != ["none"]:
            raise ValueError(text)
    return sums


def described(sums):
    parts = [
        f"{name} {sums[at]} {sums[at + 1]}" for name, at in (("lost", 0), ("indirectly", 2)) if sums[at]
    ]
    return ", ".join(parts) or "none"


def build(source, directory, name, *flags):
    program = directory / name
    compiler = ARGS.cxx if source.suffix == ".cpp" else ARGS.cc
    plugin = f'-DPLUGIN="{directory / "plugin.so"}"'
    subprocess.run([*compiler, *FLAGS, plugin, *flags, source, "-o", program, "-ldl"], check=True)
    return program


def run(program, **environment):
    done = subprocess.run(
        [program], env={**os.environ, **environment}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120, errors="replace",
    )
    return done.returncode, done.stderr


def by_ours(source, directory):
    program = build(source, directory, source.name + ".ours")
    status, said = run(program, LD_PRELOAD=ARGS.library, SECMALLOC_OPTIONS="leaks=yes")
    sums = [0, 0, 0, 0]
    line = r"^secmalloc: \d+: leak: exit: (\d+) bytes in (\d+) blocks? lost, (\d+) bytes in (\d+) blocks? indirectly lost$"
    for bytes_, blocks, more_bytes, more_blocks in re.findall(line, said, re.M):
        for at, number in enumerate((blocks, bytes_, more_blocks, more_bytes)):
            sums[at] += int(number)
    if status != 0 or "not looked for" in said or "cannot be preloaded" in said:
        return f"status {status}: {said}"
    return sums


def by_sanitizer(source, directory):
    program = build(source, directory, source.name + ".lsan", "-fsanitize=leak")
    status, said = run(program, LSAN_OPTIONS="exitcode=0:max_leaks=0")
    sums = [0, 0, 0, 0]
    for kind, bytes_, blocks in re.findall(r"^(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object", said, re.M):
        at = 0 if kind == "Direct" else 2
        sums[at] += int(blocks)
        sums[at + 1] += int(bytes_)
    if status != 0:
        return f"status {status}: {said}"
    return sums


def judge(source, directory, sanitizer):
    text = source.read_text()
    expected = parsed(re.search(r"^ \* expected: ([^*\n]*)", text, re.M)[1].strip())
    ours = by_ours(source, directory)
    if ours != expected:
        return False, f"ours: {described(ours) if isinstance(ours, list) else ours}, expected: {described(expected)}"
    if not sanitizer:
        return True, "alone"
    other = re.search(r"^ \* LeakSanitizer: ([^:]*): ([^*]*)", text, re.M)
    if other and other[1] == "not asked":
        return True, f"LeakSanitizer is not asked: {other[2].strip()}"
    wanted = parsed(other[1]) if other else expected
    theirs = by_sanitizer(source, directory)
    if theirs != wanted:
        said = described(theirs) if isinstance(theirs, list) else theirs
        return False, f"LeakSanitizer: {said}, and not {described(wanted)}"
    if other:
        return True, f"{described(ours)}; LeakSanitizer {described(wanted)}: {other[2].strip()}"
    return True, f"{described(ours)}, both"


def sanitizer_runs(directory):
    source = directory / "probe.c"
    source.write_text("#include <stdlib.h>\nint main(void) { volatile void *p = malloc(7); p = 0; return 0; }\n")
    try:
        status, said = run(build(source, directory, "probe", "-fsanitize=leak"), LSAN_OPTIONS="exitcode=23")
    except subprocess.CalledProcessError:
        return False
    return status == 23 and "7 byte(s)" in said


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True)
    parser.add_argument("--cc", nargs="+", required=True)
    parser.add_argument("--cxx", nargs="+", required=True)
    parser.add_argument("--directory", type=Path, default=Path(__file__).parent / "programs")
    parser.add_argument("--only", nargs="*", default=[])
    ARGS = parser.parse_args()
    sources = sorted([*ARGS.directory.glob("*.c"), *ARGS.directory.glob("*.cpp")])
    if ARGS.only:
        sources = [source for source in sources if source.stem in ARGS.only]
    print(f"1..{len(sources)}")
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        subprocess.run(
            [*ARGS.cc, "-w", "-fPIC", "-shared", ARGS.directory / "plugin" / "plugin.c", "-o", directory / "plugin.so"],
            check=True,
        )
        sanitizer = sanitizer_runs(directory)
        if not sanitizer:
            print("# LeakSanitizer does not run here: only ours is compared with what the sources say")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            verdicts = pool.map(lambda source: judge(source, directory, sanitizer), sources)
            for number, (source, (good, why)) in enumerate(zip(sources, verdicts), 1):
                first, *more = why.splitlines() or [""]
                print("ok" if good else "not ok", number, "-", f"{source.name} # {first}", flush=True)
                for line in more:
                    print("#", line)


main()
