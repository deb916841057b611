"""How the sink misbehaves, for tests: a JSON list beside the ledger (`mails.behaviour.json`), read when it changes.

    [{"kind": "drop", "to": "@slow\\\\.", "times": 3}, {"kind": "late", "seconds": 20}]

`to` is a regular expression that the recipient must contain (default: any), `times` how often it applies (default:
for ever), `seconds` as the kind has it. The first that fits is taken. SLIPWAY_SINK_BEHAVIOUR holds such a list to begin
with.
"""

import json
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    CLOSE = "close"
    """On connecting: closed without a word."""
    REFUSE = "refuse"
    """On connecting: 554 and closed."""
    BUSY = "busy"
    """On connecting: 421 and closed."""
    SLOW = "slow"
    """The whole connection: answers come at one byte per `seconds`."""
    SHUT_DOWN = "421"
    """At RCPT: 421 and closed."""
    HANG_UP = "hang-up"
    """At RCPT: closed without a word."""
    LATER = "4xx"
    """At RCPT: 451."""
    NEVER = "5xx"
    """At RCPT: 550."""
    LATER_DATA = "4xx-data"
    """After the final dot: 451, not accepted."""
    NEVER_DATA = "5xx-data"
    """After the final dot: 554, not accepted."""
    LOSE = "lose"
    """After the final dot: closed without an answer, not accepted."""
    STALL = "stall"
    """After the final dot: nothing for `seconds`, then closed; not accepted."""
    DROP = "drop"
    """After the final dot: accepted, then closed without an answer."""
    LATE = "late"
    """After the final dot: accepted, the answer comes after `seconds`."""
    KEEP = "keep"
    """No misbehaviour: the ledger has the whole mail, as `mail`."""


@dataclass(slots=True)
class Behaviour:
    kind: Kind
    to: str = ""
    times: int | None = None
    seconds: float = 3_600.0

    def __post_init__(self) -> None:
        self.kind = Kind(self.kind)


class Behaviours:
    """What is in force now."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at = 0
        self._list = [Behaviour(**one) for one in json.loads(os.environ.get("SLIPWAY_SINK_BEHAVIOUR") or "[]")]

    def take(self, kind: Kind, recipient: str = "") -> Behaviour | None:
        """One of that kind, used up once, if it applies."""
        for one in self._list:
            if one.kind == kind and one.times != 0 and re.search(one.to, recipient):
                one.times = one.times - 1 if one.times else None
                return one
        return None

    def refresh(self) -> None:
        """Reads the file again if it has changed."""
        try:
            changed = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            changed = 0
        if changed == self._read_at:
            return
        try:
            self._list = [Behaviour(**one) for one in json.loads(self._file.read_text())] if changed else []
        except (ValueError, TypeError):
            return  # half written: it will have changed again
        self._read_at = changed
