#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The parts of the heap that differ on aarch64, without a Rust library for it: its assembly is
assembled, and the numbers of system calls that the `libc` crate has are compared with the kernel's.

usage: aarch64.py DIRECTORY_OF_SYS
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
ASSEMBLER = "aarch64-linux-gnu-as"
NUMBERS = Path("/usr/aarch64-linux-gnu/include/asm-generic/unistd.h")

# Rust's operands, in the order of the template; the assembler takes any register, and any number.
OPERANDS = {"{0}": "x9", "{1}": "x10", "{top}": "x11", "{function}": "x12", "{bytes}": "64"}
# Where assembly stands that is for this processor, or for all.
SOURCES = ("aarch64.rs", "storage.rs")


def assembly(source):
    """The string literals of every asm! and global_asm!, as lines."""
    for block in re.findall(r"\b(?:global_)?asm!\((.*?)\n\s*\);|\basm!\((.*?)\);", source, re.S):
        text = block[0] or block[1]
        for line in re.findall(r'^\s*"((?:[^"\\]|\\.)*)",?$', text, re.M) or re.findall(
            r'"((?:[^"\\]|\\.)*)"', text.split(", ")[0]
        ):
            line = line.replace('\\"', '"')
            for operand, value in OPERANDS.items():
                line = line.replace(operand, value)
            yield line


def assemble(lines):
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "words.s"
        source.write_text(".text\n" + "\n".join(lines) + "\n", encoding="utf-8")
        subprocess.run(
            [ASSEMBLER, "--fatal-warnings", "-o", source.with_suffix(".o"), source], check=True
        )


def crate_directory(sys_directory):
    text = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--offline"],
        cwd=sys_directory, capture_output=True, text=True, check=True,
    ).stdout
    package = next(p for p in json.loads(text)["packages"] if p["name"] == "libc")
    return Path(package["manifest_path"]).parent


def crate_numbers(directory):
    """Of the file of 64-bit aarch64 with glibc."""
    file = next(directory.glob("src/unix/linux_like/linux/gnu/b64/aarch64/mod.rs"))
    return dict(re.findall(r"pub const SYS_(\w+): \w+ = (\d+);", file.read_text(encoding="utf-8")))


def kernel_numbers():
    text = NUMBERS.read_text(encoding="utf-8")
    # __NR3264_ names stand for the plain ones on 64-bit machines.
    return dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)$", text, re.M))


def main():
    directory = Path(sys.argv[1])
    if not shutil.which(ASSEMBLER) or not NUMBERS.exists():
        print("skipped: no assembler or headers for aarch64")
        sys.exit(SKIPPED)
    sources = [(directory / name).read_text(encoding="utf-8") for name in SOURCES]
    lines = [line for source in sources for line in assembly(source)]
    words = " ".join(lines)
    for wanted in ("svc 0", ":gottprel:secmalloc_thread_word", "mrs", ".tbss"):
        if wanted not in words:
            sys.exit(f"`{wanted}` was not found in the assembly: has the file changed its form?")
    assemble(lines)

    used = set()
    for file in directory.glob("*.rs"):
        used |= set(re.findall(r"libc::SYS_(\w+)", file.read_text(encoding="utf-8")))
    crate, kernel = crate_numbers(crate_directory(directory)), kernel_numbers()
    wrong = [name for name in sorted(used) if crate.get(name) != kernel.get(name, "absent")]
    if wrong or len(used) < 15:
        sys.exit(f"of {len(used)} system calls, these differ: {', '.join(wrong)}")
    print(f"{len(lines)} lines assembled, {len(used)} system calls compared")


if __name__ == "__main__":
    main()
