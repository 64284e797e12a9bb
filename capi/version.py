#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Prints the version that Cargo.toml gives the workspace, for Meson.

Fails when capi/Cargo.toml has a version of its own, be it the package's or the library's: SONAME,
header constants, pkg-config files and Meson must all name the same one.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def table(text, name):
    """The lines of one [table] of a TOML file."""
    match = re.search(rf"^\[{re.escape(name)}\]$(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    return match.group(1) if match else ""


def main():
    workspace = table((ROOT / "Cargo.toml").read_text(encoding="utf-8"), "workspace.package")
    version = re.search(r'^version = "([^"]+)"$', workspace, re.MULTILINE)
    if not version:
        sys.exit("Cargo.toml: no version in [workspace.package]")

    capi = (ROOT / "capi" / "Cargo.toml").read_text(encoding="utf-8")
    if not re.search(r"^version(\.workspace = true| = \{ workspace = true \})$",
                     table(capi, "package"), re.MULTILINE):
        sys.exit("capi/Cargo.toml: the package must take its version from the workspace")
    if re.search(r"^version\b", table(capi, "package.metadata.capi.library"), re.MULTILINE):
        sys.exit("capi/Cargo.toml: library.version must follow the package's version")
    print(version.group(1))


if __name__ == "__main__":
    main()
