"""How fast a launch goes, and when it would be at its end if it went on like this."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.words import LaunchState
from log.domain.controls import PAUSED, RESUMED, STOPPED, Control
from log.domain.launch import Launch


@dataclass(frozen=True, slots=True)
class Pace:
    rate: float
    """Targets that ended per second since the launch was requested; the time it was paused does not count."""
    estimated_end: datetime | None
    """None unless it runs, all targets are chosen and some have ended; and where targets wait: how fast others ended
    says nothing of them."""


def pace(launch: Launch, controls: Iterable[Control], now: datetime) -> Pace:
    if launch.requested_at is None:
        return Pace(0.0, None)
    until = launch.ended_at or now
    active = (until - launch.requested_at - _paused(controls, until)).total_seconds()
    rate = launch.ended / active if active > 0 else 0.0
    runs = launch.state is LaunchState.RUNNING and launch.total is not None and rate > 0 and not launch.waits
    return Pace(round(rate, 3), _after(now, launch.in_progress / rate) if runs else None)


def _after(now: datetime, seconds: float) -> datetime | None:
    try:
        return now + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _paused(controls: Iterable[Control], until: datetime) -> timedelta:
    total, since = timedelta(), None
    for control in sorted(controls, key=lambda one: one.at):
        if control.what == PAUSED and since is None:
            since = control.at
        elif control.what in (RESUMED, STOPPED) and since is not None:
            total += control.at - since
            since = None
    return total if since is None else total + max(timedelta(), until - since)
