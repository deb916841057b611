"""Servers that run beside the platform, which is only given their addresses: they can be altered behind its back."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cli.platform.servers import Servers, running_servers


@contextmanager
def given_servers() -> Iterator[tuple[Servers, Path]]:
    """And the folder they live in, which is removed with them."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-servers-"))
    folder.chmod(0o711)
    try:
        with running_servers(folder) as servers:
            yield servers, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def given(servers: Servers, postgres: str) -> Mapping[str, str]:
    """Settings of a platform on these servers that reaches PostgreSQL by that address."""
    return {"SLIPWAY_KAFKA": servers.kafka, "SLIPWAY_POSTGRES": postgres, "SLIPWAY_MODE": "local"}
