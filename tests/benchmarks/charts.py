# SPDX-License-Identifier: MIT OR Apache-2.0
"""The charts of the page, as SVG that takes its colours from the page's style sheet."""

import io
import re

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from options import OURS
from summary import MEANS, Summary

# Drawn with these, then replaced by variables of the style sheet, which has two sets of values.
COLOURS = {
    "ink": "#0a0001",
    "muted": "#0a0002",
    "rule": "#0a0003",
    "ours": "#0a0004",
    "hardened": "#0a0005",
    "plain": "#0a0006",
}
INK, MUTED, RULE = COLOURS["ink"], COLOURS["muted"], COLOURS["rule"]
# Where an axis has numbers, from the coarsest set of which it shows enough to the finest.
TICKS = [
    [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
    [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50],
    [0.5, 0.7, 1, 1.4, 2, 3, 4, 6],
    [0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 2, 2.4, 3],
]
ENOUGH_TICKS = 3
AXIS = {"time": "time, glibc = 1", "memory": "peak memory, glibc = 1"}
GROUP_MARKS = {"one": "o", "threads": "s", "real": "D"}

matplotlib.rcParams.update({
    "svg.fonttype": "none",
    "svg.hashsalt": "secmalloc",
    "font.family": "sans-serif",
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": MUTED,
    "ytick.color": RULE,
    "ytick.labelcolor": INK,
    "ytick.left": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "grid.color": RULE,
    "grid.linewidth": 0.6,
})


def svg(figure: Figure, name: str, label: str) -> str:
    """The figure as an element of a page: no header, ids of its own, colours by name."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    # The size is the page's to decide.
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    text = text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    for variable, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{variable})")
    # The page's own font, not that of the machine which drew it.
    return re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)


def colour(summary: Summary, name: str) -> str:
    if name == OURS:
        return COLOURS["ours"]
    hardened = next(a["hardened"] for a in summary.present if a["name"] == name)
    return COLOURS["hardened" if hardened else "plain"]


def ratio_axis(axes: Axes, values: list[float], which: str) -> None:
    """A logarithmic axis with plain numbers, from the values' least to their largest."""
    low, high = min([*values, 0.95]), max([*values, 1.05])
    margin = (high / low) ** 0.05
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xlim if which == "x" else axes.set_ylim)(low / margin, high * margin)
    axis = axes.xaxis if which == "x" else axes.yaxis
    shown = [[t for t in ticks if low / margin <= t <= high * margin] for ticks in TICKS]
    ticks = next((found for found in shown if len(found) >= ENOUGH_TICKS), shown[-1])
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def emphasise(axes: Axes, names: list[str]) -> None:
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        if name == OURS:
            label.set_fontweight("bold")


def means(summary: Summary, what: str) -> str:
    """One bar an allocator: the mean of all lines; on it a mark for each group."""
    ranked = sorted(
        ((mean, name) for name in summary.names if (mean := summary.mean("all", name, what))),
        reverse=True,
    )
    figure = Figure(figsize=(4.6, 0.5 + 0.3 * len(ranked)))
    axes = figure.subplots()
    every = [mean for mean, _ in ranked]
    for place, (mean, name) in enumerate(ranked):
        axes.barh(place, mean - 1, left=1, height=0.55, color=colour(summary, name), alpha=0.85)
        for group, mark in GROUP_MARKS.items():
            if value := summary.mean(group, name, what):
                axes.plot(value, place, mark, markersize=4.5, markerfacecolor="none",
                          markeredgecolor=INK, markeredgewidth=0.8)
                every.append(value)
    ratio_axis(axes, every, "x")
    right = axes.get_xlim()[1]
    for place, (mean, _) in enumerate(ranked):
        axes.text(right * 1.02, place, f"{mean:.2f}", va="center", fontweight="bold")
    axes.axvline(1, color=MUTED, linewidth=1)
    names = [name for _, name in ranked]
    axes.set_yticks(range(len(names)), names)
    emphasise(axes, names)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel(AXIS[what])
    return svg(figure, f"means-{what}", f"mean {what} of each allocator")


def spread_out(heights: list[float], gap: float) -> list[float]:
    """The same heights, ascending, moved apart until no two are closer than the gap."""
    placed = list(heights)
    for _ in range(200):
        for i in range(len(placed) - 1):
            lack = gap - (placed[i + 1] - placed[i])
            if lack > 1e-9:
                placed[i] -= lack / 2
                placed[i + 1] += lack / 2
    return placed


def scatter(summary: Summary) -> str:
    """Mean time against mean memory; the best are at the lower left. Names stand in a column at the
    side, with a thin line to their points, so that none covers another."""
    points = sorted(
        (memory, time, name)
        for name in summary.names
        if (time := summary.mean("all", name, "time"))
        and (memory := summary.mean("all", name, "memory"))
    )
    figure = Figure(figsize=(4.9, 3.4))
    axes = figure.subplots()
    ratio_axis(axes, [time for _, time, _ in points], "x")
    ratio_axis(axes, [memory for memory, _, _ in points], "y")
    to_axes = (axes.transData + axes.transAxes.inverted()).transform
    heights = [float(to_axes((time, memory))[1]) for memory, time, _ in points]
    for (memory, time, name), height in zip(points, spread_out(heights, 0.075), strict=True):
        axes.plot(time, memory, "o", color=colour(summary, name),
                  markersize=9 if name == OURS else 6, zorder=3)
        axes.annotate(
            name, (time, memory), (1.04, height), textcoords="axes fraction", va="center",
            fontweight="bold" if name == OURS else "normal",
            arrowprops={"arrowstyle": "-", "color": RULE, "linewidth": 0.7, "relpos": (0, 0.5),
                        "shrinkB": 3},
        )
    axes.spines["left"].set_visible(True)
    axes.tick_params(axis="y", labelcolor=MUTED)
    axes.set_xlabel(AXIS["time"])
    axes.set_ylabel(AXIS["memory"])
    axes.grid()
    axes.set_axisbelow(True)
    return svg(figure, "scatter", "mean time and mean memory of each allocator")


def dots(summary: Summary, what: str) -> str:
    """A row a line, a dot an allocator."""
    lines = [line for group in list(MEANS)[1:] for line in summary.in_group(group)]
    lines.reverse()
    figure = Figure(figsize=(4.6, 0.6 + 0.19 * len(lines)))
    axes = figure.subplots()
    every = []
    for place, line in enumerate(lines):
        for name in [n for n in summary.names if n not in (OURS, summary.base)] + [OURS]:
            cell = summary.cells.get((line["name"], name))
            if not cell:
                continue
            value = getattr(cell, what)
            every.append(value)
            ours = name == OURS
            axes.plot(value, place, "o", color=colour(summary, name), markeredgewidth=0,
                      markersize=6.5 if ours else 4, alpha=1 if ours else 0.6,
                      zorder=4 if ours else 3)
        if place and lines[place - 1]["group"] != line["group"]:
            axes.axhline(place - 0.5, color=MUTED, linewidth=0.7, linestyle=":")
    ratio_axis(axes, every, "x")
    axes.axvline(1, color=MUTED, linewidth=1)
    axes.set_ylim(-0.7, len(lines) - 0.3)
    axes.set_yticks(range(len(lines)), [line["name"] for line in lines])
    axes.tick_params(axis="x", top=True, labeltop=True)
    axes.grid()
    axes.set_axisbelow(True)
    axes.set_xlabel(AXIS[what])
    return svg(figure, f"dots-{what}", f"{what} of each line with each allocator")
