# SPDX-License-Identifier: MIT OR Apache-2.0
"""The allocators that are compared: which there are, where they come from, and proof that a program
which is told to use one does."""

import glob
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import peer_builds


class Missing(Exception):
    """Why a peer is not to be had."""


@dataclass(frozen=True)
class Allocator:
    """One that was found (path) or not (missing)."""

    name: str
    # Whether it gives up speed for security: those are drawn in another colour.
    hardened: bool
    version: str = ""
    path: str = ""
    missing: str = ""


def debian(package: str, pattern: str) -> tuple[str, str]:
    """The (path, version) of a library that a Debian package brings."""
    found = sorted(glob.glob(pattern))
    if not found:
        raise Missing(f"no {pattern}: Debian package {package} is not installed")
    query = ["dpkg-query", "--show", "--showformat=${Version}", package]
    version = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    return found[-1], f"{version or 'unknown version'} ({package})"


def glibc() -> tuple[str, str]:
    # Preloaded like all others: a program that is linked with another allocator (Debian's redis
    # with jemalloc) then uses glibc's too.
    for pattern in ("/lib/*-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"):
        if found := glob.glob(pattern):
            return found[0], (os.confstr("CS_GNU_LIBC_VERSION") or "unknown").removeprefix("glibc ")
    raise Missing("no libc.so.6 in /lib, /lib64 or /usr/lib")


def scudo() -> tuple[str, str]:
    # packages.txt names one release of the compiler's runtime; a later one will do as well.
    name = f"libclang_rt.scudo_standalone-{os.uname().machine}.so"
    found = sorted(Path("/usr/lib").glob(f"llvm-*/lib/clang/*/lib/linux/{name}"))
    if not found:
        raise Missing(f"no {name} below /usr/lib: no Debian package libclang-rt-*-dev is installed")
    release = found[-1].parts[3].removeprefix("llvm-")
    return debian(f"libclang-rt-{release}-dev", str(found[-1]))


def built(name: str) -> tuple[str, str]:
    try:
        return peer_builds.library(name)
    except peer_builds.BuildFailed as error:
        raise Missing(str(error)) from error


# name, hardened, how it is found; secmalloc's own path comes from its build.
FINDERS: dict[str, tuple[bool, Callable[[], tuple[str, str]]]] = {
    "glibc": (False, glibc),
    "jemalloc": (False, lambda: debian("libjemalloc2", "/usr/lib/*/libjemalloc.so.2")),
    "tcmalloc": (
        False,
        lambda: debian("libtcmalloc-minimal4", "/usr/lib/*/libtcmalloc_minimal.so.4"),
    ),
    "mimalloc": (False, lambda: built("mimalloc")),
    "mimalloc-secure": (True, lambda: built("mimalloc-secure")),
    "snmalloc-checks": (True, lambda: built("snmalloc-checks")),
    "hardened-malloc": (True, lambda: built("hardened-malloc")),
    "hardened-light": (True, lambda: built("hardened-light")),
    "scudo": (True, scudo),
}
NAMES = ("secmalloc", *FINDERS)


def serves(probe: Path, library: str) -> str | None:
    """None if `library`, preloaded, serves the probe's heap; else what is wrong."""
    ran = subprocess.run(
        [str(probe)],
        env={"LD_PRELOAD": library},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode != 0 or ran.stderr:
        return f"the probe ended with {ran.returncode}: {ran.stderr.strip()[:200]}"
    for row in ran.stdout.splitlines():
        function, _, file = row.partition(" ")
        if os.path.realpath(file) != os.path.realpath(library):
            return f"{function} is served by {file}"
    return None


def checked(allocator: Allocator, probe: Path) -> Allocator:
    """The same, or a missing one if programs do not use it."""
    wrong = serves(probe, allocator.path)
    return replace(allocator, missing=f"preloaded, but {wrong}") if wrong else allocator


def find(names: list[str], ours: Allocator, probe: Path) -> list[Allocator]:
    """All that are named, in order; those that cannot be had say why."""
    found = []
    for name in names:
        if name == ours.name:
            found.append(checked(ours, probe))
            continue
        hardened, finder = FINDERS[name]
        try:
            path, version = finder()
            found.append(checked(Allocator(name, hardened, version, path), probe))
        except Missing as reason:
            found.append(Allocator(name, hardened, missing=str(reason)))
    return found
