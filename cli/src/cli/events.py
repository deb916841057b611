"""The figures of a launch as they come: told by the server, asked for only where that does not work."""

import time
from collections.abc import Iterator
from typing import Any

import orjson

from cli.connection import Client, Interrupted, at

FAILURES = 3
"""So often in a row a stream may break off without a word; then figures are asked for."""
PAUSE_SECONDS = 0.5
POLL_SECONDS = 0.25


def figures_of(client: Client, launch_id: str) -> Iterator[dict[str, Any]]:
    """For ever, each time they change. Survives a restart of the services."""
    last: int | None = None
    failures = 0
    while failures < FAILURES:
        try:
            for figures in _stream(client, launch_id, last):
                last, failures = figures["revision"], 0
                yield figures
        except Interrupted:
            failures += 1
            time.sleep(PAUSE_SECONDS)
    while True:
        yield client.get_patiently(at("launches", launch_id, "progress"))
        time.sleep(POLL_SECONDS)


def _stream(client: Client, launch_id: str, last: int | None) -> Iterator[dict[str, Any]]:
    """Server-sent events from after revision `last`. Raises Interrupted when they break off."""
    headers = {"Accept": "text/event-stream"} | ({} if last is None else {"Last-Event-ID": str(last)})
    for line in client.lines(at("launches", launch_id, "events"), headers):
        if line.startswith("data: "):
            yield orjson.loads(line.removeprefix("data: "))
