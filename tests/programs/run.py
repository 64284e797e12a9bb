#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Run one real program twice, plain and preloaded, and compare.

usage: run.py LIBRARY CASE.sh

A case is a shell script.  It runs in an empty directory, under the same path and the same
environment both times; the only difference is LD_PRELOAD.  What it prints on stdout and on stderr
and the status it leaves must be the same, the status must be 0, and nothing may come from the
library or from the dynamic loader.  A case knows nothing of secmalloc, so that it can be
run by hand: (cd $(mktemp -d) && CASES=/path/to/tests/programs sh /path/to/case.sh).

Lines `# needs: PROGRAM PACKAGE` in a case name what it runs (a path if it has a slash) and the
Debian package that brings it.  A missing program is a failure: a test that skips itself where
it matters tells nothing.  Each PACKAGE has to stand in the packages.txt beside the case, which the
set-up installs.  RUST_SYSROOT, if it is set, is handed on: the toolchain at hand is no Debian package.
"""

import difflib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
# Of one run; Meson's own limit for the test is above two of these.
SECONDS = 900
SHOWN = 40


def fail(text):
    sys.exit(f"FAIL: {text}")


def needs_of(case):
    """The (program, package) pairs that the case names."""
    with open(case, encoding="utf-8") as file:
        words = [line.split()[2:] for line in file if line.startswith("# needs: ")]
    if not words or any(len(pair) != 2 for pair in words):
        fail(f"{case}: each case has lines `# needs: PROGRAM PACKAGE`")
    return words


def check_needs(case):
    with open(os.path.join(os.path.dirname(case), "packages.txt"), encoding="utf-8") as file:
        listed = set(file.read().split())
    for program, package in needs_of(case):
        if package not in listed:
            fail(f"{case}: package {package} is not in packages.txt")
        found = os.path.exists(program) if "/" in program else shutil.which(program, path=PATH)
        if not found:
            fail(f"{program} is absent; install the Debian package {package}")


def environment(directory, library):
    """A small fixed environment: nothing of the caller's may decide an output."""
    env = {
        "PATH": PATH,
        "HOME": directory,
        "TMPDIR": directory,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "CASES": HERE,
    }
    if "RUST_SYSROOT" in os.environ:
        env["RUST_SYSROOT"] = os.environ["RUST_SYSROOT"]
    if library:
        env["LD_PRELOAD"] = library
        # For whoever wants the same programs under another profile.
        env.update({k: v for k, v in os.environ.items() if k.startswith("SECMALLOC_")})
    return env


def run(command, directory, library):
    """(status, stdout, stderr) of command, run in a new, empty directory."""
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory)
    # A session of its own, so that a case that hangs takes its children along.
    child = subprocess.Popen(
        command,
        cwd=directory,
        env=environment(directory, library),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        out, err = b"", f"no end after {SECONDS} s\n".encode()
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return child.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def check_preload(library, directory):
    """The library has to be in a preloaded process, or the comparison shows nothing."""
    _, maps, _ = run(["cat", "/proc/self/maps"], directory, library)
    if os.path.realpath(library) not in maps:
        fail(f"{library} is not mapped into a preloaded program")


def difference(name, plain, preloaded):
    lines = list(
        difflib.unified_diff(
            plain.splitlines(), preloaded.splitlines(), "plain", "preloaded", lineterm="", n=1
        )
    )
    more = [f"... {len(lines) - SHOWN} lines more"] if len(lines) > SHOWN else []
    return [f"{name} differs:"] + lines[:SHOWN] + more


def compare(plain, preloaded):
    """What is wrong with the pair of runs, as lines; none if nothing is."""
    wrong = []
    if plain[0] != 0:
        wrong += [f"the plain run itself failed, status {plain[0]}:", plain[1], plain[2]]
    if preloaded[0] != plain[0]:
        wrong.append(f"status {preloaded[0]} preloaded, {plain[0]} plain")
    for name, index in (("stdout", 1), ("stderr", 2)):
        if preloaded[index] != plain[index]:
            wrong += difference(name, plain[index], preloaded[index])
        # Some programs hand on in their output what their children wrote on stderr.
        for line in preloaded[index].splitlines():
            if "secmalloc:" in line or "ld.so:" in line:
                wrong.append(f"{name} of the preloaded run: {line}")
    return wrong


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    library, case = (os.path.abspath(path) for path in sys.argv[1:])
    check_needs(case)
    with tempfile.TemporaryDirectory(prefix="secmalloc-programs-") as parent:
        directory = os.path.join(parent, "run")
        check_preload(library, directory)
        plain = run(["sh", "-eu", case], directory, None)
        preloaded = run(["sh", "-eu", case], directory, library)
    wrong = compare(plain, preloaded)
    if wrong:
        fail(f"{os.path.basename(case)}\n" + "\n".join(wrong))
    print(f"same: {len(plain[1].splitlines())} lines, status {plain[0]}")


if __name__ == "__main__":
    main()
