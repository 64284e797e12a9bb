#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The committed header, which people read and review, is the one that is built and installed."""

import difflib
import sys
from pathlib import Path


def main():
    committed, generated = (Path(argument) for argument in sys.argv[1:3])
    old = committed.read_text(encoding="utf-8").splitlines(keepends=True)
    new = generated.read_text(encoding="utf-8").splitlines(keepends=True)
    if old != new:
        sys.stdout.writelines(difflib.unified_diff(old, new, "committed", "generated"))
        sys.exit(f"If the change is meant: cp {generated} {committed}")


if __name__ == "__main__":
    main()
