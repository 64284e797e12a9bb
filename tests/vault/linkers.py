# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds the test of sensitive globals with every compiler and linker at hand, and runs it.

usage: linkers.py INCLUDE LIBRARY ARCHIVE C_COMPILER...

What is tried is where a linker, or link-time optimisation, puts the section of sensitive globals and what fills
its last page.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = [HERE / "globals.c", HERE / "globals_more.c"]
LINKERS = ("bfd", "gold", "lld")
# Words, and whether the section has pages of its own: variables that link-time optimisation put into another part than
# the padding share theirs.
FLAVOURS = {
    "-O2": True,
    "-O0": True,
    "-O2 -fno-pie -no-pie": True,
    "-O2 -fdata-sections -ffunction-sections -Wl,--gc-sections": True,
    "-O2 -flto": True,
    "-O2 -flto -flto-partition=max": False,
    "-O2 static": True,
}


def run(*command, **how):
    return subprocess.run(command, capture_output=True, text=True, check=False, **how)


def can(compiler, words, directory):
    """Whether a plain program is built with these words, and runs."""
    source, program = directory / "plain.c", directory / "plain"
    source.write_text("int main(void) { return 0; }\n")
    return run(*compiler, *words, source, "-o", program).returncode == 0 and run(program).returncode == 0


def main():
    include, library, archive, *compiler = sys.argv[1:]
    compilers = [compiler]
    if "clang" not in compiler[-1] and shutil.which("clang"):
        compilers.append(["clang"])
    tried = failed = 0
    shared = ["-L", os.path.dirname(library), "-Wl,-rpath," + os.path.dirname(library), "-lsecmalloc"]
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        for compiler in compilers:
            for linker in LINKERS:
                for flavour, apart in FLAVOURS.items():
                    static = "static" in flavour
                    words = [f"-fuse-ld={linker}", *flavour.replace("static", "-static").split()]
                    if not can(compiler, words, directory):
                        continue
                    words += ["-D_GNU_SOURCE", "-I", include, "-I", HERE.parent / "api"]
                    words += [] if apart else ["-DSHARED_PAGES"]
                    end = ["-Wl,-u,malloc", archive] if static else shared
                    program = directory / "globals"
                    built = run(*compiler, *words, *SOURCES, *end, "-o", program)
                    done = run(program) if built.returncode == 0 else built
                    tried += 1
                    if done.returncode != 0:
                        failed += 1
                        print(f"{' '.join(compiler)} -fuse-ld={linker} {flavour}: {done.returncode}")
                        print(done.stdout + done.stderr)
    print(f"{tried} ways to link, {failed} wrong")
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
