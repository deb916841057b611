"""Whose a path is. The whole table of the public API: what is not in it does not exist."""

from dataclasses import dataclass
from urllib.parse import unquote

SERVICES = ("launcher", "contacts", "executor", "messaging", "log")

ROOTS = {
    "projects": "launcher",
    "keys": "launcher",
    "users": "launcher",
    "scenarios": "launcher",
    "launches": "launcher",
    "audit": "launcher",
    "contacts": "contacts",
    "groups": "contacts",
    "suppressions": "contacts",
    "incidents": "executor",
}
"""By the first segment behind `/v1`."""

PARTS = {
    ("contacts", "instances"): "executor",
    ("contacts", "timeline"): "log",
    ("scenarios", "instances"): "executor",
    ("launches", "progress"): "log",
    ("launches", "events"): "log",
    ("launches", "outcomes"): "log",
    ("launches", "in-progress"): "log",
    ("launches", "deliveries"): "messaging",
}
"""`/v1/<first>/{id}/<second>` of another owner than the rest of `<first>`."""

LEDGER = ("launches", "ledger")
"""Every service that knows targets has one: `?service=` says whose is meant."""
LEDGERS = ("contacts", "executor", "messaging", "log")

UNSUPPORTED = frozenset({"counts", "segments", "tests", "rehearsals"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """There is no owner; `code`, `detail` and `remedy` are for the caller."""

    status: int
    code: str
    detail: str
    remedy: str


def owner(raw_path: str, service: str | None = None) -> str | Refusal:
    """`raw_path` as it came, still percent-encoded: an encoded slash belongs to an id. `service`: the query's."""
    segments = raw_path.strip("/").split("/")[1:]
    if any(unquote(segment) in ("", ".", "..") for segment in segments):
        return Refusal(404, "not_found", "this path has an empty or dotted segment", "percent-encode the id in it")
    root, part = (segments[0] if segments else ""), (segments[2] if len(segments) == 3 else "")
    if root in UNSUPPORTED:
        return Refusal(501, "unsupported", f"/v1/{root} is not built yet", "see the README for what there is")
    if (root, part) == LEDGER:
        return _ledger(service)
    found = PARTS.get((root, part)) or ROOTS.get(root)
    return found or Refusal(404, "not_found", f"there is no /v1/{root[:50]}", f"there are: {', '.join(sorted(ROOTS))}")


def _ledger(service: str | None) -> str | Refusal:
    if service in LEDGERS:
        return service
    return Refusal(422, "service_missing", "whose ledger?", f"add ?service= and one of {', '.join(LEDGERS)}")
