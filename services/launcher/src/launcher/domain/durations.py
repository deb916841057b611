"""Durations of a scenario file: `30m`, `2d`, `1d12h`."""

import re

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST_DAYS = 3650


def seconds(duration: str) -> int:
    """Of a text that has the shape of `contracts.scenario.Duration`; 1d is 24 hours."""
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([smhd])", duration))


def too_long(duration: str) -> bool:
    """Nobody means it, and dates end somewhere."""
    return seconds(duration) > LONGEST_DAYS * _SECONDS["d"]
