# SPDX-License-Identifier: MIT OR Apache-2.0
"""All runs, in rounds: every round runs every line with every allocator once, so that a machine
which becomes slower or faster does so for all of them."""

import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

import measure
from lines import Line
from peers import Allocator

# Of one run, at least; more for lines that take long with the first allocator.
LEAST_LIMIT = 60.0


def rotated(allocators: list[Allocator], by: int) -> list[Allocator]:
    """Each goes first in turn: what comes after the slowest is not always the same."""
    by %= len(allocators)
    return allocators[by:] + allocators[:by]


class Series:
    """The runs of some lines with some allocators, and what they gave."""

    def __init__(
        self, lines: list[Line], allocators: list[Allocator], scale: float, rounds: int
    ) -> None:
        self.lines, self.allocators = lines, allocators
        self.scale, self.rounds = scale, rounds
        self.finished_rounds = 0
        self.partial = False
        self.results: dict[str, dict[str, Any]] = {}
        self.limits: dict[str, float] = {}
        self.outputs: dict[str, str] = {}

    def run(self, save: Callable[[], None]) -> None:
        """Everything; `save` is called after each round. Ctrl-C ends it early: `partial`."""
        each = len(self.lines) * len(self.allocators)
        # disable=None: none of it where standard error is not a terminal.
        bar = tqdm(
            total=each * self.rounds, disable=None, leave=False, unit="run", smoothing=0.05,
            file=sys.stderr, dynamic_ncols=True,
        )
        try:
            with bar:
                self.prepare(bar)
                for number in range(self.rounds):
                    self.round(number, bar)
                    self.finished_rounds = number + 1
                    save()
        except KeyboardInterrupt:
            self.partial = True
        finally:
            shutil.rmtree(measure.SCRATCH, ignore_errors=True)

    def prepare(self, bar: tqdm) -> None:
        """Inputs, and one run that does not count: it warms caches, says what the right output is
        and how long a run may take."""
        for line in self.lines:
            bar.set_description(f"preparing {line.name}")
            result: dict[str, Any] = {
                "samples": {}, "metrics": {}, "errors": {}, "missing": line.missing(),
            }
            self.results[line.name] = result
            if result["missing"]:
                continue
            try:
                measure.prepare(line, self.scale)
                started = time.monotonic()
                first = measure.run(line, self.allocators[0], self.scale, 10 * LEAST_LIMIT)
                self.limits[line.name] = max(LEAST_LIMIT, 30 * (time.monotonic() - started))
                self.outputs[line.name] = first.output
            except measure.RunFailed as error:
                result["missing"] = f"with {self.allocators[0].name}: {error}"

    def round(self, number: int, bar: tqdm) -> None:
        for index, line in enumerate(self.lines, start=1):
            for allocator in rotated(self.allocators, number + index):
                bar.set_description(
                    f"round {number + 1}/{self.rounds}, line {index}/{len(self.lines)}:"
                    f" {line.name}, {allocator.name}"
                )
                self.one(line, allocator)
                bar.update()

    def one(self, line: Line, allocator: Allocator) -> None:
        """One run. An allocator that failed a line is not tried on it again."""
        result, name = self.results[line.name], allocator.name
        if result["missing"] or name in result["errors"]:
            return
        try:
            ran = measure.run(line, allocator, self.scale, self.limits[line.name])
            if ran.output != self.outputs[line.name]:
                raise measure.RunFailed(f"its output differs from that with "
                                        f"{self.allocators[0].name}")
        except measure.RunFailed as error:
            result["errors"][name] = str(error)
            result["samples"].pop(name, None)
            return
        result["samples"].setdefault(name, []).append(ran.sample)
        for key, value in ran.metrics.items():
            result["metrics"].setdefault(key, {}).setdefault(name, []).append(value)
