#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Real programs lose no more blocks by our count than by LeakSanitizer's (preloaded) or by Valgrind's.

LeakSanitizer is asked first, Valgrind where that does not run or finds less. Prints the figures. LeakSanitizer does
not look into memory that a program mapped itself, Valgrind does, and tells "possibly lost" where there are only
pointers into the middle of a block, which count as reachable here.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ARGS = None
PYTHON = """
import json, re, threading, collections
def work():
    d = {str(i): [i] * 5 for i in range(2000)}
    json.loads(json.dumps(d))
threads = [threading.Thread(target=work) for _ in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(re.findall("a+", "aa b aaa" * 100)))
"""
SQL = """
create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into t select i, 'text ' || i from n;
create index t_b on t(b);
select count(*), max(b) from t where b like '%99%';
"""


def programs(directory):
    bash = 'declare -A a; for i in {1..200}; do a[$i]=$(printf %05d $i); done; x=${a[*]}; echo ${#x}; (echo sub) | cat'
    yield "bash", ["bash", "-c", bash], None
    repository = directory / "repository"
    git = ["git", "-c", "user.name=n", "-c", "user.email=e", "-C", str(repository)]
    subprocess.run(["git", "init", "-q", repository], check=True)
    for number in range(5):
        (repository / "file").write_text(f"line {number}\n" * 50)
        subprocess.run([*git, "add", "file"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", f"number {number}"], check=True)
    yield "git", [*git, "log", "-p", "--stat"], None
    yield "python3", ["/usr/bin/python3", "-c", PYTHON], None
    yield "sqlite3", ["sqlite3", ":memory:"], SQL


def run(command, text, **environment):
    done = subprocess.run(
        command, input=text, env={**os.environ, **environment}, capture_output=True, text=True, errors="replace",
        timeout=120,
    )
    return done.returncode, done.stderr


def ours(command, text):
    status, said = run(command, text, LD_PRELOAD=ARGS.library, SECMALLOC_OPTIONS="leaks=yes")
    assert status == 0 and "not looked for" not in said and "cannot be preloaded" not in said, said
    found = re.findall(r"leak: exit: (\d+) bytes in (\d+) blocks? lost, (\d+) bytes in (\d+) blocks? indirectly", said)
    return [sum(int(numbers[1]) + int(numbers[3]) for numbers in found),
            sum(int(numbers[0]) + int(numbers[2]) for numbers in found)]


def by_sanitizer(command, text):
    library = subprocess.run(
        [*ARGS.cc, "-print-file-name=liblsan.so"], capture_output=True, text=True
    ).stdout.strip()
    if not os.path.isabs(library):
        return None
    status, said = run(command, text, LD_PRELOAD=library, LSAN_OPTIONS="exitcode=0")
    if status != 0 or "LeakSanitizer has encountered a fatal error" in said:
        return None
    found = re.findall(r"SUMMARY: LeakSanitizer: (\d+) byte\(s\) leaked in (\d+) allocation", said)
    return [sum(int(blocks) for _, blocks in found), sum(int(bytes_) for bytes_, _ in found)]


def by_valgrind(command, text):
    if not shutil.which("valgrind"):
        return None
    status, said = run(["valgrind", "--leak-check=full", *command], text)
    if status != 0 or "HEAP SUMMARY" not in said:
        return None
    found = re.findall(r"(?:definitely|indirectly) lost: ([\d,]+) bytes in ([\d,]+) blocks", said)
    number = lambda text: int(text.replace(",", ""))
    return [sum(number(blocks) for _, blocks in found), sum(number(bytes_) for bytes_, _ in found)]


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True)
    parser.add_argument("--cc", nargs="+", required=True)
    parser.add_argument("--all", action="store_true", help="ask both in any case")
    ARGS = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        all_of_them = list(programs(Path(temporary)))
        print(f"1..{len(all_of_them) + 1}")
        # A look that finds nothing anywhere would do well in all that follows.
        lost = ours(["/usr/bin/python3", "-c", "import ctypes; ctypes.CDLL(None).malloc(54321)"], None)
        print("ok" if lost[0] >= 1 and lost[1] >= 54321 else "not ok", "1 - what python3 loses on purpose:", *lost, flush=True)
        for number, (name, command, text) in enumerate(all_of_them, 2):
            if not shutil.which(command[0]):
                print(f"ok {number} - {name} # SKIP not installed", flush=True)
                continue
            try:
                mine = ours(command, text)
            except AssertionError as error:
                print(f"not ok {number} - {name}: {error!r}", flush=True)
                continue
            others = {"LeakSanitizer": by_sanitizer(command, text)}
            if others["LeakSanitizer"] is None or mine > others["LeakSanitizer"] or ARGS.all:
                others["Valgrind"] = by_valgrind(command, text)
            most = max((found for found in others.values() if found), default=None)
            figures = ", ".join(
                f"{who} {'does not run' if found is None else '%d blocks, %d bytes' % tuple(found)}"
                for who, found in {"ours": mine, **others}.items()
            )
            if most is None and mine != [0, 0]:
                print(f"ok {number} - {name} # SKIP nothing to compare with; {figures}", flush=True)
                continue
            good = most is None or mine <= most
            print("ok" if good else "not ok", number, "-", f"{name}: {figures}", flush=True)


main()
