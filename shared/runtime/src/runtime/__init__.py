"""Kafka, PostgreSQL, cursor, outbox, telemetry and health: what every service stands on."""

import sys
from importlib import import_module


def _load(name: str, *, without: str) -> None:
    """Import `name` as if `without`, which it only uses if it is there, were not installed.

    structlog brings rich along for coloured tracebacks, OpenTelemetry psutil for a detector: neither is used here,
    and together they are eight megabytes in every process.
    """
    if name in sys.modules or without in sys.modules:
        return
    sys.modules[without] = None  # type: ignore[assignment]
    try:
        import_module(name)
    finally:
        del sys.modules[without]


_load("structlog", without="rich")
