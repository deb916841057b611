"""The parts of the benchmark: those that share one platform, and those that need platforms of their own."""

from collections.abc import Callable, Mapping
from typing import Final

from bench.figures import Measure
from bench.ground import People
from bench.options import Options
from bench.parts import growth, launching, mailing, peers, scale, small, statements, stopping, waiting

SHARED: Final[Mapping[str, Callable[[People, Options], list[Measure]]]] = {
    "launch": launching.measure,
    "mail": mailing.measure,
    "wait": waiting.measure,
    "small": small.measure,
    "statements": statements.measure,
    "stop": stopping.measure,
}
ALONE: Final[Mapping[str, Callable[[Options], list[Measure]]]] = {
    "scale": scale.measure,
    "growth": growth.measure,
    "peers": peers.measure,
}
