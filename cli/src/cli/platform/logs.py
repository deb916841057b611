"""The processes' logs: kept small while they grow, shown together."""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

LARGEST = 64 * 1024 * 1024


def keep_small(folder: Path, largest: int = LARGEST) -> None:
    """Copies a log that has grown too large to `NAME.log.1` and empties it; whoever appends to it goes on."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > largest:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as file:
                file.truncate()


def chosen(folder: Path, service: str | None) -> list[Path]:
    """Logs of a service (all its processes), of one process, or all."""
    logs = sorted(folder.glob("*.log"))
    if service is None:
        return logs
    return [log for log in logs if log.stem == service or log.stem.rpartition("-")[0] == service]


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of it."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - lines * 400))
        return file.read().decode(errors="replace").splitlines()[-lines:]


def follow(logs: Sequence[Path], pause: float = 0.2) -> Iterator[tuple[Path, str]]:
    """Lines written from now on, for ever, in the order in which they are noticed."""
    return _follow({log: log.stat().st_size for log in logs}, pause)


def _follow(places: dict[Path, int], pause: float) -> Iterator[tuple[Path, str]]:
    rest = dict.fromkeys(places, b"")
    while True:
        quiet = True
        for log, place in places.items():
            size = log.stat().st_size if log.exists() else 0
            if size == place:
                continue
            quiet = False
            new = _read_from(log, place if size > place else 0)  # smaller: it was emptied
            places[log] = (place if size > place else 0) + len(new)
            *whole, rest[log] = (rest[log] + new).split(b"\n")
            for line in whole:
                yield log, line.decode(errors="replace")
        if quiet:
            time.sleep(pause)


def _read_from(log: Path, place: int) -> bytes:
    if not log.exists():
        return b""
    with log.open("rb") as file:
        file.seek(place)
        return file.read()
