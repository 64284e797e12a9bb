# SPDX-License-Identifier: MIT OR Apache-2.0
"""Run loops under callgrind; figures that are committed, and when they mean nothing here.

Callgrind executes every instruction itself and counts it, so the numbers do not depend on the
processor's speed, on its caches, or on what else runs.  They depend on its features as far as code
asks for them: valgrind reports those of a processor with AVX2 and without AVX-512, whatever the
real one has beyond that, and less where the real one lacks AVX2.  There the tests are skipped.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

# Meson's status for a test that was skipped.
SKIPPED = 77
# Of one run of one case.
SECONDS = 120


def fail(text):
    sys.exit(f"FAIL: {text}")


def skip(text):
    print(f"SKIP: {text}")
    sys.exit(SKIPPED)


def check_machine():
    """Skips where the figures are not about this machine, or cannot be taken."""
    if platform.machine() != "x86_64":
        skip(f"the figures are for x86_64, this is {platform.machine()}")
    if shutil.which("valgrind") is None:
        skip("valgrind is absent; install the Debian package valgrind")
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        if not re.search(r"^flags\s*:.*\bavx2\b", file.read(), re.MULTILINE):
            skip("the processor has no AVX2: valgrind would not report it either")


def compiler(library):
    """The version of rustc that compiled the library, from its .comment section."""
    with open(library, "rb") as file:
        found = re.search(rb"rustc version ([0-9][^\s\0]*)", file.read())
    return found.group(1).decode() if found else "unknown"


def run(loops, library, case, rounds, *options):
    """(instructions executed in measured(), the profile) of one case."""
    with tempfile.TemporaryDirectory(prefix="secmalloc-fast-path-") as directory:
        profile = os.path.join(directory, "profile")
        done = subprocess.run(
            [
                "valgrind",
                "--tool=callgrind",
                "--toggle-collect=measured",
                f"--callgrind-out-file={profile}",
                *options,
                loops,
                case,
                str(rounds),
            ],
            # A small fixed environment: the caller's options, and what valgrind reads of it, stay out.
            env={"PATH": os.environ["PATH"], "HOME": directory, "LD_PRELOAD": library},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            text=True,
            check=False,
        )
        counted = re.search(r"Collected : (\d+)", done.stdout)
        if done.returncode != 0 or not counted or "secmalloc:" in done.stdout:
            fail(f"{case} under callgrind, status {done.returncode}:\n{done.stdout}")
        with open(profile, encoding="utf-8") as file:
            text = file.read()
    if os.path.realpath(library) not in text:
        fail(f"{case}: {library} is not in the profile: nothing of it was measured")
    return int(counted.group(1)), text


class Figures:
    """A committed table: comment lines, of which one names the compiler, and rows of words."""

    COMPILER = "# rustc "

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.comments = [line for line in lines if line.startswith("#")]
        self.rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
        named = [c for c in self.comments if c.startswith(self.COMPILER)]
        if len(named) != 1:
            fail(f"{path}: one line has to begin with '{self.COMPILER}' and give the version")
        self.compiler = named[0][len(self.COMPILER) :].split()[0]

    def renew(self, rows, version):
        """Writes the rows, and the compiler that they are of, in the place of the old ones."""
        comments = [
            f"{self.COMPILER}{version}" if c.startswith(self.COMPILER) else c for c in self.comments
        ]
        text = "\n".join(comments + ["\t".join(row) for row in rows]) + "\n"
        with open(f"{self.path}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(f"{self.path}.new", self.path)
        print(f"renewed: {self.path}")

    def judge(self, wrong, version):
        """Ends the test: with success if nothing is wrong, else with all that is."""
        if not wrong:
            return
        text = "\n".join(wrong)
        if version != self.compiler:
            # Another compiler may do better or worse; that says nothing about our sources.
            skip(f"the figures are of rustc {self.compiler}, this is {version}:\n{text}")
        fail(text)
