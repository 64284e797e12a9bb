# SPDX-License-Identifier: MIT OR Apache-2.0
"""What sensitive locals and blocks cost: programs with them against the same with ordinary ones.

usage: price.py PROGRAM_DIRECTORY [ROUNDS]

PROGRAM_DIRECTORY holds NAME-sensitive and NAME-plain. They run in turn, so that whatever else the machine does meets
both; what is printed are medians of user time, and the median of the rounds' ratios.
"""

import os
import pathlib
import statistics
import subprocess
import sys

# Name, arguments, what it is, and what the paper measured.
RUNS = (
    ("gcd", ["10"], "50 M gcd of 10-bit numbers", "+22 %"),
    ("gcd", ["31"], "50 M gcd of 31-bit numbers", "+22 %"),
    ("copy", [], "encrypted copy of 100 MB", "+6 % (scp)"),
    ("blocks", ["pairs"], "50 M pairs of blocks of 64 bytes", "no figure"),
    ("blocks", ["held"], "5 times a million blocks of 64 bytes", "no figure"),
)


def user_seconds(program, arguments):
    """User time of a run, and what it printed."""
    process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{program}: status {process.returncode}")
    return usage.ru_utime, output


def main():
    directory = pathlib.Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    for name, arguments, what, paper in RUNS:
        times = {"plain": [], "sensitive": []}
        for _ in range(rounds):
            outputs = set()
            for kind, taken in times.items():
                seconds, output = user_seconds(directory / f"{name}-{kind}", arguments)
                taken.append(seconds)
                outputs.add(output)
            if len(outputs) != 1:
                sys.exit(f"{name}: the results differ")
        ratio = statistics.median(s / p for s, p in zip(times["sensitive"], times["plain"]))
        plain, sensitive = (statistics.median(taken) for taken in times.values())
        print(
            f"{what}: {plain:.2f} s plain, {sensitive:.2f} s sensitive, {100 * (ratio - 1):+.1f} %"
            f" (the paper: {paper}); {rounds} rounds"
        )


if __name__ == "__main__":
    main()
