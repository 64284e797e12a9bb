# SPDX-License-Identifier: MIT OR Apache-2.0
"""Makes a Rust static library fit to be linked into any C program.

rustc's archive holds the whole of compiler_builtins and core: some 300 objects and many global
names of which a C program wants none. Linked into one relocatable object with unused sections
dropped, and with every name but those of abi.txt made local, what is left is ours alone and can
clash with nothing, not even with a second Rust library in the same program. C++ operators are made
weak: a program may replace some of them, and one object defines them all.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

# LLVM bitcode that rustc leaves for its own later use. It would make binutils with an LLVM plugin
# take the object for bitcode and see no symbol in it.
BITCODE_SECTIONS = (".llvmbc", ".llvmcmd")

# C++ operators. A program may have its own, and where it does, they come first.
OPERATOR = ("_Zn", "_Zd")


def run(*command):
    """Runs a tool, silent unless it fails: objcopy warns of the very bitcode that it removes."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise subprocess.CalledProcessError(done.returncode, command)


def reduce(archive, symbols, cc, objcopy, ar):
    """Replaces `archive` by one of a single object whose globals are the names in `symbols`."""
    names = symbols.read_text(encoding="utf-8").split()
    with tempfile.TemporaryDirectory(dir=archive.parent) as directory:
        linked = Path(directory) / "linked.o"
        # Its name is what `ar t` shows and what a linker's messages cite.
        reduced = Path(directory) / "secmalloc.o"
        roots = [f"-Wl,--undefined={name}" for name in names]
        run(*cc, "-r", "-nostdlib", "-Wl,--gc-sections", *roots, "-o", linked, archive)
        run(
            objcopy,
            *(f"--remove-section={section}" for section in BITCODE_SECTIONS),
            f"--keep-global-symbols={symbols}",
            *(f"--weaken-symbol={name}" for name in names if name.startswith(OPERATOR)),
            linked,
            reduced,
        )
        archive.unlink()
        # D: no times and no user in the archive, so that equal inputs give equal bytes.
        run(ar, "rcsD", archive, reduced)
