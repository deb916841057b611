"""The broker's jars: coordinates and SHA-256 are in `kafka-jars.lock`, addresses are jgo's business.

They are kept per user (`~/.cache/slipway/jars`), verified at every start, and fetched once: later starts need no
network.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.platform.failure import PlatformError

LOCK = "kafka-jars.lock"
Progress = Callable[[int, int], None]
"""Called with (jars there, jars in all)."""


@dataclass(frozen=True, slots=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies in a Maven repository."""
        return Path(*self.group.split("."), self.artifact, self.version, f"{self.artifact}-{self.version}.jar")

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def locked_jars() -> tuple[Jar, ...]:
    """The lock's lines: `group:artifact:version sha256`."""
    lines = Path(__file__).with_name(LOCK).read_text().splitlines()
    return tuple(Jar(*line.replace(" ", ":").split(":")) for line in lines if line and not line.startswith("#"))


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/slipway/jars`, one for all platforms of a user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway" / "jars"


def class_path(progress: Progress = lambda done, total: None, folder: Path | None = None) -> tuple[Path, ...]:
    """The verified jars, fetched if need be. Raises PlatformError if one cannot be had or is not the locked one."""
    folder = folder or cache_folder()
    jars = locked_jars()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        missing = [jar for jar in jars if _digest(folder / jar.path) != jar.sha256]
        if missing:
            progress(len(jars) - len(missing), len(jars))
            with ThreadPoolExecutor(8) as pool:
                for done, _ in enumerate(pool.map(lambda jar: _fetch(jar, folder), missing), 1):
                    progress(len(jars) - len(missing) + done, len(jars))
    return tuple(folder / jar.path for jar in jars)


def _fetch(jar: Jar, folder: Path) -> None:
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    place = folder / jar.path
    place.unlink(missing_ok=True)  # cut off or changed
    repositories = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=folder, remote_repos=repositories, timeout=60)
    try:
        context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
        place.unlink(missing_ok=True)
        raise PlatformError(
            f"{jar}, a part of Kafka, could not be fetched ({type(error).__name__})",
            "the first start needs a Maven repository; check the network, or set SLIPWAY_KAFKA to a Kafka that runs",
        ) from error
    if _digest(place) != jar.sha256:
        place.unlink(missing_ok=True)
        raise PlatformError(
            f"{jar}, as fetched, is not the jar that is locked (SHA-256 differs)",
            "nothing of it was run; look at what your Maven repository serves",
        )


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two platforms may start at the same moment: one fetches, the other waits."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
