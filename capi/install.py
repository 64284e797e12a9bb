#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Copies the staged tree to where `meson install` wants it, links kept as links."""

import argparse
import os
import shutil
from pathlib import Path


def destination(prefix):
    """The root that stands for `/`: DESTDIR, or `/` itself."""
    with_prefix = os.environ["MESON_INSTALL_DESTDIR_PREFIX"]
    return Path(with_prefix[: len(with_prefix) - len(prefix)] or "/")


def install(source, target):
    """A name always leads to a whole file: a program may start, or be running, meanwhile."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.new")
    new.unlink(missing_ok=True)
    shutil.copy2(source, new, follow_symlinks=False)
    os.replace(new, target)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage", type=Path, required=True)
    parser.add_argument("--prefix", required=True)
    args = parser.parse_args()

    dry_run = "MESON_INSTALL_DRY_RUN" in os.environ
    quiet = "MESON_INSTALL_QUIET" in os.environ
    root = destination(args.prefix)
    for source in sorted(args.stage.rglob("*")):
        if source.is_dir() and not source.is_symlink():
            continue
        target = root / source.relative_to(args.stage)
        if not quiet:
            print(f"Installing {source.name} to {target.parent}")
        if not dry_run:
            install(source, target)


if __name__ == "__main__":
    main()
