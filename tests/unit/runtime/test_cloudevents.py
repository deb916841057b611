"""Events as bytes: what we write is fixed to the byte, what we read is judged."""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, ClassVar

import orjson
import pytest
from pydantic import BaseModel

from fakes.transaction import NOON, record
from runtime.cloudevents import decode, encode, rfc3339
from runtime.errors import Permanent, Unsupported
from runtime.records import Outgoing


class Colour(StrEnum):
    RED = "red"


class Painted(BaseModel):
    TYPE: ClassVar[str] = "com.house.painted.v1"
    at: datetime
    colours: list[Colour]
    note: str | None = None


EVENTS = {Painted.TYPE: Painted}
EVENT = Painted(at=datetime(2026, 3, 1, 12, 0, 0, 123_456, timezone(timedelta(hours=2))), colours=[Colour.RED])


def outgoing(**changes: Any) -> Outgoing:
    given: dict[str, Any] = {"topic": "house.paint", "partition": 3, "key": "k", "event": EVENT, "id": "i"}
    return Outgoing(**(given | changes))


def test_an_event_is_written_with_its_attributes_and_utc_milliseconds() -> None:
    row = encode(outgoing(project="p", tag="t", headers={"more": "1"}), source="/slipway/house", now=NOON)
    assert dict(row.pairs) == {
        "ce_specversion": b"1.0",
        "ce_id": b"i",
        "ce_source": b"/slipway/house",
        "ce_type": b"com.house.painted.v1",
        "ce_time": b"2026-11-20T12:00:00.000Z",
        "content-type": b"application/json",
        "ce_slipwayproject": b"p",
        "more": b"1",
    }
    assert orjson.loads(row.value) == {"at": "2026-03-01T10:00:00.123Z", "colours": ["red"], "note": None}
    assert (row.partition, row.key, row.tag, row.at) == (3, b"k", "t", NOON)


def test_writing_twice_gives_the_same_bytes() -> None:
    assert encode(outgoing(), source="/s", now=NOON) == encode(outgoing(), source="/s", now=NOON)


def test_an_event_above_its_topics_limit_is_permanent() -> None:
    big = outgoing(event=Painted(at=NOON, colours=[], note="x" * 1000))
    encode(big, source="/s", now=NOON, limit=2000)
    with pytest.raises(Permanent, match=r"too large for house\.paint \(at most 900\)"):
        encode(big, source="/s", now=NOON, limit=900)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        rfc3339(datetime(2026, 1, 1))
    assert rfc3339(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


def attributes(**changes: str) -> dict[str, str]:
    given = {"ce_specversion": "1.0", "ce_id": "i", "ce_source": "/s", "ce_type": Painted.TYPE}
    return {name: text for name, text in (given | changes).items() if text}


def test_what_was_written_can_be_read() -> None:
    row = encode(outgoing(), source="/slipway/house", now=NOON)
    read = decode(record(row.value, {name: value.decode() for name, value in row.pairs}), EVENTS)
    assert (read.id, read.source) == ("i", "/slipway/house")
    assert isinstance(read.event, Painted)
    assert read.event.colours == [Colour.RED]


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (b"{}", {}, "not a CloudEvent"),
        (b"{}", attributes(ce_id=""), "not a CloudEvent"),
        (b"{}", attributes(ce_specversion="0.3"), "not a CloudEvent"),
        (b"{}", attributes(ce_type="org.stranger.thing.v1"), "unknown event type"),
        (None, attributes(), "without a value"),
        (b"{}", attributes(), "at: it is missing"),
        (b'{"at":', attributes(), "EOF"),
        (b"\xff\xfe", attributes(), "cannot be read"),
        (b'{"at":' + b"[" * 10_000, attributes(), "recursion|depth"),
    ],
)
def test_what_nobody_can_read_is_permanent(value: bytes | None, headers: dict[str, str], reason: str) -> None:
    with pytest.raises(Permanent, match=reason):
        decode(record(value, headers), EVENTS)


@pytest.mark.parametrize("kind", ["com.house.painted.v2", "com.house.something-new.v1"])
def test_a_type_of_our_own_that_is_not_known_yet_is_unsupported(kind: str) -> None:
    with pytest.raises(Unsupported, match="run the version that knows it"):
        decode(record(b"{}", attributes(ce_type=kind)), EVENTS)
