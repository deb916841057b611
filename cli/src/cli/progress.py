"""Live progress of a launch: reads its figures as they change and draws them."""

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.connection import Client, at
from cli.events import figures_of
from cli.output import say, stderr, stdout, told
from cli.stuck import Parked, awaited, state_words

Figures = dict[str, Any]
POLL_SECONDS = 0.25
UNDECIDED = ("draft", "validating", "awaiting_confirmation", "awaiting_approval", "rejected")
"""States in which log does not know the launch yet, or never will."""
OUTCOMES = {"success": "green", "failure": "red", "abandon": "yellow", "other": "blue", "in_progress": "white"}


def follow(client: Client, launch_id: str, until: Callable[[Figures], bool], live: bool = False) -> Figures:
    """Reads the launch until it is as wanted; draws it meanwhile if `live`. Survives a restart of the services."""
    seen: Figures = client.get_patiently(at("launches", launch_id))
    parked = Parked(client)
    began = time.monotonic()
    shown: Figures = seen
    waits = None
    drawn = Live(
        console=stderr,
        refresh_per_second=8,
        transient=True,
        get_renderable=lambda: _panel(shown, time.monotonic() - began),
    )
    with drawn if live else nullcontext():
        for now in _sights(client, launch_id, seen):
            seen = now
            figures = seen.get("figures") or {}
            shown = {**seen, **figures, "parked": parked.of(launch_id) if live and figures else 0}
            if live and not stderr.is_terminal and (awaits := awaited(seen)) != waits:
                waits = awaits
                say(f"{seen['state']}: {waits}" if waits else seen["state"])
            if until(seen):
                break
    return seen


def _sights(client: Client, launch_id: str, seen: Figures) -> Iterator[Figures]:
    """The launch, again and again: asked for until log knows it, then as log tells."""
    while seen["state"] in UNDECIDED:
        yield seen
        time.sleep(POLL_SECONDS)
        seen = client.get_patiently(at("launches", launch_id))
    for figures in figures_of(client, launch_id):
        yield {**seen, "state": figures["state"], "figures": figures}


def show_end(seen: Figures) -> None:
    """What became of a launch: the outcome table, or why it never ran."""
    if seen["state"] == "rejected":
        stdout.print(f"Launch {seen['launch_id']}: rejected ({seen.get('rejected')})", style="italic", soft_wrap=True)
        for line in told(seen.get("points") or []):
            say(line)
    else:
        show_figures(seen)


def show_figures(seen: Figures) -> None:
    """The outcome table of a launch; it adds up."""
    figures = seen.get("figures") or {}
    table = Table()
    table.add_column("outcome")
    table.add_column("reason")
    table.add_column("targets", justify="right")
    reasons = figures.get("by_reason", {})
    total = figures.get("targeted", 0)
    for outcome, colour in OUTCOMES.items():
        count = figures.get(outcome, 0)
        if count or outcome != "in_progress":
            table.add_row(f"[{colour}]{outcome}[/]", "", f"[{colour}]{count:,}[/]")
    table.add_section()
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        table.add_row("", reason, f"{count:,}")
    table.add_section()
    table.add_row("[bold]targeted[/]", "", f"[bold]{total:,}[/]")
    stdout.print(f"Launch {seen['launch_id']}: {seen['state']}", style="italic", highlight=False, soft_wrap=True)
    stdout.print(table)
    if figures.get("deliveries"):
        states = ", ".join(f"{state} {count:,}" for state, count in figures["deliveries"].items() if count)
        stdout.print(f"messages: {states}")


def _panel(figures: Figures, seconds: float) -> Group:
    if figures["state"] in UNDECIDED:
        waits = [f"{figures['scenario']} {figures['state']}  {seconds:.0f} s", *told(figures.get("points") or [])]
        return Group(*map(Text, [*waits, awaited(figures) or ""]))
    targeted = figures.get("targeted", 0)
    ended = targeted - figures.get("in_progress", 0)
    held = figures.get("held")
    state = state_words(figures["state"], figures.get("stuck", 0), figures.get("parked", 0), held and held["reason"])
    line = Text(f"{figures['scenario']} {state}  {ended:,} of {targeted:,} ended  {seconds:.0f} s")
    counts = Text("  ").join(
        Text(f"{name} {figures.get(name, 0):,}", style=colour) for name, colour in OUTCOMES.items()
    )
    lines = [Text(_going(figures))]
    if figures.get("steps"):
        lines.append(Text("  ".join(f"{step} {count:,}" for step, count in figures["steps"].items()), style="dim"))
    lines += [Text(f"held: {held['reason']}", style="yellow")] if held else []
    because = figures.get("paused_because") if figures["state"] == "paused" else None
    lines += [Text(f"paused: {because}", style="yellow")] if because else []
    return Group(line, ProgressBar(total=max(targeted, 1), completed=ended, width=60), counts, *lines)


def _going(figures: Figures) -> str:
    """`12.5 a second, done about 14:03:20 UTC`."""
    end = figures.get("estimated_end")
    return f"{figures.get('rate', 0):,.1f} a second" + (f", done about {end[11:19]} UTC" if end else "")
