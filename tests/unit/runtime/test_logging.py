"""Logs are JSON lines with constant messages and ids from context, whoever wrote them."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from runtime import tracing
from runtime.logging import bind, configure
from runtime.spans import following


@pytest.fixture
def out() -> Iterator[io.BytesIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    out = io.BytesIO()
    configure("executor", "INFO", slot="executor-1", out=out)
    yield out
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(out: io.BytesIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_says_who_when_and_what(out: io.BytesIO) -> None:
    structlog.get_logger().info("batch handled", records=8)
    (line,) = lines(out)
    assert line.pop("at").endswith("Z")
    assert line == {
        "message": "batch handled",
        "level": "info",
        "service": "executor",
        "slot": "executor-1",
        "records": 8,
    }


def test_ids_come_from_the_context(out: io.BytesIO) -> None:
    with bind(launch_id="l-1"):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    assert [line.get("launch_id") for line in lines(out)] == ["l-1", None]


def test_a_line_inside_a_span_names_its_trace(out: io.BytesIO) -> None:
    with tracing.recorded() as spans, following(None, "work"):
        structlog.get_logger().info("inside")
    (span,) = spans.get_finished_spans()
    assert lines(out)[0]["trace_id"] == f"{span.context.trace_id:032x}"


def test_what_a_library_logs_has_the_same_shape(out: io.BytesIO) -> None:
    logging.getLogger("aiokafka.conn").warning("lost %s", "127.0.0.1")
    logging.getLogger("aiokafka.conn").info("connected")
    (line,) = lines(out)
    assert (line["message"], line["library"], line["detail"]) == ("library", "aiokafka.conn", "lost 127.0.0.1")
    assert line["level"] == "warning"


def test_an_exception_is_one_line(out: io.BytesIO) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(out)
    assert "ValueError: no" in line["exception"]


def test_below_the_level_nothing_is_written(out: io.BytesIO) -> None:
    structlog.get_logger().debug("detail")
    assert out.getvalue() == b""
