#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Look at the instructions of malloc and free that a hit executes, and at all whom they call.

usage: code.py [--renew] LOOPS LIBRARY

The path of a hit is not guessed from the order in which the compiler laid the code out: callgrind
says how often each instruction was executed, and those of at least every second call are the path.
Of these code.tsv bounds

  instructions  how many there are;
  stack         those that touch the stack, pushes and pops included. One `call` anywhere in the
                function, on however cold a path, makes the compiler keep values across it: that
                is how a harmless change makes every malloc slower;
  calls         calls, which should have been inlined;
  locked        instructions that lock the bus, tens of cycles each.

And of the whole function, cold paths included, `callees` are the functions that it calls.  A panic
among them is a bounds check that the compiler could not remove; a memset, a copy nobody wrote.

Wherever the library uses the 32-byte registers, it has to clear their upper halves before it returns
(`vzeroupper`): after a return without that, every 16-byte instruction of the program is slower.

A figure that is exceeded fails, and so does one that is undercut by more than a few instructions,
since the guard would let the next loss through.  --renew writes what was found into code.tsv.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

import callgrind

FIGURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "code.tsv")
ROUNDS = 20_000
FUNCTIONS = ("malloc", "free", "retire")
# In this function of the heap, made for two reaches, `free` ends: its name, as it is mangled.
RETIRE = "5quick6retire"
# A small change of the sources moves the numbers by as much as this, either way.
SLACK = {"instructions": 4, "stack": 2}


def disassemble(library):
    """{function: {address: (mnemonic, operands)}} of FUNCTIONS."""
    out = subprocess.run(
        ["nm", "--print-size", "--defined-only", library],
        check=True, capture_output=True, text=True,
    ).stdout
    code = {}
    for start, size, _, name in (line.split() for line in out.splitlines() if line.count(" ") == 3):
        if RETIRE in name:
            name = "retire"
        if name not in FUNCTIONS:
            continue
        start, size = int(start, 16), int(size, 16)
        text = subprocess.run(
            [
                "objdump", "--disassemble", "--demangle", "--no-show-raw-insn", "--wide",
                f"--start-address={start}", f"--stop-address={start + size}", library,
            ],
            check=True, capture_output=True, text=True,
        ).stdout
        found = re.findall(r"^ *([0-9a-f]+):\t(\S+(?: (?=[a-z]))?)[ \t]*(.*)$", text, re.MULTILINE)
        code.setdefault(name, {}).update(
            {int(at, 16): (mnemonic.strip(), rest) for at, mnemonic, rest in found}
        )
    missing = [name for name in FUNCTIONS if not code.get(name)]
    if missing:
        callgrind.fail(f"{library}: no code of {', '.join(missing)} in its symbol table")
    return code


def executed(profile, library):
    """{address: times} of the instructions of the library."""
    times = {}
    ours = after_calls = False
    for line in profile.splitlines():
        if line.startswith("ob="):
            ours = line[3:] == os.path.realpath(library)
        elif line.startswith("calls="):
            # The next line is what the called function took.
            after_calls = True
        elif line.startswith("0x"):
            if ours and not after_calls:
                address, count = line.split()[:2]
                times[int(address, 16)] = times.get(int(address, 16), 0) + int(count)
            after_calls = False
    return times


def look_at_path(code, times):
    """The measures of the instructions that at least every second call executed."""
    path = [what for at, what in code.items() if times.get(at, 0) >= ROUNDS / 2]
    if not any(mnemonic.startswith("ret") for mnemonic, _ in path):
        # What a tail call executes elsewhere is outside of these figures.
        print("note: the path leaves the function by a jump")
    return {
        "instructions": len(path),
        "stack": sum(m.startswith(("push", "pop")) or "(%rsp" in rest for m, rest in path),
        "calls": sum(m.startswith("call") for m, _ in path),
        "locked": sum(m == "lock" or (m == "xchg" and "(" in rest) for m, rest in path),
    }


