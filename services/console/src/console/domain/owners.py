"""Whose a request is, by the one table of routes (`contracts.access`): what has no row does not exist."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from contracts.access import INTERNAL, ROUTES, Access

NUL = "%00"
"""No database keeps it: what is asked for with it is nowhere."""
SERVICES = ("launcher", "contacts", "executor", "messaging", "log")


@dataclass(frozen=True, slots=True)
class Row:
    """The route that a request means: `path` as in the table."""

    path: str
    access: Access


@dataclass(frozen=True, slots=True)
class Refusal:
    """There is none; `code`, `detail` and `remedy` are for the caller."""

    status: int
    code: str
    detail: str
    remedy: str
    headers: Mapping[str, str] | None = None


def find(method: str, raw_path: str, query: str = "") -> Row | Refusal:
    """Both as they came, still percent-encoded: an encoded slash belongs to an id."""
    if NUL in raw_path or NUL in query:
        return Refusal(422, "invalid", "there is the character U+0000 in it", "leave it out: no text here has it")
    segments = tuple(raw_path.split("/")[1:])
    if segments not in _OUTSIDE and any(unquote(segment) in ("", ".", "..") for segment in segments):
        return Refusal(404, "not_found", "this path has an empty or dotted segment", "percent-encode the id in it")
    there = {verb: path for path, verbs in _OUTSIDE.items() if _fits(path, segments) for verb in verbs}
    if not there:
        shown = "/".join(segment[:50] for segment in segments[:4])
        return Refusal(404, "not_found", f"there is no /{shown}", "`GET /openapi.json` says what there is")
    if method not in there:
        allowed = ", ".join(sorted(there))
        detail, remedy = f"this path does not know {method[:20]}", f"it knows {allowed}"
        return Refusal(405, "method_not_allowed", detail, remedy, {"Allow": allowed})
    path = "/" + "/".join(there[method])
    return Row(path, ROUTES[method, path])


def named(access: Access, service: str | None) -> str | Refusal:
    """Which of the row's services is meant by the query's `service`."""
    if service in access.services:
        return service
    remedy = f"add ?service= and one of {', '.join(access.services)}"
    if service is None:
        return Refusal(422, "service_missing", "several services have one of these", remedy)
    return Refusal(422, "unknown_service", f"{service[:50]} has none of these", remedy)


Path = tuple[str, ...]


def _outside() -> dict[Path, list[str]]:
    """Methods by the segments of a path, the most literal path last: in `find` it wins."""
    found = defaultdict(list)
    for method, path in ROUTES:
        if not path.startswith(INTERNAL):
            found[tuple(path.split("/")[1:])].append(method)
    return dict(sorted(found.items(), key=lambda each: [not _is_parameter(segment) for segment in each[0]]))


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")


def _fits(path: Path, segments: Path) -> bool:
    return len(path) == len(segments) and all(
        _is_parameter(wanted) or wanted == given for wanted, given in zip(path, segments, strict=True)
    )


_OUTSIDE = _outside()
