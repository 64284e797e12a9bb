#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A core file holds no secret, and everything else.

usage: cores.py PROGRAM

Runs PROGRAM with 2,000 random marks, of which it puts the first 1,000 into sensitive memory, and has a core written:
by the kernel, for SIGSEGV and SIGABRT, and by gdb's gcore. grep, which knows nothing of secmalloc, finds the other 1,000
there, and none of the first.
"""

import os
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
MARKS = 1000


def library(program_environment):
    """What Meson preloads into the program must not be in this script's tools."""
    return {"LD_PRELOAD": program_environment} if program_environment else {}


def found(core, marks, work):
    """How many of these marks are in a file."""
    patterns = work / "patterns"
    patterns.write_text("\n".join(marks) + "\n", encoding="ascii")
    grep = subprocess.run(
        ["grep", "--text", "--only-matching", "--fixed-strings", f"--file={patterns}", core],
        stdout=subprocess.PIPE, check=False, env={**os.environ, "LC_ALL": "C"},
    )
    if grep.returncode > 1:
        sys.exit(f"grep failed on {core}")
    return len(set(grep.stdout.split()))


def check(core, marks, work, what):
    hidden, plain = found(core, marks[:MARKS], work), found(core, marks[MARKS:], work)
    print(f"{what}: {core.stat().st_size} bytes, {hidden} secrets, {plain} of {MARKS} others")
    if hidden != 0 or plain != MARKS:
        sys.exit(f"{what}: {hidden} secrets (0), {plain} others ({MARKS})")


def kernel_core(program, environment, marks, work, how):
    subprocess.run(
        [program, work / "marks", how], cwd=work, env={**os.environ, **environment}, check=False,
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2),
    )
    cores = list(work.glob("core*"))
    if not cores:
        sys.exit(f"{how}: no core file")
    check(cores[0], marks, work, how)
    cores[0].unlink()


def debugger_core(program, environment, marks, work):
    with subprocess.Popen(
        [program, work / "marks", "wait"], env={**os.environ, **environment}, stdout=subprocess.PIPE
    ) as running:
        try:
            if running.stdout.readline() != b"filled\n":
                sys.exit("the program did not fill its memory")
            gcore = subprocess.run(
                ["gcore", "-o", work / "gcore", str(running.pid)], check=False, timeout=300,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        finally:
            running.kill()
    cores = list(work.glob("gcore.*"))
    if not cores:
        print(f"skipped: gcore may not attach here: {gcore.stdout[-300:]}")
        return False
    check(cores[0], marks, work, "gcore")
    return True


def main():
    program = Path(sys.argv[1]).resolve()
    environment = library(os.environ.pop("SECMALLOC_TEST_PRELOAD", ""))
    marks = [secrets.token_hex(16) for _ in range(2 * MARKS)]
    any_done = False
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        (work / "marks").write_text("".join(marks), encoding="ascii")
        pattern = Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8").strip()
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        if pattern.startswith(("|", "/")) or hard != resource.RLIM_INFINITY:
            print(f"skipped: the kernel's cores go to {pattern}, {hard} bytes at most")
        else:
            for how in ("segv", "abort"):
                kernel_core(program, environment, marks, work, how)
            any_done = True
        if shutil.which("gcore"):
            any_done = debugger_core(program, environment, marks, work) or any_done
    if not any_done:
        sys.exit(SKIPPED)


if __name__ == "__main__":
    main()
