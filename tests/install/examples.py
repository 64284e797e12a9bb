#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds and runs every example as a user would, from an installation and its pkg-config files."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from installation import Installation


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("meson", "build", "prefix", "libdir", "pkg-config"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("cc", "cxx", "sources"):
        parser.add_argument(f"--{name}", nargs="+", required=True)
    parser.add_argument("--libc", choices=["static", "shared"], required=True)
    parser.add_argument("linkage", choices=["shared", "static"])
    return parser.parse_args()


def words(installed, args):
    """Compiler and linker words for one linkage, all from pkg-config."""
    if args.linkage == "shared":
        return installed.pkg_config("--cflags", "--libs", "secmalloc")
    static = ["-static"] if args.libc == "static" else []
    return [*static, *installed.pkg_config("--static", "--cflags", "--libs", "secmalloc-static")]


def main():
    args = arguments()
    failed = 0
    with Installation(
        args.meson, args.build, args.prefix, args.libdir, args.pkg_config
    ) as installed:
        environment = dict(os.environ, LD_LIBRARY_PATH=str(installed.libdir))
        for source in map(Path, args.sources):
            compiler = args.cxx + ["-std=c++17"] if source.suffix == ".cpp" else args.cc
            program = installed.root / source.stem
            command = [*compiler, "-O2", source, "-o", program, *words(installed, args)]
            done = (
                subprocess.run(command, check=False).returncode == 0
                and subprocess.run([program], check=False, env=environment).returncode == 0
            )
            if not done:
                print(f"failed: {source.name}: {' '.join(map(str, command))}")
                failed += 1
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
