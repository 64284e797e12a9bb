#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The shared object has the SONAME of its version and the hardening that we promise."""

import argparse
import re
import subprocess
import sys


def soname(version):
    """cargo-c's rule: the numbers up to the first that is not 0 are the ABI's version."""
    numbers = version.split(".")
    kept = next((i for i, number in enumerate(numbers) if number != "0"), len(numbers) - 1)
    return "libsecmalloc.so." + ".".join(numbers[: kept + 1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--readelf", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("library")
    args = parser.parse_args()

    text = subprocess.run(
        [args.readelf, "--wide", "--dynamic", "--program-headers", "--notes", args.library],
        check=True, capture_output=True, text=True,
    ).stdout
    expectations = {
        "SONAME of its version": rf"SONAME.*\[{re.escape(soname(args.version))}\]",
        "needs libc": r"NEEDED.*\[libc\.so\.6\]|NEEDED.*\[libc\.musl",
        "all names bound at start": r"FLAGS_1.*NOW",
        "never unloaded": r"FLAGS_1.*NODELETE",
        "relocations read-only after start": r"GNU_RELRO",
        "stack not executable": r"GNU_STACK.* RW ",
        "build id": r"NT_GNU_BUILD_ID",
    }
    failed = [what for what, pattern in expectations.items() if not re.search(pattern, text)]
    if re.search(r"\(TEXTREL\)", text):
        failed.append("no relocation in the code")
    if re.search(r"LOAD.* RWE ", text):
        failed.append("no segment both writable and executable")
    for what in failed:
        print(f"does not hold: {what}")
    if failed:
        print(text)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
