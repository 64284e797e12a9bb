#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The table in COMPATIBILITY.md says what glibc's malloc and ours do; both are run and compared with it.

usage: compare.py TABLE PLAIN PROGRAM

PLAIN is behaviour.c without the library, PROGRAM the same with it; SECMALLOC_TEST_PRELOAD, if set, is
the library to preload into PROGRAM. Every line of the programs has to have its row and the other way
round; a row where the two differ has to give a reason. glibc's column is that of one version: with
another C library only ours is compared.
"""

import os
import platform
import re
import subprocess
import sys

GLIBC = "2.36"


def read_table(path):
    """{(function, case): (glibc, ours, source, reason)} of the rows between the two marks."""
    with open(path, encoding="utf-8") as file:
        marked = re.search(r"<!-- behaviour -->\n(.*?)<!-- /behaviour -->", file.read(), re.DOTALL)
    rows = {}
    for line in marked[1].splitlines()[2:] if marked else []:
        function, case, glibc, ours, source, reason = (
            cell.strip() for cell in line.strip().strip("|").split(" |")
        )
        key = (function.strip("`"), case)
        if key in rows:
            sys.exit(f"{path}: two rows for {key}")
        # Ours is written down only where it differs.
        rows[key] = (glibc, ours if ours != "same" else glibc, source, reason)
    return rows


def run(program, preload):
    env = {name: value for name, value in os.environ.items() if name != "SECMALLOC_OPTIONS"}
    if preload:
        env["LD_PRELOAD"] = preload
    done = subprocess.run([program], env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"{program}: status {done.returncode}\n{done.stdout}{done.stderr}")
    lines = (line.split("|") for line in done.stdout.splitlines())
    return {(function, case): result for function, case, result in lines}


def differences(who, expected, found):
    for key in sorted(expected.keys() | found.keys()):
        left, right = expected.get(key, "no row"), found.get(key, "not tried")
        if left != right:
            yield f"{who}: {' '.join(key)}: the table says: {left}; it is: {right}"


def main():
    table, plain, program = sys.argv[1:]
    rows = read_table(table)
    wrong = [f"no rows in {table}"] if not rows else []
    for key, (glibc, ours, source, reason) in rows.items():
        if not source or (glibc != ours) != bool(reason):
            wrong.append(f"{' '.join(key)}: needs a source, and a reason if and only if the two differ")
    if platform.libc_ver() == ("glibc", GLIBC):
        wrong += differences("glibc", {key: row[0] for key, row in rows.items()}, run(plain, None))
    else:
        print(f"note: not glibc {GLIBC}, its column is not compared")
    preload = os.environ.get("SECMALLOC_TEST_PRELOAD")
    wrong += differences("secmalloc", {key: row[1] for key, row in rows.items()}, run(program, preload))
    print("\n".join(wrong) or f"{len(rows)} rows hold")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
