#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What malloc_info writes is XML, agrees with itself, and has the elements of glibc's.

usage: malloc_info.py LIBRARY PROGRAM    PROGRAM writes malloc_info to standard output
"""

import os
import subprocess
import sys
from xml.etree import ElementTree

# What there is no such thing of here: the most there ever was is not kept, memory is not counted by its rights.
NOT_OURS = {("system", "max"), ("aspace", "mprotect")}


def root(program, variables):
    done = subprocess.run(
        [program, "xml"], env={**os.environ, **variables}, stdout=subprocess.PIPE, check=True
    )
    return ElementTree.fromstring(done.stdout)


def shape(element):
    """The element and all below it, but for the sizes: name, type, what is said of it."""
    below = [shape(child) for child in element if child.tag != "size"]
    return (element.tag, element.get("type"), sorted(element.keys()), below)


def without(tree):
    tag, kind, keys, below = tree
    return (tag, kind, keys, [without(t) for t in below if t[:2] not in NOT_OURS])


def numbers(element, *names):
    return [int(element.get(name)) for name in names]


def total(element, kind):
    return numbers(element.find(f"total[@type='{kind}']"), "count", "size")


def check(ours):
    heap = ours.find("heap")
    last, count, size = 0, 0, 0
    for part in heap.find("sizes"):
        first, largest, bytes_free, slots = numbers(part, "from", "to", "total", "count")
        assert last < first <= largest, f"{first} to {largest} after {last}"
        assert slots > 0 and bytes_free >= slots * largest, f"{slots} of {largest} in {bytes_free}"
        last, count, size = largest, count + slots, size + bytes_free
    assert count > 0, "no class has free slots"
    assert total(heap, "rest") == [count, size] == total(ours, "rest"), "the sums differ"
    blocks, mapped = total(ours, "mmap")
    assert blocks == 1 and mapped >= 1 << 20, f"{blocks} large blocks of {mapped} bytes"
    (small,), (all_of_it,) = (numbers(e.find("system"), "size") for e in (heap, ours))
    assert size < small and small + mapped == all_of_it, f"{size}, {small}, {mapped}, {all_of_it}"


def main():
    library, program = sys.argv[1:]
    ours = root(program, {"LD_PRELOAD": library})
    check(ours)
    plain = root(program, {"SECMALLOC_TEST_PLAIN": "1"})
    if shape(ours) != without(shape(plain)):
        sys.exit(f"ours:  {shape(ours)}\nplain: {without(shape(plain))}")


if __name__ == "__main__":
    main()
