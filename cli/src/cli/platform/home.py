"""The folder of one local platform: where everything of it lies, and who may hold it.

`SLIPWAY_HOME`, else the nearest `.slipway` folder from the working directory upwards, else `~/.slipway`.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cli.platform.failure import PlatformError

_SECRETS = ("admin-token", "secret-key", "token-key", "link-key")


class AlreadyHeld(PlatformError):
    """Another supervisor runs this platform."""


@dataclass(frozen=True, slots=True)
class Home:
    root: Path
    """Absolute."""
    why: str = ""
    """Why it is this one that commands mean."""

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def kafka(self) -> Path:
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def mails(self) -> Path:
        """What the mail sink accepted, a JSON document per line."""
        return self.root / "mails.jsonl"

    @property
    def admin_token(self) -> Path:
        return self.root / "admin-token"

    @property
    def control(self) -> Path:
        """The supervisor's socket. A socket's path is short by law (108 bytes), so a long one lies elsewhere."""
        path = self.root / "control.sock"
        if len(os.fsencode(path)) < 100:
            return path
        folder = Path(tempfile.gettempdir()) / f"slipway-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise PlatformError(f"{folder} belongs to somebody else", "set SLIPWAY_HOME to a shorter path")
        return folder / f"{hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]}.sock"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def make(self) -> None:
        """Others see nothing in it; PostgreSQL's other uid (as root) must be able to walk through. Raises
        PlatformError."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise PlatformError(
                f"{self.root} cannot be used ({error.strerror})", "set SLIPWAY_HOME to a folder that you may write"
            ) from error

    def secret(self, name: str, prefix: str = "") -> str:
        """Drawn once, then always the same; only the owner can read the file."""
        path = self.root / name
        if not path.exists():
            unfinished = path.with_suffix(".new")
            unfinished.touch(0o600)
            unfinished.write_text(prefix + secrets.token_hex(32))
            unfinished.rename(path)
        return path.read_text()

    def hold(self) -> int:
        """Takes the platform for this process; the descriptor holds it. Raises AlreadyHeld."""
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise AlreadyHeld(
                f"a platform is running in {self.root} already",
                "`slipway status` shows it, `slipway down` stops it; another SLIPWAY_HOME is another platform",
            ) from None
        return descriptor

    def is_held(self) -> bool:
        """Whether a supervisor (or a start) has it now."""
        if not self.lock.exists():
            return False
        try:
            os.close(self.hold())
        except AlreadyHeld:
            return True
        return False

    def wipe(self) -> None:
        """Removes what the platform made here, and the folder if nothing else is in it. Call with the home held."""
        for path in (self.kafka, self.postgres, self.logs):
            shutil.rmtree(path, ignore_errors=True)
        for name in ("state.json", "mails.jsonl", "mails.behaviour.json", *_SECRETS):
            (self.root / name).unlink(missing_ok=True)
        self.control.unlink(missing_ok=True)
        self.lock.unlink(missing_ok=True)
        if not any(self.root.iterdir()):
            self.root.rmdir()


def find_home() -> Home:
    """The one that commands mean, whether it exists or not."""
    given = os.environ.get("SLIPWAY_HOME")
    if given:
        return Home(Path(given).expanduser().absolute(), "SLIPWAY_HOME names it")
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".slipway").is_dir():
            return Home(folder / ".slipway", f"it is the nearest .slipway folder from {here} upwards")
    why = f"SLIPWAY_HOME is not set, and no .slipway folder lies in {here} or above"
    return Home(Path.home() / ".slipway", why)
