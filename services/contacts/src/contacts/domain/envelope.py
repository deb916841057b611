"""What a record of `crm.contacts` says: its data, read fast, and what is wrong with it."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from contacts.domain.plain import canonical, unstorable
from contracts.crm import RejectionCode
from runtime.documents import Unreadable, read_json
from runtime.envelopes import Envelope
from runtime.unique_keys import RepeatedKey, demand_unique


@dataclass(frozen=True, slots=True)
class Rejection:
    """Answered on `contacts.replies`."""

    code: RejectionCode
    detail: str
    """What is wrong and what to do."""


def unbelievable(envelope: Envelope) -> Rejection | None:
    """What is wrong before anything was checked against a key; None: go on and check the signature."""
    if envelope.flaw is not None:
        return Rejection(envelope.flaw.code, envelope.flaw.detail)
    if not envelope.key_id or not envelope.signatures:
        return Rejection("unsigned", "send the headers slipway-key and slipway-signature (docs/crm.md)")
    return None


def data_of(envelope: Envelope) -> Any | Unreadable:
    """Decoded; whether it is what is meant, `object_of` says."""
    if envelope.structured:
        return envelope.parsed
    try:
        return orjson.loads(envelope.body)
    except orjson.JSONDecodeError:
        why = read_json(envelope.body)  # in the words of everything else that reads JSON, and slower
        return why if isinstance(why, Unreadable) else Unreadable("not JSON")


def data_hash(envelope: Envelope, data: Any | Unreadable) -> bytes:
    """Of type and data: the same for the same JSON value, in binary as in structured mode."""
    try:
        told = envelope.body if isinstance(data, Unreadable) else canonical(data)
    except orjson.JSONEncodeError:  # nested too deeply
        told = envelope.body
    return hashlib.sha256(envelope.type.encode() + b"\0" + told).digest()


def object_of(envelope: Envelope, data: Any | Unreadable) -> dict[str, Any] | Rejection:
    """The data as a JSON object that can be stored, or what is wrong with it."""
    if isinstance(data, Unreadable):
        return Rejection("malformed", f"the data cannot be read: {data}")
    if not isinstance(data, dict):
        return Rejection("malformed", "data: an object is meant: {…}")
    if not envelope.structured:  # there it was read whole
        try:
            demand_unique(envelope.body, data)
        except RepeatedKey as error:
            return Rejection("malformed", f"{error}: keep one of the two")
    wrong = unstorable(data)
    return Rejection("malformed", wrong) if wrong else data
