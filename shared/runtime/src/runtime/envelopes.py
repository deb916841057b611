"""CloudEvents as a CRM writes them, signed: binary or structured mode, limited before anything is parsed.

One reading for every topic that a CRM writes on: what is answered on one is answered on the others, in the same words.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from runtime.documents import Unreadable, read_json

MOST_BYTES: Final = 1024 * 1024
MOST_ATTRIBUTE_BYTES: Final = 1024
STRUCTURED: Final = "application/cloudevents+json"
VERSION: Final = "1.0"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ATTRIBUTES: Final = ("specversion", "source", "type", "time")

Header = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a record cannot be taken whoever sent it; code and words are for its answer."""

    code: Literal["malformed", "too_large", "unsupported"]
    detail: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """One record as it lay on the topic; nothing of it is believed yet. `body` is what is signed.

    An attribute that is missing or unusable is an empty text."""

    id: str
    source: str = ""
    type: str = ""
    time: str = ""
    key_id: str = ""
    signatures: str = ""
    body: bytes = b""
    parsed: Any = None
    """`data` of structured mode, which had to be read to find the id; None in binary mode."""
    structured: bool = False
    flaw: Flaw | None = None


def open_envelope(header: Header, value: bytes | None) -> Envelope | None:
    """None: there is no id under which anything could be answered."""
    body = value or b""
    content_type = (header("content-type") or "").partition(";")[0].strip().lower()
    given = {name: header(f"ce_{name}") for name in ("id", *_ATTRIBUTES)}
    if content_type != STRUCTURED:
        envelope = _opened(given, header, body)
        if envelope and not envelope.flaw and content_type not in ("", "application/json"):
            return _flawed(envelope, f"content-type is {content_type[:64]}: send application/json or {STRUCTURED}")
        return envelope
    read = read_json(body)
    event = _as_far_as_it_goes(body) if isinstance(read, Unreadable) else read
    envelope = _opened(event, header, body) if isinstance(event, dict) else None
    if envelope is None:
        return None
    envelope = replace(envelope, parsed=event.get("data"), structured=True)
    if envelope.flaw is None and isinstance(read, Unreadable):
        return _flawed(envelope, f"the event cannot be read: {read}")
    if envelope.flaw is None and "data" not in event:
        return _flawed(envelope, "an event in structured mode needs `data`, as JSON")
    return envelope


def _opened(given: dict[str, Any], header: Header, body: bytes) -> Envelope | None:
    """Without a source, a type or a time there is nothing that a signature could be of."""
    found = {name: _text(given.get(name)) for name in ("id", *_ATTRIBUTES)}
    name, version, missing = found.pop("id"), found["specversion"], [each for each in _ATTRIBUTES if not found[each]]
    if not name:
        return None
    envelope = Envelope(
        name,
        source=found["source"],
        type=found["type"],
        time=found["time"],
        key_id=_text(header("slipway-key")),
        signatures=header("slipway-signature") or "",
        body=body,
    )
    if len(body) > MOST_BYTES:
        return replace(envelope, flaw=Flaw("too_large", f"{len(body)} bytes: send at most {MOST_BYTES}"))
    if missing:
        detail = f"the attribute {', '.join(missing)} is missing, empty, too long or not text"
        return _flawed(envelope, f"{detail}: at most {MOST_ATTRIBUTE_BYTES} bytes, no control characters")
    if version != VERSION:
        return replace(envelope, flaw=Flaw("unsupported", f"specversion is {version[:32]}: send CloudEvents {VERSION}"))
    return envelope


def _as_far_as_it_goes(body: bytes) -> Any:
    """Of an event in which something cannot be kept or read in one way: for its id alone. None: it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _flawed(envelope: Envelope, detail: str) -> Envelope:
    return replace(envelope, flaw=Flaw("malformed", detail))


def _text(value: object) -> str:
    """Text without control characters that can be kept; empty for anything else."""
    if not isinstance(value, str) or _CONTROL.search(value):
        return ""
    try:
        return value if len(value.encode()) <= MOST_ATTRIBUTE_BYTES else ""
    except UnicodeEncodeError:  # half a surrogate pair
        return ""
