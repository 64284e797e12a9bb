#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds the command with cargo, and tells Ninja by a depfile when to do it again."""

import argparse
import os
import shutil
import subprocess
from pathlib import Path


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("cargo", "profile"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("manifest", "target-dir", "depfile", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    return parser.parse_args()


def main():
    args = arguments()
    subprocess.run(
        [
            args.cargo, "build", "--locked",
            "--manifest-path", args.manifest,
            "--package", "secmalloc-tool",
            "--profile", args.profile,
            "--target-dir", args.target_dir,
        ],
        check=True,
    )
    built = args.target_dir / ("debug" if args.profile == "dev" else args.profile) / "secmalloc"
    # In one step: somebody may be running the old one.
    new = f"{args.output}.new"
    shutil.copy2(built, new)
    os.replace(new, args.output)
    # cargo's own list, which is of the file in its directory.
    sources = built.with_suffix(".d").read_text().split(":", 1)[1]
    args.depfile.write_text(f"{args.output}:{sources}")


main()
