#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Count the instructions of a malloc and a free, and compare with the committed figures.

usage: count.py [--renew | --spread RUNS] LOOPS LIBRARY

LOOPS is loops.c, built without the library; LIBRARY is the shared object to preload.  A case that
takes more instructions than its figure and the tolerance fails: something got slower.  One that
takes less than the figure without the tolerance fails too: the figure has to be renewed, or the
guard would let the next loss through.  --renew writes what was counted into figures.tsv; --spread
counts each case several times and says by how much the counts differ.
"""

import argparse
import os
import sys

import callgrind

FIGURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "figures.tsv")
ROUNDS = 40_000


def count(loops, library, case):
    return callgrind.run(loops, library, case, ROUNDS)[0] / ROUNDS


def compare(case, figure, tolerance, counted):
    """What is wrong, in a line; None if nothing is."""
    change = 100 * (counted / figure - 1)
    numbers = f"{case}: {counted:.1f} instructions a round, the figure is {figure:.1f} ({change:+.1f} %, tolerance {tolerance:g} %)"
    print(numbers)
    if change > tolerance:
        return f"{numbers}: slower. If that is the price of something, renew the figure: tests/fast_path/renew"
    if change < -tolerance:
        return f"{numbers}: faster. Renew the figure: tests/fast_path/renew"
    return None


def show_spread(loops, library, rows, runs):
    for case, _, _ in rows:
        counts = [count(loops, library, case) for _ in range(runs)]
        spread = 100 * (max(counts) / min(counts) - 1)
        print(f"{case}: {min(counts):.2f} to {max(counts):.2f}, spread {spread:.3f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--renew", action="store_true")
    parser.add_argument("--spread", type=int, metavar="RUNS")
    parser.add_argument("loops")
    parser.add_argument("library")
    args = parser.parse_args()
    loops, library = os.path.abspath(args.loops), os.path.abspath(args.library)

    callgrind.check_machine()
    figures = callgrind.Figures(FIGURES)
    version = callgrind.compiler(library)
    if args.spread:
        show_spread(loops, library, figures.rows, args.spread)
        return
    counts = [count(loops, library, case) for case, _, _ in figures.rows]
    if args.renew:
        rows = [[case, f"{n:.1f}", percent] for (case, _, percent), n in zip(figures.rows, counts)]
        figures.renew(rows, version)
        return
    wrong = [
        compare(case, float(figure), float(percent), counted)
        for (case, figure, percent), counted in zip(figures.rows, counts)
    ]
    figures.judge([line for line in wrong if line], version)


if __name__ == "__main__":
    sys.exit(main())
