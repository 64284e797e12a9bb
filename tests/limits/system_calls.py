#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""README's list of system calls is the list that the library makes: no fewer, no more.

usage: system_calls.py README LIBRARY PROGRAM...

strace prints the call stack of each system call of the preloaded programs. A call is ours if the
innermost frame outside the C library lies in our library; all others are the program's own.
"""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77

# What an older strace does not know by name.
NAMES = {"syscall_0x1ce": "mseal", "syscall_0x1bf": "memfd_secret"}

# Programs that together make all of them. Each is run for what it does, not for how it ends.
RUNS = ("calls", "double_free_small", "invalid_free_global", "overflow_slack_exit", "fork", "lifecycle")
# And with a report, for which README lists more.
RECORDED = ("calls", "double_free_small")
# The program's own, with a handler or a fork of ours in the stack.
NOT_OURS = {"clone", "clone3", "fork", "vfork", "rt_sigreturn"}
# The kernel makes it instead of ours, if strace stops a thread that waits for a lock: not each time.
BY_CHANCE = {"restart_syscall"}
# With a broken pipe as standard error, which is what rt_sigtimedwait is for.
BROKEN_PIPE = "double_free_small"


def listed(readme, pattern):
    text = readme.read_text(encoding="utf-8")
    part = re.search(pattern, text, re.S)
    words = [word for code in re.findall(r"`([^`]*)`", part[1]) for word in code.split()]
    # Neither paths nor settings of options.
    return {word for word in words if not word.startswith("/") and "=" not in word}


def ours(log, library):
    """The names of calls whose stack has our library below the C library's frames."""
    found, name, decided = set(), None, True
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        frame = re.match(r"\s*> (\S+?)\(", line)
        if frame:
            if decided:
                continue
            place = Path(frame[1]).name
            if place.startswith(("libc.so", "libc-", "libpthread")):
                continue
            decided = True
            if os.path.realpath(frame[1]) == library:
                found.add(name)
            continue
        # Also `<... name resumed>`, whose stack follows.
        call = re.match(r"(?:\d+ +)?(?:<\.\.\. )?(\w+)(?:\(| resumed)", line)
        if call:
            name, decided = NAMES.get(call[1], call[1]), False
    return found - NOT_OURS


def trace(program, library, standard_error, *variables):
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "log"
        subprocess.run(
            # Through env: strace itself is not to be preloaded.
            ["strace", "-f", "-k", "-q", "-o", log,
             "env", f"LD_PRELOAD={library}", *variables, program],
            stdout=subprocess.DEVNULL, stderr=standard_error, check=False,
        )
        return ours(log, library) if log.exists() else set()


def check_recorded(readme, usual, library, programs):
    """With a report: what README lists for that, and nothing else."""
    listed_too = listed(readme, r"the system calls (.*?) besides")
    with tempfile.TemporaryDirectory() as directory:
        seen = set()
        for program in programs:
            seen |= trace(program, library, subprocess.DEVNULL, f"MSM_OUTPUT={directory}/report")
    more = sorted(seen - usual - listed_too)
    # Without a report of a process that was forked, the parent is not asked for; nor a relative path.
    missing = sorted(listed_too - seen - {"getcwd"})
    if more or missing:
        sys.exit(f"with MSM_OUTPUT, not in README: {more}; in README, not seen: {missing}")


def has_secret_memory():
    """Whether the kernel has memfd_secret, and lets us use it."""
    descriptor = ctypes.CDLL(None).syscall(447, 0)
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


def check_sensitive(readme, usual, library, program):
    """With sensitive memory."""
    listed_too = listed(readme, r"Sensitive memory needs the system calls\s(.*?) too")
    seen = trace(program, library, subprocess.DEVNULL, "SECMALLOC_TEST_SENSITIVE=1")
    secret = "SECMALLOC_OPTIONS=sensitive_backing=secret"
    seen |= trace(program, library, subprocess.DEVNULL, "SECMALLOC_TEST_SENSITIVE=1", secret)
    more, missing = sorted(seen - usual - listed_too), sorted(listed_too - seen)
    # Nothing more is asked where the first of two is refused.
    if missing == ["ftruncate"] and not has_secret_memory():
        missing = []
    if more or missing:
        sys.exit(f"sensitive, not in README: {more}; in README, not seen: {missing}")


def main():
    readme, library, *programs = sys.argv[1:]
    library = os.path.realpath(library)
    able = shutil.which("strace") and subprocess.run(
        ["strace", "-k", "-o", os.devnull, "true"], capture_output=True, check=False
    ).returncode == 0
    if not able:
        print("skipped: strace is absent or may not trace here")
        sys.exit(SKIPPED)
    by_name = {Path(program).name.split("-")[0]: program for program in programs}
    seen = set()
    for name in RUNS:
        seen |= trace(by_name[name], library, subprocess.DEVNULL)
    seen |= trace(by_name[BROKEN_PIPE], library, subprocess.DEVNULL, "SECMALLOC_OPTIONS=stacks=all")
    reader, writer = os.pipe()
    os.close(reader)
    seen |= trace(by_name[BROKEN_PIPE], library, writer)
    wanted = listed(Path(readme), r"- System calls: (.*?)Never `brk`")
    check_recorded(Path(readme), wanted, library, [by_name[name] for name in RECORDED])
    check_sensitive(Path(readme), wanted, library, by_name[RUNS[0]])
    # Whether threads meet at a lock is a matter of chance.
    for _ in range(10):
        if wanted - BY_CHANCE <= seen:
            break
        seen |= trace(by_name[RUNS[0]], library, subprocess.DEVNULL)
    print(" ".join(sorted(seen)))
    only_seen, only_listed = sorted(seen - wanted), sorted(wanted - BY_CHANCE - seen)
    if only_seen or only_listed:
        sys.exit(f"not in README: {only_seen}; in README, not seen: {only_listed}")


if __name__ == "__main__":
    main()
