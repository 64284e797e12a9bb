# SPDX-License-Identifier: MIT OR Apache-2.0
"""From raw samples to figures: medians, ratios to glibc of medians, geometric means of ratios."""

from dataclasses import dataclass
from statistics import geometric_mean, median
from typing import Any

from lines import CLOCK, GROUPS

# A program that ran for less says little: start-up, and the grain of the clocks.
SHORT = 1.0
# The means that are shown; start-up is in none of them.
MEANS = {"all": "all lines", **{name: text for name, text in GROUPS.items() if name != "start"}}


@dataclass(frozen=True)
class Cell:
    """A line with an allocator: ratios to the base allocator, 1 being the same."""

    time: float
    memory: float
    # The fastest and the slowest run, over the base's median.
    fastest: float
    slowest: float

    @property
    def spread(self) -> float:
        """From the fastest run to the slowest, as a share of the median."""
        return (self.slowest - self.fastest) / self.time


class Summary:
    """The figures of a `results.json` or `prices.json`."""

    def __init__(self, results: dict[str, Any]) -> None:
        self.results = results
        self.base: str = results["base"]
        self.lines: list[dict[str, Any]] = [x for x in results["lines"] if not x["missing"]]
        self.present = [a for a in results["allocators"] if not a["missing"]]
        self.names = [a["name"] for a in self.present]
        self.cells = {
            (line["name"], name): self.cell(line, name)
            for line in self.lines
            for name in self.names
        }

    def version(self, name: str) -> str:
        return next(a["version"] for a in self.present if a["name"] == name)

    @staticmethod
    def median(line: dict[str, Any], name: str, what: str) -> float | None:
        samples = line["samples"].get(name)
        return median(sample[what] for sample in samples) if samples else None

    def cell(self, line: dict[str, Any], name: str) -> Cell | None:
        """None where one of the two has no sample, or a median of 0."""
        clock = CLOCK[line["group"]]
        time, base_time = (self.median(line, n, clock) for n in (name, self.base))
        memory, base_memory = (self.median(line, n, "peak") for n in (name, self.base))
        if not time or not base_time or not memory or not base_memory:
            return None
        clocked = [sample[clock] / base_time for sample in line["samples"][name]]
        return Cell(time / base_time, memory / base_memory, min(clocked), max(clocked))

    def in_group(self, group: str) -> list[dict[str, Any]]:
        """The lines of a group; of "all", those of every group that counts."""
        wanted = [name for name in MEANS if name != "all"] if group == "all" else [group]
        return [line for line in self.lines if line["group"] in wanted]

    def finished(self, group: str, name: str) -> list[Cell]:
        cells = [self.cells[line["name"], name] for line in self.in_group(group)]
        return [cell for cell in cells if cell]

    def mean(self, group: str, name: str, what: str) -> float | None:
        """The geometric mean of "time" or "memory" over the lines that this allocator finished."""
        ratios = [getattr(cell, what) for cell in self.finished(group, name)]
        return geometric_mean(ratios) if ratios else None

    def spread(self, name: str) -> float | None:
        """The median of the lines' spreads."""
        cells = self.finished("all", name)
        return median(cell.spread for cell in cells) if cells else None

    def failures(self) -> list[tuple[str, str, str]]:
        """(line, allocator, reason) of every run that failed."""
        return [(x["name"], n, why) for x in self.lines for n, why in x["errors"].items()]

    def short(self) -> list[str]:
        """The lines whose base run took less than a second."""
        found = []
        for line in self.in_group("all"):
            wall = self.median(line, self.base, "wall")
            if wall is not None and wall < SHORT:
                found.append(line["name"])
        return found
