"""What a record of the CRM says of itself, in both modes, however broken."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.commands import read_command
from contacts.domain.envelope import Rejection, data_hash, data_of, object_of, unbelievable
from runtime.envelopes import Envelope, open_envelope
from runtime.records import Record

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


def opened(headers: dict[str, bytes], value: bytes | None) -> Envelope | None:
    lying = Record("crm.contacts", 0, 0, 0, None, value, headers)
    return open_envelope(lying.header, lying.value)


def hashed(headers: dict[str, bytes], value: bytes) -> bytes:
    envelope = opened(headers, value)
    assert envelope is not None
    return data_hash(envelope, data_of(envelope))


def test_both_modes_say_the_same() -> None:
    binary = opened(BINARY, orjson.dumps(DATA))
    structured = opened(STRUCTURED, orjson.dumps({**ATTRIBUTES, "data": DATA}))
    assert binary is not None and structured is not None
    assert data_of(binary) == data_of(structured) == DATA
    assert data_hash(binary, DATA) == data_hash(structured, DATA)


def test_hash_is_of_the_value_and_the_type() -> None:
    base = hashed(BINARY, orjson.dumps(DATA))
    assert hashed(BINARY, orjson.dumps(dict(reversed(DATA.items())), option=orjson.OPT_INDENT_2)) == base
    assert hashed(BINARY, orjson.dumps({**DATA, "n": 2})) != base
    assert hashed({**BINARY, "ce_type": b"other"}, orjson.dumps(DATA)) != base
    assert hashed(BINARY, b"{") != hashed(BINARY, b"[")
    assert hashed(BINARY, b"[" * 300 + b"]" * 300) != base


@pytest.mark.parametrize("structured", [True, False])
def test_a_key_that_stands_twice_is_named_in_either_mode(structured: bool) -> None:
    data = b'{"project":"demo","contact_id":"c","contact_id":"d"}'
    value = orjson.dumps({**ATTRIBUTES, "data": None})[:-5] + data + b"}" if structured else data
    envelope = opened(STRUCTURED if structured else BINARY, value)
    assert envelope is not None
    rejection = unbelievable(envelope) if structured else object_of(envelope, data_of(envelope))
    assert isinstance(rejection, Rejection)
    assert (rejection.code, "the key `contact_id` stands twice" in rejection.detail) == ("malformed", True)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"\xef\xbb\xbf{}", "line 1, column 1: begins with a byte order mark"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b'{"a": "\\ud800"}', "a: contains half a surrogate pair"),
        (b'{"a": }', "line 1, column 7: not JSON"),
        (b"[" * 2000, "nested deeper than"),
        (b"[]", "an object is meant"),
    ],
)
def test_data_that_cannot_be_read_is_told_with_its_place(value: bytes, says: str) -> None:
    envelope = opened(BINARY, value)
    assert envelope is not None
    rejection = object_of(envelope, data_of(envelope))
    assert isinstance(rejection, Rejection) and rejection.code == "malformed" and says in rejection.detail


headers = st.dictionaries(
    st.sampled_from([*BINARY, "content-type", "slipway-key", "slipway-signature"]), st.binary(max_size=20)
)


@given(headers, st.binary(max_size=60))
def test_no_bytes_break_the_reading(headers: dict[str, bytes], value: bytes) -> None:
    envelope = opened(headers, value)
    if envelope is not None:
        unbelievable(envelope)
        data = data_of(envelope)
        data_hash(envelope, data)
        read_command(envelope, data, "demo", lambda project, address: b"")


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
    envelope = opened(typed, orjson.dumps({**data, "project": "demo"}))
    assert envelope is not None
    asked = read_command(envelope, data_of(envelope), "demo", lambda project, address: b"")
    assert not isinstance(asked, Rejection) or len(asked.detail) > 10
