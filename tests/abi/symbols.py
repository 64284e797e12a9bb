#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The library defines exactly the global names of capi/abi.txt.

One more could clash with a name of the program; one less, and the program's linker takes libc's.
"""

import argparse
import subprocess
import sys
from pathlib import Path


def exported(nm, kind, library):
    """The names that the dynamic loader (shared) or the linker (static) can bind to."""
    table = ["--dynamic"] if kind == "shared" else ["--extern-only"]
    lines = subprocess.run(
        [nm, "--defined-only", "--format=posix", *table, library],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()
    # "name type value size"; an archive also has lines such as "lib.a[member.o]:".
    return [line.split()[0] for line in lines if len(line.split()) > 1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nm", required=True)
    parser.add_argument("--expected", type=Path, required=True)
    parser.add_argument("kind", choices=["shared", "static"])
    parser.add_argument("library")
    args = parser.parse_args()

    expected = args.expected.read_text(encoding="utf-8").split()
    if expected != sorted(set(expected)):
        sys.exit(f"{args.expected}: not sorted, or a name twice")

    found = exported(args.nm, args.kind, args.library)
    for name in sorted(set(found) - set(expected)):
        print(f"exported, but not in abi.txt: {name}")
    for name in sorted(set(expected) - set(found)):
        print(f"in abi.txt, but not exported: {name}")
    for name in sorted({name for name in found if found.count(name) > 1}):
        print(f"defined more than once: {name}")
    sys.exit(sorted(found) != expected)


if __name__ == "__main__":
    main()
