#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds the C library with cargo-c and stages it as it will be installed.

cargo-c decides file names, SONAME, links, header and pkg-config file. Two things are left to do
here: cut the archive down to our own symbols (archive.py), and tell Ninja, by a stamp and a
depfile, when to do it all again.
"""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import archive


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("cargo", "objcopy", "ar", "profile", "prefix", "libdir"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--cc", nargs="+", required=True)
    for name in ("source", "target-dir", "stage", "depfile"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    # The stamp, then copies of staged files, by their names.
    parser.add_argument("--outputs", nargs="+", type=Path, required=True)
    return parser.parse_args()


def install_into_stage(args):
    """Runs `cargo cinstall`. What an older version staged must not be found beside the new files."""
    if args.stage.exists():
        shutil.rmtree(args.stage)
    subprocess.run(
        [
            args.cargo, "cinstall", "--locked",
            "--manifest-path", args.source / "Cargo.toml",
            "--package", "secmalloc",
            "--debug" if args.profile == "dev" else "--release",
            "--target-dir", args.target_dir,
            "--destdir", args.stage,
            "--prefix", args.prefix,
            "--libdir", args.libdir,
            "--includedir", "include",
        ],
        cwd=args.source,
        check=True,
    )


def staged(args, name):
    """A file of the library directory, which may be relative to the prefix or absolute."""
    libdir = os.path.join(args.prefix, args.libdir)
    return args.stage / libdir.lstrip("/") / name


def sources(target_dir):
    """The source files that cargo names in its own depfile."""
    depfiles = list(target_dir.glob("**/libsecmalloc.d"))
    if not depfiles:
        sys.exit(f"no libsecmalloc.d under {target_dir}: has cargo changed its layout?")
    newest = max(depfiles, key=lambda path: path.stat().st_mtime)
    _, _, names = newest.read_text(encoding="utf-8").partition(": ")
    return names.strip()


def copy_if_changed(source, target):
    """Leaves an equal file as it is, so that Ninja makes nothing anew because of it."""
    if not target.exists() or not filecmp.cmp(source, target, shallow=False):
        shutil.copyfile(source, target)


def main():
    args = arguments()
    install_into_stage(args)
    archive.reduce(
        staged(args, "libsecmalloc.a"),
        symbols=args.source / "capi" / "abi.txt",
        cc=args.cc,
        objcopy=args.objcopy,
        ar=args.ar,
    )
    stamp, *copies = args.outputs
    for copy in copies:
        found = list(args.stage.glob(f"**/{copy.name}"))
        copy_if_changed(found[0], copy)
    args.depfile.write_text(f"{stamp}: {sources(args.target_dir)}\n", encoding="utf-8")
    stamp.touch()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failure:
        sys.exit(f"{failure.cmd[0]} failed with status {failure.returncode}")
