"""What is not carried out: the code for programs, and for people what to do."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.checks import Point
from contracts.crm import RejectionCode


@dataclass(frozen=True, slots=True)
class Refusal:
    """Of a CRM's command; also of a stop over HTTP."""

    code: RejectionCode
    detail: str


@dataclass(frozen=True, slots=True)
class Denied:
    """Of a person's request over HTTP. `code` decides the status."""

    code: str
    detail: str
    remedy: str
    points: tuple[Point, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    """More fields of the answer, for programs."""
    retry_after: int | None = None
    """Seconds; None: asking again does not help by itself."""


def nobody_behind(points: Sequence[Point]) -> Denied:
    """Of a list of contacts behind a figure of what cannot be launched, and so has no figures."""
    remedy = "mend what `points` name; a count without a list shows them too"
    return Denied("points", "this cannot be launched, so nobody is behind its figures", remedy, tuple(points))


def unknown_project(project: str) -> Denied:
    return Denied(
        "unknown_project", f"there is no project {project}", f"""make it: `POST /v1/projects {{"key": "{project}"}}`"""
    )


Seen = Container[int] | None
"""Revisions of a thing that somebody has seen, one of which it must still have to be changed; None: it need not."""


def changed_meanwhile(seen: Seen, revision: int | None, thing: str) -> Denied | None:
    """If it is another by now than that which whoever changes it has seen. `revision` None: there is none."""
    if seen is None or (revision is not None and revision in seen):
        return None
    now = "there is none" if revision is None else f"it has revision {revision}"
    detail = f"{thing} was changed meanwhile: {now}"
    return Denied("changed_meanwhile", detail, "look at it again, and name the revision it has now with `If-Match`")
