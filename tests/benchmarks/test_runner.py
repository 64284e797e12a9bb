#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Tests of the runner's own arithmetic and parsing. Nothing is measured, and only the standard
library is needed."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import files  # noqa: E402
import lines  # noqa: E402
import measure  # noqa: E402
import options  # noqa: E402
import peer_builds  # noqa: E402
import peers  # noqa: E402
import prices  # noqa: E402
from peers import Allocator  # noqa: E402
from summary import Summary  # noqa: E402

HEADER = "\t".join(lines.COLUMNS)
ROW = "name\tone\tprogram\t3 'a b'\tWhat it does"


def results(**samples: dict[str, list[float]]) -> dict[str, Any]:
    """Results of two allocators; of each line its times with each."""
    return {
        "base": "glibc",
        "allocators": [
            {"name": name, "hardened": False, "version": "1", "missing": ""}
            for name in ("glibc", "other")
        ] + [{"name": "absent", "hardened": True, "version": "", "missing": "no package"}],
        "lines": [
            {
                "name": name, "group": "one", "sentence": "", "missing": None,
                "metrics": {}, "errors": {} if "other" in times else {"other": "SIGSEGV"},
                "samples": {
                    allocator: [{"cpu": t, "wall": 9, "peak": 100 * t} for t in values]
                    for allocator, values in times.items()
                },
            }
            for name, times in samples.items()
        ],
    }


class Arithmetic(unittest.TestCase):
    def mean(self, summary: Summary, group: str, name: str, expected: float) -> None:
        found = summary.mean(group, name, "time")
        assert found is not None
        self.assertAlmostEqual(found, expected)

    def test_ratio_is_that_of_medians(self) -> None:
        summary = Summary(results(a={"glibc": [1, 2, 90], "other": [3, 5, 4]}))
        cell = summary.cells["a", "other"]
        assert cell is not None
        self.assertAlmostEqual(cell.time, 2)
        self.assertAlmostEqual(cell.memory, 2)
        self.assertAlmostEqual(cell.fastest, 1.5)
        self.assertAlmostEqual(cell.slowest, 2.5)
        self.assertAlmostEqual(cell.spread, 0.5)

    def test_mean_is_geometric(self) -> None:
        summary = Summary(results(
            a={"glibc": [1], "other": [4]}, b={"glibc": [1], "other": [1]},
        ))
        self.mean(summary, "all", "other", 2)
        self.mean(summary, "one", "glibc", 1)
        self.assertIsNone(summary.mean("real", "other", "time"))

    def test_failed_line_is_left_out(self) -> None:
        summary = Summary(results(a={"glibc": [1], "other": [3]}, b={"glibc": [1]}))
        self.mean(summary, "all", "other", 3)
        self.assertEqual(summary.failures(), [("b", "other", "SIGSEGV")])

    def test_missing_allocator_has_no_column(self) -> None:
        self.assertEqual(Summary(results(a={"glibc": [1]})).names, ["glibc", "other"])

    def test_startup_is_in_no_mean(self) -> None:
        made = results(a={"glibc": [1], "other": [2]}, s={"glibc": [1], "other": [50]})
        made["lines"][1]["group"] = "start"
        self.mean(Summary(made), "all", "other", 2)

    def test_short_lines_are_named(self) -> None:
        made = results(a={"glibc": [1]}, b={"glibc": [1]})
        made["lines"][1]["samples"]["glibc"][0]["wall"] = 0.9
        self.assertEqual(Summary(made).short(), ["b"])


