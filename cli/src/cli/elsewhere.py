"""`slipway status` of a platform that is not the local one: what can be known of it over HTTP."""

import os
from contextlib import suppress
from typing import Any

from cli.platform.failure import Misused
from cli.platform.home import Home
from cli.platform.plan import http_address
from cli.platform.report import ranges
from cli.platform.state import State


def elsewhere(state: State | None) -> str | None:
    """The address that SLIPWAY_HTTP names, unless the local platform answers there (or is to: a port alone)."""
    given = os.environ.get("SLIPWAY_HTTP", "").rstrip("/")
    if not given.startswith(("http://", "https://")):
        return None
    with suppress(Misused):  # of an address that no local platform has
        if state is not None and http_address(given) == http_address(state.http):
            return None
    return given


def seen_from_here(home: Home, address: str) -> dict[str, Any]:
    """As `slipway status --json` has it. Of processes only those that have partition numbers are known, and of no
    process where it runs. Ends the command where nobody answers."""
    from cli.connection import Connection, at  # HTTP is loaded by whoever needs it

    with Connection(project=None, as_user=None, home=home).client() as client:
        answer = client.get(at("partitions"))
    found: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for row in answer["items"]:
        found.setdefault((row["service"], row["owner"]), []).append(row)
    for service in answer["unavailable"]:
        found[service, None] = []
    services = [
        {
            "name": service,
            "instance": owner,
            "pid": None,
            "url": None,
            "ready": owner is not None and not any(row["problem"] for row in rows),
            "partitions": sorted(row["number"] for row in rows),
        }
        for (service, owner), rows in sorted(found.items(), key=lambda each: (each[0][0], each[0][1] or ""))
    ]
    return {"kafka": None, "postgres": None, "smtp": None, "http": address, "services": services}


def rows_of(status: dict[str, Any]) -> list[list[Any]]:
    """service, instance, ready, partitions."""
    return [
        [service["name"], service["instance"], service["ready"], ranges(service["partitions"])]
        for service in status["services"]
    ]
