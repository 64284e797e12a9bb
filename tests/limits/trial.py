#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds the shared library with the feature `trial`, for tests alone."""

import argparse
import filecmp
import shutil
import subprocess
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cargo", required=True)
    for name in ("source", "target-dir", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    built = subprocess.run(
        [
            args.cargo, "rustc", "--locked", "--quiet", "--release",
            "--package", "secmalloc",
            "--features", "capi,trial",
            "--crate-type", "cdylib",
            "--target-dir", args.target_dir,
            # What it is like does not matter, only what it does: quickly made.
            "--config", "profile.release.lto=false",
            "--config", "profile.release.codegen-units=16",
        ],
        cwd=args.source,
        check=False,
    )
    if built.returncode != 0:
        sys.exit(built.returncode)
    library = args.target_dir / "release" / "libsecmalloc.so"
    if not args.output.exists() or not filecmp.cmp(library, args.output, shallow=False):
        shutil.copyfile(library, args.output)


if __name__ == "__main__":
    main()
