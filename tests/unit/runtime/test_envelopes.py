"""Records of strangers: which can be answered, and what is wrong with them before anybody is believed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fakes.transaction import record
from runtime.envelopes import MOST_BYTES, Envelope, open_envelope

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
    assert (binary.parsed, whole.parsed, whole.structured) == (None, DATA, True)
    assert whole.body == structured()


@pytest.mark.parametrize("id", ["x" * 1024, "x" * 257, "\u202e", "ü 😀", " "])
def test_any_text_that_can_be_kept_is_an_id(id: str) -> None:
    binary, whole = opened(b"{}", changed={"ce_id": id}), open_structured(structured(id=id))
    assert binary and whole and (binary.id, binary.flaw, whole.id, whole.flaw) == (id, None, id, None)


@pytest.mark.parametrize("missing", [None, "", "a\x00b", "a\x7fb", "x" * 1025, "ü" * 513])
def test_a_record_without_a_usable_id_cannot_be_answered(missing: str | None) -> None:
    assert opened(b"{}", changed={"ce_id": missing}) is None
    assert open_structured(structured(id=missing)) is None


@pytest.mark.parametrize(
    "value", [b"\x00\xff", b"{", b"[]", b"null", b"", None, b'{"id": 7}', b'{"id": "\\ud800"}', b"[" * 10_000]
)
def test_a_structured_record_that_is_no_event_cannot_be_answered(value: bytes | None) -> None:
    assert opened(value, {"content-type": "application/cloudevents+json"}) is None


@pytest.mark.parametrize("name", ["ce_source", "ce_type", "ce_time", "ce_specversion"])
def test_a_missing_attribute_is_malformed(name: str) -> None:
    envelope = opened(b"{}", changed={name: None})
    assert envelope is not None
    assert envelope.flaw is not None
    assert envelope.flaw.code == "malformed"
    assert name.removeprefix("ce_") in envelope.flaw.detail


@pytest.mark.parametrize("media", ["application/avro", "text/plain", "application/cloudevents-batch+json"])
def test_another_content_type_is_malformed(media: str) -> None:
    envelope = opened(b"{}", changed={"content-type": media})
    assert envelope is not None
    assert envelope.flaw is not None
    assert "application/json" in envelope.flaw.detail


@pytest.mark.parametrize("version", ["0.3", "2.0"])
def test_another_version_is_unsupported(version: str) -> None:
    for envelope in (
        opened(b"{}", changed={"ce_specversion": version}),
        open_structured(structured(specversion=version)),
    ):
        assert envelope and envelope.flaw and envelope.flaw.code == "unsupported"
        assert f"specversion is {version}: send CloudEvents 1.0" == envelope.flaw.detail


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"a": 1, "a": 2}', "the key `a` stands twice"),
        (b'{"a": "\\ud800"}', "data.a: contains half a surrogate pair"),
        (b'{"a": "\\u0000"}', "data.a: contains U+0000 (NUL)"),
        (b'{"a": 1e999}', "data.a: contains a number that is too large"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
    ],
)
def test_a_structured_event_with_what_cannot_be_kept_is_answered_under_its_id(data: bytes, says: str) -> None:
    envelope = open_structured(structured(data=0).replace(b'"data": 0', b'"data": ' + data))
    assert envelope and envelope.flaw and (envelope.id, envelope.flaw.code) == ("cmd-1", "malformed")
    assert envelope.flaw.detail.startswith("the event cannot be read: ") and says in envelope.flaw.detail


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
