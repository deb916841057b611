"""A CloudEvent as the CRM writes it on Kafka, binary or structured, before anybody believed it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from contacts.domain.plain import canonical, unstorable
from contracts.crm import RejectionCode
from runtime.unique_keys import RepeatedKey, demand_unique

MAX_BYTES = 1024 * 1024
_STRUCTURED = "application/cloudevents+json"
_UNREADABLE = object()


@dataclass(frozen=True, slots=True)
class Rejection:
    """Answered on `contacts.replies`."""

    code: RejectionCode
    detail: str
    """What is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a record says of itself. An attribute that is missing is an empty text."""

    id: str
    source: str
    type: str
    time: str
    specversion: str
    key_id: str
    signatures: str
    body: bytes
    """What was signed: the value of the record."""
    data: Any
    """Decoded; use `readable` first."""

    @property
    def readable(self) -> bool:
        return self.data is not _UNREADABLE

    def data_hash(self) -> bytes:
        """Of type and data: the same for the same JSON value, in binary as in structured mode."""
        try:
            data = canonical(self.data) if self.readable else self.body
        except orjson.JSONEncodeError:  # nested too deeply
            data = self.body
        return hashlib.sha256(self.type.encode() + b"\0" + data).digest()


def read_envelope(headers: Mapping[str, bytes], value: bytes | None) -> Envelope | None:
    """None: it has no id (or one with control characters), so that nobody could be answered."""
    body = value or b""
    if _text(headers, "content-type").partition(";")[0].strip().lower() == _STRUCTURED:
        event = _json(body)
        attributes = event if isinstance(event, dict) else {}
        data = attributes.get("data", _UNREADABLE)
        names = {name: text if isinstance(text := attributes.get(name), str) else "" for name in _ATTRIBUTES}
    else:
        data = _json(body) if len(body) <= MAX_BYTES else _UNREADABLE
        names = {name: _text(headers, f"ce_{name}") for name in _ATTRIBUTES}
    if not names["id"] or not _is_plain(names["id"]):
        return None
    return Envelope(
        **names,
        key_id=_text(headers, "slipway-key"),
        signatures=_text(headers, "slipway-signature"),
        body=body,
        data=data,
    )


_ATTRIBUTES = ("id", "source", "type", "time", "specversion")


def unbelievable(envelope: Envelope) -> Rejection | None:
    """What is wrong before anything was checked against a key; None: go on and check the signature."""
    if len(envelope.body) > MAX_BYTES:
        return Rejection("too_large", f"the record has {len(envelope.body)} bytes; at most {MAX_BYTES} are possible")
    if not envelope.key_id or not envelope.signatures:
        return Rejection("unsigned", "send the headers slipway-key and slipway-signature (docs/crm.md)")
    if missing := [name for name in _ATTRIBUTES if not getattr(envelope, name)]:
        return Rejection("malformed", "not a CloudEvent 1.0: missing " + ", ".join(f"ce_{name}" for name in missing))
    if wrong := next((name for name in _ATTRIBUTES if not _is_plain(getattr(envelope, name))), None):
        return Rejection("malformed", f"ce_{wrong} has at most 256 characters and no control characters")
    if envelope.specversion != "1.0":
        return Rejection("unsupported", f"CloudEvents {envelope.specversion} is not read here: write 1.0")
    return None


def unreadable(envelope: Envelope) -> Rejection | None:
    """What is wrong with the data as JSON; None: nothing."""
    if not envelope.readable:
        return Rejection("malformed", "the data is not JSON in UTF-8")
    if not isinstance(envelope.data, dict):
        return Rejection("malformed", "the data is not a JSON object")
    try:
        demand_unique(envelope.body, orjson.loads(envelope.body))
    except RepeatedKey as error:
        return Rejection("malformed", f"{error}: keep one of the two")
    wrong = unstorable(envelope.data)
    return Rejection("malformed", wrong) if wrong else None


def _is_plain(text: str) -> bool:
    return len(text) <= 256 and text.isprintable()


def _text(headers: Mapping[str, bytes], name: str) -> str:
    try:
        return headers.get(name, b"").decode()
    except UnicodeDecodeError:
        return ""


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _UNREADABLE
