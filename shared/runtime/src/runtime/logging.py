"""Logs: one JSON object per line on stdout. Messages are constant, what varies is in fields, ids come from context.

`structlog.get_logger()` anywhere; `bind(launch_id=…)` adds fields to every line of the running task. What libraries
log through the standard library comes out in the same shape.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

import orjson
import structlog
from opentelemetry import trace

LIBRARY_LEVEL = logging.WARNING
QUIET = {"aiokafka.consumer.group_coordinator": logging.ERROR, "aiokafka.consumer.subscription_state": logging.ERROR}
"""Libraries that warn of what is normal here."""


def configure(service: str, level: str, *, slot: str = "", out: BinaryIO | None = None) -> None:
    """Once per process, before anything is logged. `out` instead of stdout."""
    instance = {"service": service} | ({"slot": slot} if slot else {})

    def about(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**event, **instance}

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            about,
            _trace_id,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(serializer=_serialized),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.BytesLoggerFactory(file=out or sys.stdout.buffer),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_FromLibraries()]
    root.setLevel(max(LIBRARY_LEVEL, logging.getLevelName(level)))
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


def bind(**fields: str | int) -> AbstractContextManager[Any]:
    """`with bind(launch_id=…):` these fields are on every line logged inside, also by awaited code."""
    return structlog.contextvars.bound_contextvars(**fields)


class _FromLibraries(logging.Handler):
    """Lines of the standard library's logging, in our shape."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            structlog.get_logger().log(
                record.levelno,
                "library",
                library=record.name,
                detail=record.getMessage(),
                exc_info=record.exc_info,
            )
        except Exception:
            self.handleError(record)


def _trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
    return event


def _serialized(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS)
