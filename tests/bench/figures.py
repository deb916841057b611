"""Measures: what the benchmark writes, a line each, and how they are shown."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

Measure = dict[str, Any]
"""`name`, `value` (the median), `unit`, `n` (contacts or mails of one round), `min`, `max`, and what else there is."""

ASKED: dict[str, tuple[str, str]] = {
    "end_to_end_of_limit": ("≥ 0.30", "≥ 0.50"),
    "cpu_per_contact": ("≤ 80", "≤ 50"),
    "send_wait_send_of_single": ("≥ 0.50", ""),
    "mails": ("≥ 2,500", "≥ 6,000"),
    "cpu_per_mail": ("≤ 400", "≤ 200"),
    "first_message": ("≤ 0.5", ""),
    "small_launch": ("≤ 3", ""),
    "stop": ("≤ 0.5", ""),
    "rss": ("≤ 400", ""),
    "storage_per_million": ("≤ 400", ""),
    "cpu_8x4_of_1x1": ("≤ 1.20", ""),
    "cpu_8x4_of_1x1_long": ("≤ 1.20", ""),
}
"""What is asked of a measure, and what the goal beyond it is."""


class NotMeasured(Exception):
    """The run was too small, or too quick, to measure this."""


def measured(name: str, values: Sequence[float], unit: str, n: int, **more: Any) -> Measure:
    return {
        "name": name,
        "value": median(values),
        "unit": unit,
        "n": n,
        "min": min(values),
        "max": max(values),
        **more,
    }


def write(measures: Iterable[Measure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(measure, ensure_ascii=False) + "\n" for measure in measures))


def read(path: Path) -> list[Measure]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def shown(value: float) -> str:
    """Three digits that mean something."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def show(measures: Sequence[Measure], title: str) -> None:
    table = Table(title=title)
    for column in ("measure", "n", "value", "min", "max", "unit", "asked", "goal"):
        table.add_column(column, justify="right" if column in ("n", "value", "min", "max") else "left")
    for measure in measures:
        name = measure["name"] if "of" not in measure else f"{measure['name']}: {measure['of']}"
        numbers = (shown(measure[part]) for part in ("value", "min", "max"))
        table.add_row(name[:100], f"{measure['n']:,}", *numbers, measure["unit"], *ASKED.get(measure["name"], ("", "")))
    Console(width=180).print(table)
