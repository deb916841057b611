"""One whole local platform for all end-to-end tests: every service as a process, a mail sink with a ledger."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.slipway import Slipway


@pytest.fixture(scope="session")
def slipway() -> Iterator[Slipway]:
    """A running platform of this run's own; removed at the end, its logs shown if a test failed."""
    home = Path(tempfile.mkdtemp(prefix="slipway-e2e-"))
    home.chmod(0o711)
    running = Slipway(home)
    try:
        running("up", "--detach", "--executors", "2", timeout=180)
        yield running
    finally:
        running("down", "--wipe", check=False, timeout=60)
        shutil.rmtree(home, ignore_errors=True)
