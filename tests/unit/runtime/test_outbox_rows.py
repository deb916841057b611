"""What lies in an outbox is compressed, and what is read back from it, or published, is what was put in."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatch

from runtime.cloudevents import Row
from runtime.outbox import columns, row_of
from runtime.packed_batch import PackedBatch
from runtime.packing import Packed

NAMES = ("topic", "partition", "key", "headers", "packed", "tag", "expand", "at")
AT = datetime(2026, 1, 1, tzinfo=UTC)
ROW = Row("log.outcomes", 3, b"l-1", ("ce_id", "e-1"), Packed.of(b"{}"), "l-1", None, AT)
LARGE = b'{"a":"' + b"x" * 100_000 + b'"}'
VALUES = [b"{}", LARGE, b"[" + os.urandom(5_000).hex().encode(), b"", b"x" * 999, b"x" * 1_000]
HEADERS: list[list[tuple[str, bytes]]] = [[], [("ce_id", b"e-1")], [("näme", b"y" * 9_000), ("empty", b"")]]
KEYS = [b"", b"l-1", b"k" * 500]
MOST = 1 << 20


@pytest.mark.parametrize("value", VALUES)
def test_a_row_comes_back_as_it_was(value: bytes) -> None:
    row = replace(ROW, packed=Packed.of(value))
    stored: dict[str, Any] = dict(zip(NAMES, columns(row), strict=True))
    assert len(stored["packed"]) <= len(value)
    again = row_of(stored)  # type: ignore[arg-type]
    assert again == row
    assert (again.value, again.size) == (row.value, row.size) == (value, len(value) + 3 + 5 + 4 + 3 + 4)


def test_what_was_stored_before_values_were_compressed_is_read_as_it_is() -> None:
    stored = dict(zip(NAMES, columns(ROW), strict=True)) | {"packed": LARGE}
    row = row_of(stored)  # type: ignore[arg-type]
    assert (row.value, row.packed.length) == (LARGE, len(LARGE))


def test_a_batch_is_read_as_the_records_that_were_appended() -> None:
    batch = PackedBatch(MOST)
    given = list(product(KEYS, VALUES, HEADERS))
    for number, (key, value, headers) in enumerate(given):
        timestamp = 1_767_225_600_000 + number % 7 * 1_000  # clocks go back
        place = batch.append(timestamp=timestamp, key=key, value=Packed.of(value), headers=headers)
        assert place == (number, timestamp)
    batch._set_producer_state(7, 3, 42)
    built = batch._build()
    assert batch._build() == built  # a retry sends the same
    assert batch.record_count() == len(given)
    assert batch.size() == len(built) < sum(map(len, VALUES)) * 2

    read = DefaultRecordBatch(built)
    assert read.validate_crc()
    assert (read.producer_id, read.producer_epoch, read.base_sequence) == (7, 3, 42)
    assert (read.first_timestamp, read.max_timestamp) == (1_767_225_600_000, 1_767_225_606_000)
    assert read.next_offset == len(given)
    records = [(record.offset, record.key, record.value, list(record.headers)) for record in read]
    assert records == [(number, *each) for number, each in enumerate(given)]


def test_a_batch_takes_a_first_record_and_what_has_room_beside_it() -> None:
    batch = PackedBatch(len(LARGE) * 2 + 10)
    large = {"timestamp": 1, "key": b"", "value": Packed.of(LARGE)}
    assert batch.append(**large) and batch.append(**large)  # type: ignore[arg-type]
    assert batch.append(**large) is None  # type: ignore[arg-type]
    assert batch.append(timestamp=1, key=b"", value=Packed.of(b"{}"))
    batch.close()
    assert batch.append(timestamp=1, key=b"", value=Packed.of(b"{}")) is None

    alone = PackedBatch(10)
    assert alone.append(**large)  # type: ignore[arg-type]
    assert alone.append(timestamp=1, key=b"", value=Packed.of(b"{}")) is None
