# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds what is measured of our own: the library, as ./check builds it, the programs and tools."""

import os
import subprocess
import sys
from pathlib import Path

from peers import Allocator

RELEASE = Path("build/release")
BENCH = Path("build/bench")
TOOLS = RELEASE / "tests/benchmarks"

# Protections that a build can be without, and what they do.
PROTECTIONS = {
    "canary": "the keyed canary behind each small block, and with it the look at the neighbour",
    "wipe": "clearing memory when it is freed, and with it the comparison with zero",
    "verify": "the comparison with zero before memory is used again",
    "quarantine": "keeping freed blocks back for a while",
    "random": "handing out slots in random order",
    "neighbours": "looking at the word before a block when it is freed",
}


class BuildFailed(Exception):
    """A build that failed; its output is in a log."""


def run(command: list[str], log_name: str, env: dict[str, str] | None = None) -> None:
    log = BENCH / log_name
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as file:
        status = subprocess.run(
            command, stdout=file, stderr=file, env={**os.environ, **(env or {})}, check=False
        ).returncode
    if status != 0:
        sys.stderr.write(log.read_text("utf-8", errors="replace")[-4000:])
        raise BuildFailed(f"{command[0]} failed with status {status}; all of it: {log}")


def only(pattern: str, directory: Path) -> Path:
    found = sorted(directory.glob(pattern))
    if not found:
        raise BuildFailed(f"no {pattern} below {directory}")
    return found[0].resolve()


def version() -> str:
    command = [sys.executable, "-B", "capi/version.py"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def release() -> Allocator:
    """The library as it is installed, and beside it the programs and tools, in build/release."""
    if not (RELEASE / "build.ninja").exists():
        run(["meson", "setup", str(RELEASE), "--buildtype=release"], "meson-setup.log")
    # A directory from before a target was there does not know it until it is configured again.
    run(["ninja", "-C", str(RELEASE), "build.ninja"], "meson-setup.log")
    targets = ["stage", "benchmark-programs", "benchmark-tools"]
    run(["meson", "compile", "-C", str(RELEASE), *targets], "meson-compile.log")
    library = only("**/libsecmalloc.so", RELEASE / "capi/stage")
    return Allocator("secmalloc", True, version(), str(library))


def without(protection: str) -> Allocator:
    """The library with one protection compiled out, built by cargo-c with the same profile."""
    directory = (BENCH / f"without-{protection}").resolve()
    run(
        ["cargo", "cinstall", "--locked", "--package", "secmalloc", "--release",
         "--target-dir", str(directory / "target"), "--destdir", str(directory / "stage"),
         "--prefix", "/usr", "--libdir", "lib", "--includedir", "include"],
        f"without-{protection}.log",
        {"RUSTFLAGS": f'--cfg secmalloc_without="{protection}"'},
    )
    library = only("**/libsecmalloc.so", directory / "stage")
    return Allocator(f"without-{protection}", True, version(), str(library))
