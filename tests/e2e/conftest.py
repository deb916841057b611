"""One whole local platform for all end-to-end tests: every service as a process, a mail sink with a ledger."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import provider
from e2e.slipway import Slipway

SETTINGS = {
    # a mail server that gives no answer is given up within a test's time, and asked again soon if it says "later"
    "SLIPWAY_SMTP_ANSWER_SECONDS": "8",
    "SLIPWAY_SMTP_RETRY_FIRST_SECONDS": "0.5",
    "SLIPWAY_SMTP_RETRY_LONGEST_SECONDS": "2",
    "SLIPWAY_SMTP_ATTEMPTS": "6",
    "SLIPWAY_DELIVERY_SECRETS": provider.CONFIGURED,
    # every operation is tried many times in a row by one user
    "SLIPWAY_REQUESTS_PER_SECOND": "1000",
}


@pytest.fixture(scope="session")
def slipway() -> Iterator[Slipway]:
    """A running platform of this run's own; removed at the end, its logs shown if a test failed."""
    home = Path(tempfile.mkdtemp(prefix="slipway-e2e-"))
    home.chmod(0o711)
    running = Slipway(home)
    try:
        running("up", "--detach", "--executors", "2", timeout=180, settings=SETTINGS)
        yield running
    finally:
        running("down", "--wipe", check=False, timeout=60)
        shutil.rmtree(home, ignore_errors=True)
