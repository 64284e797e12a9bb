#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""pkg-config prints what pkgconfig/expected.txt says, for either way to link."""

import argparse
import sys
from pathlib import Path

from installation import Installation


def expectations(path):
    """(arguments, words) of each line `arguments => words`."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            arguments, _, words = line.partition("=>")
            yield arguments.split(), words.split()


def main():
    parser = argparse.ArgumentParser()
    for name in ("meson", "build", "prefix", "libdir", "pkg-config", "version"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("expected", type=Path)
    args = parser.parse_args()

    failed = False
    with Installation(
        args.meson, args.build, args.prefix, args.libdir, args.pkg_config
    ) as installed:
        names = {"@INCLUDE@": installed.include, "@LIBDIR@": installed.libdir,
                 "@VERSION@": args.version}
        for arguments, words in expectations(args.expected):
            for name, value in names.items():
                words = [word.replace(name, str(value)) for word in words]
            printed = installed.pkg_config(*arguments)
            # pkg-config and pkgconf differ in the order of words of different kinds.
            if sorted(printed) != sorted(words):
                print(f"pkg-config {' '.join(arguments)}")
                print(f"  expected: {' '.join(words)}")
                print(f"  printed:  {' '.join(printed)}")
                failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
