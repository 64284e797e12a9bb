# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs programs of this folder and compares the end of each with its rows in expected.tsv.

usage: run_fault.py TABLE PROGRAM...

A PROGRAM is a path; up to the first `-`, its file name is the name in the table. The answer is in
TAP, one test point for each row. SECMALLOC_TEST_PRELOAD, if set, is the library to preload.
"""

import fcntl
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

from table import read_table

TIMEOUT = 60  # seconds; a program takes some milliseconds


class SocketStderr:
    """Takes everything, and keeps apart what was written by different calls of write."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def collect(self):
        self.ours.settimeout(TIMEOUT)
        writes = []
        while data := self.ours.recv(1 << 20):
            writes.append(data)
        return writes

    def close(self):
        self.ours.close()


class PipeStderr:
    """A pipe that is broken, or full, or full for a while (slow)."""

    def __init__(self, kind):
        self.kind = kind
        reader, writer = os.pipe()
        self.reader = os.fdopen(reader, "rb")
        self.theirs = os.fdopen(writer, "wb", buffering=0)
        self.filled = 0
        if kind == "broken":
            self.close()
            return
        flags = fcntl.fcntl(writer, fcntl.F_GETFL)
        fcntl.fcntl(writer, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        while count := self.theirs.write(b"." * 4096):  # None: no more room
            self.filled += count
        if kind == "slow":
            fcntl.fcntl(writer, fcntl.F_SETFL, flags)

    def collect(self):
        if self.kind != "slow":
            return []
        time.sleep(0.2)
        return [self.reader.read()[self.filled :]]

    def close(self):
        self.reader.close()


class ClosedStderr:
    theirs = None

    def collect(self):
        return []

    def close(self):
        pass


def open_stderr(kind):
    if kind == "closed":
        return ClosedStderr()
    return PipeStderr(kind) if kind else SocketStderr()


def environment_for(row):
    names = (name for name in os.environ if not name.startswith(("SECMALLOC_", "MSM_", "LD_")))
    environment = {name: os.environ[name] for name in names}
    if preload := os.environ.get("SECMALLOC_TEST_PRELOAD"):
        environment["LD_PRELOAD"] = preload
    return environment | row.environment


def run(row, program):
    """Returns how the program ended, the process that was to fail, and what was written."""
    stderr = open_stderr(row.stderr)

    def before_exec():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if stderr.theirs is None:
            os.close(2)

    process = subprocess.Popen(
        [program],
        env=environment_for(row),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr.theirs,
        preexec_fn=before_exec,
    )
    if stderr.theirs:
        stderr.theirs.close()
    try:
        writes = stderr.collect()
        output = process.communicate(timeout=TIMEOUT)[0].decode()
    finally:
        stderr.close()
        process.kill()  # does nothing to one that has ended
    status = process.returncode
    end = signal.Signals(-status).name.removeprefix("SIG") if status < 0 else str(status)
    child = re.fullmatch(r"child (\d+)\n", output)  # a program that forks names its child
    return end, int(child[1]) if child else process.pid, writes


def complaints(row, end, pid, writes):
    """What is not as the row says; nothing if all is well."""
    if end != row.end:
        yield f"ended by: {end}\nexpected: {row.end}"
    lines = b"".join(writes).decode("ascii", "backslashreplace").splitlines()
    if not row.first_line:
        if lines:
            yield "a message where none was expected"
        return
    expected = row.first_line.replace("PID", str(pid), 1)
    first = lines[0] if lines else "(nothing)"
    if first != expected:
        yield f"first line: {first}\nexpected:   {expected}"
    if not lines[1:]:
        yield "no detail lines after the first line"
    if any(not line.startswith("  ") for line in lines[1:]):
        yield "more than one message, or a detail line that is not indented"
    if len(writes) != 1:
        yield f"the message came in {len(writes)} writes instead of one"


def judge(row, program):
    """The lines to print about a row; none if all is well."""
    try:
        end, pid, writes = run(row, program)
    except (subprocess.TimeoutExpired, TimeoutError):
        return [f"still running after {TIMEOUT} s"]
    found = list(complaints(row, end, pid, writes))
    if found:
        found += ["all of stderr:"] + [f"  {write!r}" for write in writes]
    return "\n".join(found).splitlines()


def main():
    table, *programs = sys.argv[1:]
    rows = read_table(table)
    number, failed = 0, []
    for program in programs:
        source = os.path.basename(program).split("-")[0]
        for name, row in rows.items():
            if row.program != source:
                continue
            number += 1
            lines = judge(row, program)
            print(f"{'not ok' if lines else 'ok'} {number} - {name}")
            print(*(f"# {line}\n" for line in lines), sep="", end="", flush=True)
            failed += [name] if lines else []
    print(f"1..{number}")
    print(*(f"# not as expected: {name}\n" for name in failed), sep="", end="")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main())
