"""Whether there is room for the embedded platform, asked before anything is started."""

import shutil
from pathlib import Path

from cli.platform.failure import PlatformError

MIB = 1024 * 1024
NEEDED = 1_024 * MIB
"""A start writes about 150 MiB; the rest is for what the platform is started for."""


def check_room(folder: Path, needed: int = NEEDED) -> None:
    """Raises PlatformError if the file system of `folder` has less than `needed` bytes left."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PlatformError(
            f"no disk space: {folder} has {free // MIB} MiB left, and Kafka and PostgreSQL need {needed // MIB}",
            "free some, or set SLIPWAY_HOME to a folder with room",
        )
