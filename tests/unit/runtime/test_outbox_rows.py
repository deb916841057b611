"""What lies in an outbox is compressed, and what is read back from it is what was put in."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.cloudevents import Row
from runtime.outbox import columns, row_of

NAMES = ("topic", "partition", "key", "headers", "packed", "tag", "expand", "at")
ROW = Row("log.outcomes", 3, b"l-1", ("ce_id", "e-1"), b"{}", "l-1", None, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("value", [b"{}", b'{"a":"' + b"x" * 100_000 + b'"}', b"[" + os.urandom(5_000).hex().encode()])
def test_a_row_comes_back_as_it_was(value: bytes) -> None:
    row = replace(ROW, value=value)
    stored: dict[str, Any] = dict(zip(NAMES, columns(row), strict=True))
    assert len(stored["packed"]) <= len(value)
    assert row_of(stored) == row  # type: ignore[arg-type]


def test_what_was_stored_before_values_were_compressed_is_read_as_it_is() -> None:
    value = b'{"a":"' + b"x" * 100_000 + b'"}'
    stored = dict(zip(NAMES, columns(ROW), strict=True)) | {"packed": value}
    assert row_of(stored).value == value  # type: ignore[arg-type]
