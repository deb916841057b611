"""The growth curves as a picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from bench.figures import Measure

PANELS = (
    ("growth_end_to_end", "contacts per second", None),
    ("growth_cpu_per_contact", "CPU µs per contact", 80.0),
    ("growth_rss", "memory of own processes, MB", 400.0),
    ("growth_storage_per_million", "PostgreSQL, MB per million contacts", 400.0),
)
"""Measure, what it is, and the largest that is asked for."""
LINES = (("before", "#9a9a9a", "--"), ("after", "#1f6feb", "-"))


def growth(before: Sequence[Measure], after: Sequence[Measure], file: Path) -> None:
    """Deterministic: the same results give the same bytes."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "slipway", "font.sans-serif": ["DejaVu Sans"]}):
        _drawn(before, after).savefig(file, format=file.suffix[1:], metadata={"Date": None, "Creator": None})


def _drawn(before: Sequence[Measure], after: Sequence[Measure]) -> Figure:
    figure = Figure(figsize=(9, 6), layout="constrained")
    for axes, (name, title, largest) in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
        for (label, colour, style), measures in zip(LINES, (before, after), strict=True):
            points = sorted((one["n"], one["value"], one["min"], one["max"]) for one in measures if one["name"] == name)
            if not points:
                continue
            sizes, values, lows, highs = zip(*points, strict=True)
            axes.plot(sizes, values, style, marker="o", color=colour, label=label)
            axes.fill_between(sizes, lows, highs, color=colour, alpha=0.15, linewidth=0)
        if largest is not None:
            axes.axhline(largest, color="#d1242f", linewidth=1, linestyle=":", label="asked: at most")
        axes.set_xscale("log")
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("contacts of the launch", fontsize=9)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return figure
