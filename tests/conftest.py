"""Fixtures that every test folder may use, and the loop that every test runs on."""

import os
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping

import uvloop

os.environ["COLUMNS"] = "200"  # wherever tests run: a worker of pytest-xdist is told 80
pytest_plugins = ["platform_for_tests"]


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """The services' loop: what differs between it and asyncio's own shows here first."""
    return {"uvloop": uvloop.new_event_loop}
