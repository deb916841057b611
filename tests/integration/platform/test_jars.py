"""The broker's jars: fetched from whatever repository is configured, run only if they are the locked ones."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.platform import jars
from cli.platform.failure import PlatformError

JAR = b"what is locked"


class Repository(BaseHTTPRequestHandler):
    """A Maven repository with one content for every jar."""

    content = JAR
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(404 if self.path.endswith(".sha1") else 200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Repository]]:
    """Configured as jgo's users configure theirs."""
    kind = type("Asked", (Repository,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "jgo.conf").write_text(f"[repositories]\nours = http://127.0.0.1:{server.server_port}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "jgo.conf"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    locked = jars.Jar("org.example", "thing", "1.0", hashlib.sha256(JAR).hexdigest())
    monkeypatch.setattr(jars, "locked_jars", lambda: (locked,))
    yield kind
    server.shutdown()
    server.server_close()


def test_a_jar_is_fetched_once(repository: type[Repository], tmp_path: Path) -> None:
    for _ in range(2):
        [jar] = jars.class_path(folder=tmp_path / "jars")
    assert jar.read_bytes() == JAR
    assert repository.asked.count("/org/example/thing/1.0/thing-1.0.jar") == 1


def test_another_jar_than_the_locked_one_is_refused(repository: type[Repository], tmp_path: Path) -> None:
    repository.content = b"something else"
    with pytest.raises(PlatformError, match="not the jar that is locked"):
        jars.class_path(folder=tmp_path / "jars")
    assert not list(tmp_path.rglob("*.jar"))


def test_a_jar_that_was_changed_or_cut_off_is_fetched_again(repository: type[Repository], tmp_path: Path) -> None:
    [jar] = jars.class_path(folder=tmp_path / "jars")
    jar.write_bytes(JAR[:5])
    jars.class_path(folder=tmp_path / "jars")
    assert jar.read_bytes() == JAR


def test_without_a_network_the_message_says_what_to_do(
    repository: type[Repository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jgo.conf").write_text("[repositories]\nours = http://127.0.0.1:9\n")
    with pytest.raises(PlatformError, match="SLIPWAY_KAFKA"):
        jars.class_path(folder=tmp_path / "jars")


def test_the_lock_names_every_jar_once_with_its_digest() -> None:
    locked = jars.locked_jars()
    assert len({jar.path for jar in locked}) == len(locked) == 46
    assert all(len(jar.sha256) == 64 for jar in locked)
