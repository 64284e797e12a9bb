# SPDX-License-Identifier: MIT OR Apache-2.0
"""The page: one file with charts, tables and what a reader must know; it loads nothing."""

import math
from statistics import median
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import charts
import table
from lines import GROUPS, HERE
from options import OURS
from summary import MEANS, Summary

# A ratio of this or more has the full colour.
FULL_COLOUR = 3.0


def heat(ratio: float) -> str:
    """A background: none at 1, warm above, cool below."""
    share = min(abs(math.log(ratio)) / math.log(FULL_COLOUR), 1) * 70
    name = "worse" if ratio > 1 else "better"
    return f"background: color-mix(in srgb, var(--{name}) {share:.0f}%, transparent)"


def heat_rows(summary: Summary, what: str) -> list[dict[str, Any]]:
    """Rows of a table: lines in groups, then the means."""
    rows = []
    for group, title in GROUPS.items():
        for line in summary.in_group(group):
            cells = []
            for name in summary.names:
                cell = summary.cells[line["name"], name]
                why = line["errors"].get(name, "")
                if not cell:
                    cells.append({"text": table.FAILED if why else "", "style": "", "title": why})
                    continue
                ratio = getattr(cell, what)
                title_text = f"{line['name']}, {name}"
                if what == "time":
                    title_text += f": {cell.fastest:.2f} to {cell.slowest:.2f}"
                cells.append({"text": f"{ratio:.2f}", "style": heat(ratio), "title": title_text})
            rows.append({"name": line["name"], "title": line["sentence"], "group": title,
                         "cells": cells, "mean": False})
    for group, title in MEANS.items():
        if summary.in_group(group):
            values = [summary.mean(group, name, what) for name in summary.names]
            cells = [{"text": table.number(v), "style": heat(v) if v else "", "title": ""}
                     for v in values]
            rows.append({"name": title, "title": "geometric mean", "group": "geometric means",
                         "cells": cells, "mean": True})
    return rows


def headline(summary: Summary) -> list[str]:
    """What the charts show, in sentences."""
    said = []
    ours = {what: summary.mean("all", OURS, what) for what in ("time", "memory")}
    if ours["time"] and ours["memory"]:
        count = len(summary.finished("all", OURS))
        said.append(
            f"Over {count} programs, secmalloc takes {ours['time']:.2f} times the time and "
            f"{ours['memory']:.2f} times the peak memory of {summary.base} "
            f"{summary.version(summary.base)} (geometric means)."
        )
    real = [summary.mean("real", OURS, what) for what in ("time", "memory")]
    if real[0] and real[1]:
        said.append(f"Of real programs alone: {real[0]:.2f} and {real[1]:.2f}.")
    for title, wanted in (("hardened", True), ("other", False)):
        peers = [a["name"] for a in summary.present
                 if a["hardened"] == wanted and a["name"] not in (OURS, summary.base)]
        values = [f"{name} {mean:.2f}" for name in peers
                  if (mean := summary.mean("all", name, "time"))]
        if values:
            said.append(f"The time of the {title} allocators: {', '.join(values)}.")
    return said


def figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def own_figures(summary: Summary) -> list[dict[str, Any]]:
    """What the programs said about themselves: medians."""
    rows = []
    for line in summary.lines:
        for key, by_name in line["metrics"].items():
            values = [figure(median(by_name[n])) if n in by_name else "" for n in summary.names]
            rows.append({"line": line["name"], "key": key, "medians": values})
    return rows


def price_rows(summary: Summary) -> list[dict[str, Any]]:
    rows = []
    for protection, sentence in summary.results["protections"].items():
        name = f"without-{protection}"
        if name in summary.names:
            means = [summary.mean("all", name, what) for what in ("time", "memory")]
            rows.append({"name": protection, "sentence": sentence,
                         "prices": [table.price(mean) for mean in means]})
    return rows


def render(summaries: list[Summary]) -> str:
    """The page, of a results.json or a prices.json or both."""
    by_kind = {summary.results["kind"]: summary for summary in summaries}
    main, paid = by_kind.get("allocators"), by_kind.get("prices")
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )
    values: dict[str, Any] = {
        "summaries": summaries, "main": main, "paid": paid, "notes": table.notes,
        "headline": [], "charts": {}, "tables": {}, "own": [], "ours": OURS,
        "prices": price_rows(paid) if paid else [],
        "price_lines": heat_rows(paid, "time") if paid else [],
    }
    if main:
        values["headline"] = headline(main)
        values["own"] = own_figures(main)
        values["tables"] = {what: heat_rows(main, what) for what in ("time", "memory")}
        # Without a line that counts there is nothing to draw.
        if any(main.finished("all", name) for name in main.names):
            values["charts"] = {
                "scatter": charts.scatter(main),
                **{f"means_{what}": charts.means(main, what) for what in ("time", "memory")},
                **{f"dots_{what}": charts.dots(main, what) for what in ("time", "memory")},
            }
    return environment.get_template("page.html.j2").render(values)
