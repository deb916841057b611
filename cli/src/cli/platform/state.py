"""What a platform keeps between starts: its partition count, ports and scale, and where it answers."""

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cli.platform.failure import Misused, PlatformError

PARTITIONS = 8


@dataclass(frozen=True)
class State:
    """`state.json`, readable by the owner only (the PostgreSQL address has the password in it)."""

    partitions: int
    kafka: str = ""
    postgres: str = field(default="", repr=False)
    smtp: str = ""
    http: str = ""
    embedded: bool = True
    """Whether Kafka and PostgreSQL are our own."""
    ports: dict[str, int] = field(default_factory=dict)
    """By process, and `kafka-controller`."""
    scale: dict[str, int] = field(default_factory=dict)
    """Processes per service."""

    def save(self, path: Path) -> None:
        unfinished = path.with_suffix(".new")
        unfinished.touch(0o600)
        with unfinished.open("w") as file:
            json.dump(asdict(self), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)

    def with_port(self, name: str, port: int) -> "State":
        return replace(self, ports={**self.ports, name: port})

    def with_scale(self, service: str, count: int) -> "State":
        return replace(self, scale={**self.scale, service: count})


def read_state(path: Path) -> State | None:
    """None before the first start. Raises PlatformError if the file is damaged."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
        return State(**document)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise PlatformError(
            f"{path} is damaged ({error})", "`slipway down --wipe` removes this platform, data included"
        ) from error


def fixed_partitions(state: State | None, wanted: str | None) -> int:
    """The platform's count: that of the first start, for ever. Raises Misused if SLIPWAY_PARTITIONS is another."""
    try:
        number = int(wanted) if wanted else None
    except ValueError:
        number = 0
    if number is not None and not 1 <= number <= 1024:
        raise Misused(f"SLIPWAY_PARTITIONS={wanted} is not a number from 1 to 1024")
    if state is None:
        return number or PARTITIONS
    if number not in (None, state.partitions):
        raise Misused(
            f"this platform was made with {state.partitions} partitions, and SLIPWAY_PARTITIONS is {number}",
            f"unset it or set it to {state.partitions}; another count needs another SLIPWAY_HOME, or `down --wipe`",
        )
    return state.partitions
