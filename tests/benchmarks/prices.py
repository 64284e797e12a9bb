# SPDX-License-Identifier: MIT OR Apache-2.0
"""Which lines say what a protection costs. Not all: the builds are many, and most lines would say
the same."""

from lines import Line, ListError

LINES = [
    "pairs_mixed",
    "working_set_large",
    "symbolic",
    "containers",
    "server_2",
    "exchange_2",
    "python_objects",
    "python_strings",
    "gcc",
    "sqlite",
    "redis",
]


def subset(lines: list[Line]) -> list[Line]:
    """Those of `lines`, which --only may have cut, that are for this."""
    found = [line for line in lines if line.name in LINES]
    if not found:
        raise ListError(f"prices are measured of other lines: {', '.join(LINES)}")
    return found
