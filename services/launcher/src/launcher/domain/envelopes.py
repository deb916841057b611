"""CloudEvents as a CRM writes them: binary or structured mode, limited before anything is parsed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from launcher.domain.refusals import Refusal
from runtime.documents import Unreadable, digest, read_json

MOST_BYTES = 1024 * 1024
MOST_ATTRIBUTE_BYTES = 1024
STRUCTURED = "application/cloudevents+json"

Header = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One command as it lay on the topic; nothing of it is believed yet. `body` is what is signed."""

    id: str
    source: str
    type: str = ""
    time: str = ""
    body: bytes = b""
    parsed: Any = None
    """`data` of structured mode, which had to be read to find the id; None in binary mode."""
    structured: bool = False
    flaw: Refusal | None = None
    """Why it cannot be taken whoever sent it."""

    def data(self) -> Any | Unreadable:
        return self.parsed if self.structured else read_json(self.body)


def fingerprint(envelope: Envelope, data: Any | Unreadable) -> bytes:
    """Equal for the same data in either mode and any spelling; of the bytes where they are no document."""
    return hashlib.sha256(envelope.body).digest() if isinstance(data, Unreadable) else digest(data)


def open_envelope(header: Header, value: bytes | None) -> Envelope | None:
    """None: there is no id under which anything could be answered."""
    body = value or b""
    content_type = (header("content-type") or "").partition(";")[0].strip().lower()
    if content_type == STRUCTURED:
        return _structured(body)
    name = _attribute(header("ce_id"))
    if name is None:
        return None
    attributes = {key: header(f"ce_{key}") for key in ("specversion", "source", "type", "time")}
    envelope = _checked(name, attributes, body)
    if envelope.flaw is None and content_type not in ("", "application/json"):
        return _flawed(envelope, f"content-type is {content_type[:64]}: send application/json or {STRUCTURED}")
    return envelope


def _structured(body: bytes) -> Envelope | None:
    event = read_json(body)
    if not isinstance(event, dict):
        return None
    name = _attribute(event.get("id"))
    if name is None:
        return None
    envelope = _checked(name, event, body)
    if envelope.flaw is None and "data" not in event:
        envelope = _flawed(envelope, "an event in structured mode needs `data`, as JSON")
    return Envelope(
        envelope.id,
        envelope.source,
        envelope.type,
        envelope.time,
        body,
        event.get("data"),
        structured=True,
        flaw=envelope.flaw,
    )


def _checked(name: str, given: dict[str, Any], body: bytes) -> Envelope:
    """Without a source, a type or a time there is nothing that a signature could be of."""
    found = {key: _attribute(given.get(key)) for key in ("source", "type", "time")}
    envelope = Envelope(name, found["source"] or "", found["type"] or "", found["time"] or "", body)
    missing = [key for key, text in found.items() if text is None]
    if len(body) > MOST_BYTES:
        return _flawed(envelope, f"{len(body)} bytes: send at most {MOST_BYTES}", too_large=True)
    if missing:
        return _flawed(envelope, f"the attribute {', '.join(missing)} is missing, empty, too long or not text")
    if given.get("specversion") != "1.0":
        return _flawed(envelope, "specversion is not 1.0: send CloudEvents 1.0")
    return envelope


def _flawed(envelope: Envelope, detail: str, *, too_large: bool = False) -> Envelope:
    flaw = Refusal("too_large" if too_large else "malformed", detail)
    return Envelope(envelope.id, envelope.source, envelope.type, envelope.time, envelope.body, flaw=flaw)


def _attribute(value: object) -> str | None:
    """Text without control characters that can be kept; None for anything else."""
    if not isinstance(value, str) or not value or len(value.encode()) > MOST_ATTRIBUTE_BYTES:
        return None
    return None if any(ord(char) < 32 or ord(char) == 127 for char in value) else value
