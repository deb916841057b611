"""What is not carried out: the code for programs, and for people what to do."""

from collections.abc import Mapping
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
