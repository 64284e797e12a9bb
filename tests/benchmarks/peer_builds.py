# SPDX-License-Identifier: MIT OR Apache-2.0
"""Peers that are compiled here, from the sources in the crates that peers/Cargo.toml pins.

Each is built with the options of its own makers, and again only if these or Cargo.lock change."""

import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "peers" / "Cargo.toml"
LOCK = HERE / "peers" / "Cargo.lock"
BUILD = Path("build/bench/peers").resolve()
VENDOR = BUILD / "vendor"

Commands = list[list[str]]


class BuildFailed(Exception):
    """What could not be built, and why."""


def run(command: list[str], log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as file:
        file.write((" ".join(command) + "\n").encode())
        file.flush()
        try:
            status = subprocess.run(command, stdout=file, stderr=file, check=False).returncode
        except FileNotFoundError as error:
            raise BuildFailed(f"{command[0]} is absent") from error
    if status != 0:
        said = log.read_text("utf-8", errors="replace").strip().splitlines()
        first = next((row for row in said if "error" in row.lower()), said[-1])
        raise BuildFailed(f"{command[0]} failed: {first[-160:]}")


def vendor() -> None:
    """Fetches the sources, unless they are those of this Cargo.lock already."""
    stamp, wanted = VENDOR / "stamp", LOCK.read_text("utf-8")
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    shutil.rmtree(VENDOR, ignore_errors=True)
    run(
        ["cargo", "vendor", "--quiet", "--locked", "--manifest-path", str(MANIFEST), str(VENDOR)],
        BUILD / "vendor.log",
    )
    stamp.write_text(wanted, "utf-8")


def crate_version(name: str) -> str:
    packages = tomllib.loads(LOCK.read_text("utf-8"))["package"]
    return next(package["version"] for package in packages if package["name"] == name)


def mimalloc(directory: Path, defines: list[str]) -> Commands:
    # As its CMakeLists.txt does, which the crate carries without the files that it includes.
    source = VENDOR / "libmimalloc-sys/c_src/mimalloc/v3"
    flags = "-std=gnu11 -O3 -fPIC -shared -fvisibility=hidden -ftls-model=initial-exec"
    flags += " -fno-builtin-malloc -pthread -DNDEBUG -DMI_BUILD_RELEASE -DMI_MALLOC_OVERRIDE"
    flags += " -DMI_SHARED_LIB -DMI_SHARED_LIB_EXPORT"
    return [
        ["cc", *flags.split(), *defines, f"-I{source}/include", f"{source}/src/static.c",
         "-o", f"{directory}/library.so"]
    ]


def hardened(directory: Path, config: str) -> Commands:
    # The flags of its Makefile, which the crate leaves out; the two .conf files are its own
    # config/*.mk as macros. As there by default, for the processor of this machine.
    crate = VENDOR / "hardened-malloc-sys"
    source = crate / "vendor/hardened-malloc"
    rows = (crate / f"config-{config}.conf").read_text("utf-8").splitlines()
    macros = [f"-D{row.strip()}" for row in rows if row.strip() and not row.startswith("#")]
    flags = "-D_GNU_SOURCE -pipe -O3 -flto -fPIC -fvisibility=hidden -fno-plt -march=native"
    flags += " -fstack-clash-protection -fstack-protector-strong"
    # It is written in C23; gcc 12 knows most of that, but alignas and bool are still macros to it.
    c23 = ["-std=c2x", "-include", "stdalign.h", "-include", "stdbool.h"]
    shared = [*flags.split(), *macros, f"-I{source}", f"-I{source}/include"]
    names = ["chacha", "h_malloc", "memory", "pages", "random", "util"]
    commands = [
        ["cc", *c23, *shared, "-c", f"{source}/{n}.c", "-o", f"{directory}/{n}.o"]
        for n in names
    ]
    commands.append(["c++", "-std=c++17", "-fsized-deallocation", *shared, "-c",
                     f"{source}/new.cc", "-o", f"{directory}/new.o"])
    link = "-Wl,-O1,--as-needed,-z,defs,-z,relro,-z,now,-z,nodlopen,-z,text"
    commands.append(["c++", *shared, link, "-shared",
                     *(f"{directory}/{n}.o" for n in [*names, "new"]),
                     "-o", f"{directory}/library.so"])
    return commands


def snmalloc(directory: Path) -> Commands:
    source = VENDOR / "snmalloc-sys/upstream"
    return [
        ["cmake", "-S", str(source), "-B", str(directory), "-DCMAKE_BUILD_TYPE=Release",
         "-DSNMALLOC_BUILD_TESTING=OFF"],
        ["cmake", "--build", str(directory), "--target", "snmallocshim-checks"],
        ["cp", f"{directory}/libsnmallocshim-checks.so", f"{directory}/library.so"],
    ]


def mimalloc_version() -> str:
    header = VENDOR / "libmimalloc-sys/c_src/mimalloc/v3/include/mimalloc.h"
    found = re.search(r"MI_MALLOC_VERSION\s+(\d+)(\d\d)(\d\d)\b", header.read_text("utf-8"))
    if not found:
        raise BuildFailed(f"no version in {header.name}")
    return ".".join(str(int(part)) for part in found.groups())


# The crate, and how its sources are compiled.
RECIPES: dict[str, tuple[str, Callable[[Path], Commands]]] = {
    "mimalloc": ("libmimalloc-sys", lambda d: mimalloc(d, [])),
    "mimalloc-secure": ("libmimalloc-sys", lambda d: mimalloc(d, ["-DMI_SECURE=4"])),
    "snmalloc-checks": ("snmalloc-sys", snmalloc),
    "hardened-malloc": ("hardened-malloc-sys", lambda d: hardened(d, "default")),
    "hardened-light": ("hardened-malloc-sys", lambda d: hardened(d, "light")),
}


def library(name: str) -> tuple[str, str]:
    """The (path, version) of a peer, built if it is not there yet."""
    vendor()
    crate, recipe = RECIPES[name]
    directory, done = BUILD / name, BUILD / f"{name}.so"
    version = f"{crate} {crate_version(crate)}"
    commands = recipe(directory)
    stamp = BUILD / f"{name}.stamp"
    wanted = hashlib.sha256(repr((version, commands)).encode()).hexdigest()
    if not (done.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        log = BUILD / f"{name}.log"
        log.unlink(missing_ok=True)
        for command in commands:
            run(command, log)
        os.replace(directory / "library.so", done)
        stamp.write_text(wanted, "utf-8")
        shutil.rmtree(directory)
    if crate == "libmimalloc-sys":
        version = f"{mimalloc_version()} ({version})"
    return str(done), version
