"""What a record of the CRM says of itself, in both modes, however broken."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.commands import read_command
from contacts.domain.envelope import Rejection, read_envelope, unbelievable, unreadable

ATTRIBUTES = {
    "id": "r-1",
    "source": "/crm",
    "type": "com.slipway.contact.deleted.v1",
    "time": "t",
    "specversion": "1.0",
}
DATA = {"project": "demo", "contact_id": "c", "n": [1, {"b": 2.5, "a": None}]}
BINARY = {f"ce_{name}": text.encode() for name, text in ATTRIBUTES.items()}
STRUCTURED = {"content-type": b"Application/CloudEvents+JSON; charset=utf-8"}


def hashed(headers: dict[str, bytes], value: bytes) -> bytes:
    envelope = read_envelope(headers, value)
    assert envelope is not None
    return envelope.data_hash()


def test_both_modes_say_the_same() -> None:
    binary = read_envelope(BINARY, orjson.dumps(DATA))
    structured = read_envelope(STRUCTURED, orjson.dumps({**ATTRIBUTES, "data": DATA}))
    assert binary is not None and structured is not None
    for name in ("id", "source", "type", "time", "specversion", "data"):
        assert getattr(binary, name) == getattr(structured, name)
    assert binary.data_hash() == structured.data_hash()


def test_hash_is_of_the_value_and_the_type() -> None:
    base = hashed(BINARY, orjson.dumps(DATA))
    assert hashed(BINARY, orjson.dumps(dict(reversed(DATA.items())), option=orjson.OPT_INDENT_2)) == base
    assert hashed(BINARY, orjson.dumps({**DATA, "n": 2})) != base
    assert hashed({**BINARY, "ce_type": b"other"}, orjson.dumps(DATA)) != base
    assert hashed(BINARY, b"{") != hashed(BINARY, b"[")
    assert hashed(BINARY, b"[" * 300 + b"]" * 300) != base


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ({}, b"{}"),
        ({**BINARY, "ce_id": b""}, b"{}"),
        ({**BINARY, "ce_id": b"\xff"}, b"{}"),
        ({**BINARY, "ce_id": b"a\nb"}, b"{}"),
        ({**BINARY, "ce_id": b"x" * 257}, b"{}"),
        (STRUCTURED, b"{"),
        (STRUCTURED, b"[]"),
        (STRUCTURED, b'{"id": 17}'),
        (STRUCTURED, None),
    ],
)
def test_without_an_id_nobody_can_be_answered(headers: dict[str, bytes], value: bytes | None) -> None:
    assert read_envelope(headers, value) is None


@pytest.mark.parametrize("structured", [True, False])
def test_a_key_that_stands_twice_is_named_in_either_mode(structured: bool) -> None:
    data = b'{"project":"demo","contact_id":"c","contact_id":"d"}'
    value = orjson.dumps({**ATTRIBUTES, "data": None})[:-5] + data + b"}" if structured else data
    envelope = read_envelope(STRUCTURED if structured else BINARY, value)
    assert envelope is not None
    rejection = unreadable(envelope)
    assert rejection is not None
    assert (rejection.code, "the key `contact_id` stands twice" in rejection.detail) == ("malformed", True)


def test_structured_event_without_data_is_not_readable() -> None:
    envelope = read_envelope(STRUCTURED, orjson.dumps({**ATTRIBUTES, "data_base64": "e30="}))
    assert envelope is not None
    rejection = unreadable(envelope)
    assert rejection is not None and rejection.code == "malformed"


headers = st.dictionaries(
    st.sampled_from([*BINARY, "content-type", "slipway-key", "slipway-signature"]), st.binary(max_size=20)
)


@given(headers, st.binary(max_size=60))
def test_no_bytes_break_the_reading(headers: dict[str, bytes], value: bytes) -> None:
    envelope = read_envelope(headers, value)
    if envelope is not None:
        unbelievable(envelope)
        envelope.data_hash()
        read_command(envelope, "demo", lambda project, address: b"")


numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
kinds = ["contact.upserted", "contact.deleted", "consent.changed", "group.membership-changed", "contact.event"]
names = ["project", "contact", "contact_id", "given", "added"]


@given(st.sampled_from(kinds), st.dictionaries(st.sampled_from(names), json_values))
def test_any_json_is_taken_or_refused_with_a_reason(kind: str, data: dict[str, object]) -> None:
    typed = {**BINARY, "ce_type": f"com.slipway.{kind}.v1".encode()}
    envelope = read_envelope(typed, orjson.dumps({**data, "project": "demo"}))
    assert envelope is not None
    asked = read_command(envelope, "demo", lambda project, address: b"")
    assert not isinstance(asked, Rejection) or len(asked.detail) > 10
