"""Records of strangers: which can be answered, and what is wrong with them before anybody is believed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fakes.transaction import record
from launcher.domain.envelopes import MOST_BYTES, Envelope, fingerprint, open_envelope
from runtime.documents import Unreadable, canonical, digest, read_json

HEADERS = {
    "ce_specversion": "1.0",
    "ce_id": "cmd-1",
    "ce_source": "/crm/main",
    "ce_type": "com.slipway.launch.stop.v1",
    "ce_time": "2026-11-20T12:00:00Z",
    "content-type": "application/json",
}
DATA = {"project": "demo", "launch_id": "l-1"}


def opened(
    value: bytes | None, headers: Mapping[str, str] = HEADERS, changed: Mapping[str, str | None] | None = None
) -> Envelope | None:
    whole: dict[str, str | None] = {**headers, **(changed or {})}
    lying = record(value, {name: text for name, text in whole.items() if text is not None})
    return open_envelope(lying.header, lying.value)


def structured(**changed: Any) -> bytes:
    event = {
        "specversion": "1.0",
        "id": "cmd-1",
        "source": "/crm/main",
        "type": "com.slipway.launch.stop.v1",
        "time": "2026-11-20T12:00:00Z",
        "data": DATA,
        **changed,
    }
    return json.dumps({name: value for name, value in event.items() if value is not None}).encode()


def open_structured(value: bytes) -> Envelope | None:
    return opened(value, {"content-type": "application/cloudevents+json; charset=utf-8"})


def test_binary_and_structured_mode_say_the_same() -> None:
    binary, whole = opened(json.dumps(DATA).encode()), open_structured(structured())
    assert binary is not None
    assert whole is not None
    assert (binary.id, binary.source, binary.type, binary.time) == (whole.id, whole.source, whole.type, whole.time)
    assert binary.data() == whole.data() == DATA
    assert fingerprint(binary, binary.data()) == fingerprint(whole, whole.data())
    assert whole.body == structured()


@pytest.mark.parametrize("missing", [None, "", "a\x00b", "x" * 1025])
def test_a_record_without_a_usable_id_cannot_be_answered(missing: str | None) -> None:
    assert opened(b"{}", changed={"ce_id": missing}) is None
    assert open_structured(structured(id=missing)) is None


@pytest.mark.parametrize("value", [b"\x00\xff", b"{", b"[]", b"null", b"", None, b'{"id": 7}', b"[" * 10_000])
def test_a_structured_record_that_is_no_event_cannot_be_answered(value: bytes | None) -> None:
    assert opened(value, {"content-type": "application/cloudevents+json"}) is None


@pytest.mark.parametrize("name", ["ce_source", "ce_type", "ce_time", "ce_specversion"])
def test_a_missing_attribute_is_malformed(name: str) -> None:
    envelope = opened(b"{}", changed={name: None})
    assert envelope is not None
    assert envelope.flaw is not None
    assert envelope.flaw.code == "malformed"
    assert name.removeprefix("ce_") in envelope.flaw.detail


def test_another_content_type_is_malformed() -> None:
    envelope = opened(b"{}", changed={"content-type": "application/avro"})
    assert envelope is not None
    assert envelope.flaw is not None
    assert "application/json" in envelope.flaw.detail


def test_a_structured_event_without_data_is_malformed() -> None:
    envelope = open_structured(structured(data=None, data_base64="e30="))
    assert envelope is not None
    assert envelope.flaw is not None
    assert envelope.flaw.code == "malformed"


@pytest.mark.parametrize(("size", "code"), [(MOST_BYTES, None), (MOST_BYTES + 1, "too_large")])
def test_a_record_has_at_most_one_mebibyte(size: int, code: str | None) -> None:
    envelope = opened(b"x" * size)
    assert envelope is not None
    assert (envelope.flaw.code if envelope.flaw else None) == code


def test_a_structured_record_that_is_too_large_is_answered_too() -> None:
    envelope = open_structured(structured(data={"x": "y" * MOST_BYTES}))
    assert envelope is not None
    assert envelope.flaw is not None
    assert envelope.flaw.code == "too_large"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": [1, 2]}', '{ "b":[1,2],"a":1.0 }'),
        ('"\\u00fc"', '"ü"'),
        ('{"n": 100}', '{"n": 1e2}'),
    ],
)
def test_data_written_in_another_way_is_the_same_data(one: str, other: str) -> None:
    assert digest(read_json(one.encode())) == digest(read_json(other.encode()))


@pytest.mark.parametrize(
    ("one", "other"), [("1", "true"), ('"1"', "1"), ("[1, 2]", "[2, 1]"), ("null", "{}"), ("1.5", "1")]
)
def test_other_data_is_other_data(one: str, other: str) -> None:
    assert digest(read_json(one.encode())) != digest(read_json(other.encode()))


def test_canonical_json_is_sorted_and_without_spaces() -> None:
    assert canonical({"b": [1.0, 0.5], "a": {"ü": None}}) == '{"a":{"ü":null},"b":[1,0.5]}'.encode()


@pytest.mark.parametrize(
    "raw",
    [b"[" * 65 + b"]" * 65, b"[" * 10_000, b'{"a":1,"a":1}', b"NaN", b"-Infinity", b"1e999", b'"\\ud800"', b'"\\u0000"',
     b"\xff", b"", b"9" * 5000, b"18446744073709551616", b'"unended', b"{} {}"],
)  # fmt: skip
def test_json_that_could_be_read_in_two_ways_or_not_be_kept_is_unreadable(raw: bytes) -> None:
    assert isinstance(read_json(raw), Unreadable)


def test_brackets_inside_text_are_no_nesting() -> None:
    assert read_json(b'"' + b"[" * 1000 + b'\\"' + b"{" * 1000 + b'"') is not None
    assert isinstance(read_json(b'"' + b"[" * 1000 + b'"'), str)
