"""What of a launch waits for a person: its confirmation or approval, incidents, parked records, a hold."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from cli.connection import Client, at

LOOK_SECONDS = 5.0
OPEN = ("requested", "running", "paused", "stopping")
NEXT = {
    "draft": "mend what is named, then `slipway validate-launch {id}`; what was asked for"
    " cannot be changed: `slipway decline {id}`, and ask anew",
    "awaiting_confirmation": "nothing runs yet: somebody with process:start says `slipway confirm {id}`,"
    " which counts it and asks",
    "awaiting_approval": "nothing runs yet: somebody with launch:approve says `slipway approve {id}`",
}
"""What has to be done, and by whom, by the state of a launch that does not run."""


class Parked:
    """Parked records by launch, asked for every few seconds; none where the caller may not see them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked: float | None = None
        self._by_launch: Counter[str] = Counter()

    def of(self, launch_id: str) -> int:
        if self._asked is None or time.monotonic() - self._asked > LOOK_SECONDS:
            self._asked = time.monotonic()
            found = self._client.get_if_allowed(at("parked")) or {"items": []}
            self._by_launch = Counter(str(item.get("key")) for item in found["items"])
        return self._by_launch[launch_id]


def stuck_of(client: Client, rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """By launch id, of those that run: targets with an incident, and parked records."""
    parked = Parked(client)
    found = {}
    for row in rows:
        if row["state"] in OPEN:
            progress = client.get_if_allowed(at("launches", row["launch_id"], "progress")) or {}
            found[row["launch_id"]] = (progress.get("stuck", 0), parked.of(row["launch_id"]))
    return found


def state_words(state: str, incidents: int = 0, parked: int = 0, held: str | None = None) -> str:
    """`running (3 stuck)`, `running (3 stuck, 1 parked)`, `paused (held)`."""
    told = [f"{incidents:,} stuck"] if incidents else []
    told += [f"{parked:,} parked"] if parked else []
    told += ["held"] if held else []
    return f"{state} ({', '.join(told)})" if told else state


def awaited(launch: Mapping[str, Any]) -> str | None:
    """What a launch that does not run yet waits for; None: for nobody, as long as participants are collected."""
    if launch["state"] == "draft" and not launch.get("points"):
        return None
    said = NEXT.get(launch["state"])
    return None if said is None else said.format(id=launch["launch_id"])


def held_of(launch: Mapping[str, Any]) -> str | None:
    """Why messaging holds it, by the launch's newest figures."""
    held = (launch.get("figures") or {}).get("held")
    return None if held is None else str(held["reason"])