def callees(code):
    """Whom a function calls or jumps to, by name, without the hash that differs in every build."""
    found = set()
    for mnemonic, rest in code.values():
        target = re.search(r"(?:^([0-9a-f]+) |# [0-9a-f]+ )<(.+)>$", rest)
        if not target or not mnemonic.startswith(("call", "j")):
            continue
        if target.group(1) and int(target.group(1), 16) in code:
            continue
        name = re.sub(r"@.*|\+0x[0-9a-f]+$|::h[0-9a-f]{16}$|\[[0-9a-f]+\]", "", target.group(2))
        found.add(name)
    return " ".join(sorted(name.replace(" ", "") for name in found))


def unclean_returns(library):
    """Functions that use 32-byte registers or wider ones and do not clear them before each return."""
    text = subprocess.run(
        ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", library],
        check=True, capture_output=True, text=True,
    ).stdout
    unclean = []
    for function in text.split("\n\n"):
        if not re.search("%[yz]mm", function):
            continue
        returns = len(re.findall(r"\tret", function))
        cleared = len(re.findall(r"\tvzeroupper[^\n]*\n[^\n]*\tret", function))
        if cleared != returns or returns == 0:
            unclean.append(function.strip().splitlines()[0])
    return unclean


def measure(loops, library, cases):
    """The rows of code.tsv."""
    code = disassemble(library)
    rows = []
    for case in cases:
        _, profile = callgrind.run(
            loops, library, case, ROUNDS,
            "--dump-instr=yes", "--dump-line=no", "--compress-pos=no", "--compress-strings=no",
        )
        times = executed(profile, library)
        for function in FUNCTIONS:
            found = look_at_path(code[function], times)
            rows += [[function, case, what, str(number)] for what, number in found.items()]
    return rows + [[function, "-", "callees", callees(code[function])] for function in FUNCTIONS]


def compare(expected, found):
    function, case, what, figure = expected
    where = function if case == "-" else f"{function} in {case}"
    if what == "callees":
        new = sorted(set(found.split()) - set(figure.split()))
        gone = sorted(set(figure.split()) - set(found.split()))
        if new:
            return f"{where} calls {', '.join(new)}, which it did not call; if it must: tests/fast_path/renew"
        if gone:
            return f"{where} no longer calls {', '.join(gone)}. Renew the figures: tests/fast_path/renew"
        return None
    slack = SLACK.get(what, 0)
    numbers = f"{where}: {what} {found}, the figure is {figure} (slack {slack})"
    print(numbers)
    if int(found) > int(figure) + slack:
        return f"{numbers}: more. If that is the price of something, renew it: tests/fast_path/renew"
    if int(found) < int(figure) - slack:
        return f"{numbers}: fewer. Renew the figures: tests/fast_path/renew"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--renew", action="store_true")
    parser.add_argument("loops")
    parser.add_argument("library")
    args = parser.parse_args()
    loops, library = os.path.abspath(args.loops), os.path.abspath(args.library)

    callgrind.check_machine()
    for tool in ("nm", "objdump"):
        if shutil.which(tool) is None:
            callgrind.skip(f"{tool} is absent; install the Debian package binutils")
    figures = callgrind.Figures(FIGURES)
    version = callgrind.compiler(library)
    cases = sorted({case for _, case, _, _ in figures.rows} - {"-"})
    rows = measure(loops, library, cases)
    if args.renew:
        figures.renew(rows, version)
        return
    if [row[:3] for row in rows] != [row[:3] for row in figures.rows]:
        callgrind.fail(f"{FIGURES}: the rows are not those of code.py; tests/fast_path/renew writes them")
    wrong = [compare(row, found[3]) for row, found in zip(figures.rows, rows)]
    wrong += [f"{name} returns without vzeroupper" for name in unclean_returns(library)]
    figures.judge([line for line in wrong if line], version)


if __name__ == "__main__":
    sys.exit(main())