class Lists(unittest.TestCase):
    def fails(self, text: str, said: str) -> None:
        with self.assertRaisesRegex(lines.ListError, said):
            lines.parse(text, "list.tsv", ["one", "threads"])

    def test_row(self) -> None:
        [line] = lines.parse(f"{HEADER}\n{ROW}\n", "list.tsv", ["one"])
        self.assertEqual(line.arguments, ["3", "a b"])
        self.assertEqual(line.clock, "cpu")

    def test_errors_name_the_row(self) -> None:
        self.fails("name\tgroup\n", "first row must be name, group")
        self.fails(f"{HEADER}\n{ROW}\tmore\n", "list.tsv:2: 6 columns instead of 5")
        self.fails(f"{HEADER}\nname\tmany\tprogram\t\tWhat\n", "'many'; accepted: one, threads")
        self.fails(f"{HEADER}\n{ROW}\n{ROW}\n", "list.tsv:3: a second line 'name'")
        self.fails(f"{HEADER}\nname\tone\t\t\tWhat\n", "must not be empty")

    def test_patterns(self) -> None:
        made = [lines.Line("ab", "one", "p"), lines.Line("cd", "one", "p")]
        self.assertEqual(lines.chosen(made, []), made)
        self.assertEqual(lines.chosen(made, ["a*", "?b"]), made[:1])
        with self.assertRaisesRegex(lines.ListError, "no line matches 'x'; there are: ab, cd"):
            lines.chosen(made, ["x"])

    def test_the_lists_are_sound(self) -> None:
        made = lines.all_lines()
        named = set(prices.LINES)
        self.assertLessEqual(named, {line.name for line in made}, "prices.py names unknown lines")
        packages = set((HERE / "packages.txt").read_text("utf-8").split())
        packages |= set((HERE.parent / "programs/packages.txt").read_text("utf-8").split())
        for line in made:
            if line.group == "real":
                self.assertTrue(line.needs(), f"{line.program} names no program that it needs")
            for _, package in line.needs():
                self.assertIn(package, packages, f"{line.program} needs it")

    def test_metrics(self) -> None:
        self.assertEqual(measure.metrics(b"operations 3e6\nlatency 2\n"),
                         {"operations": 3e6, "latency": 2})
        with self.assertRaisesRegex(measure.RunFailed, "not `key value`"):
            measure.metrics(b"hello\n")


class CommandLine(unittest.TestCase):
    def fails(self, *words: str) -> str:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as ended:
            options.parse(list(words))
        self.assertEqual(ended.exception.code, 2)
        return said.getvalue()

    def test_unknown_values(self) -> None:
        said = self.fails("--allocators", "nomalloc")
        self.assertIn("nomalloc; accepted: secmalloc, glibc", said)
        self.assertIn("from 1 to 1000", self.fails("--rounds", "0"))
        self.assertIn("there are: ", self.fails("--only", "no-such-line"))
        self.assertIn("unrecognized", self.fails("--fast"))
        self.assertIn("not a file", self.fails("--report", "/nonexistent"))

    def test_glibc_is_always_measured(self) -> None:
        given = options.parse(["--allocators", "scudo,secmalloc"])
        self.assertEqual(given.allocators, ["secmalloc", "glibc", "scudo"])

    def test_quick(self) -> None:
        self.assertEqual(options.parse(["--quick"]).rounds, options.QUICK["rounds"])
        self.assertEqual(options.parse(["--quick", "--rounds", "7"]).rounds, 7)


class Peers(unittest.TestCase):
    OURS = Allocator("secmalloc", True, "1", "/lib/libsecmalloc.so")

    def find(self, finder: Any, serves: str | None = None) -> Allocator:
        with mock.patch.dict(peers.FINDERS, {"scudo": (True, finder)}), \
                mock.patch.object(peers, "serves", return_value=serves):
            [found] = peers.find(["scudo"], self.OURS, Path("probe"))
        return found

    def test_present(self) -> None:
        self.assertEqual(self.find(lambda: ("/a.so", "2")),
                         Allocator("scudo", True, "2", "/a.so"))

    def test_missing_says_why(self) -> None:
        found = self.find(lambda: peers.debian("libfoo", "/nonexistent/libfoo.so"))
        self.assertIn("Debian package libfoo is not installed", found.missing)

    def test_failed_build_says_why(self) -> None:
        with mock.patch.object(peer_builds, "library",
                               side_effect=peer_builds.BuildFailed("cc failed")):
            self.assertEqual(self.find(lambda: peers.built("hardened-malloc")).missing, "cc failed")

    def test_not_in_use_is_missing(self) -> None:
        found = self.find(lambda: ("/a.so", "2"), serves="malloc is served by /lib/libc.so.6")
        self.assertIn("malloc is served by", found.missing)


class Files(unittest.TestCase):
    def test_whole_or_not_at_all(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "new" / "file"
            files.write(path, "text")
            self.assertEqual(path.read_text("utf-8"), "text")
            with self.assertRaises(UnicodeEncodeError):
                files.write(path, "\ud800")
            self.assertEqual(path.read_text("utf-8"), "text")


if __name__ == "__main__":
    unittest.main()
