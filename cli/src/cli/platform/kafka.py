"""Kafka on this machine: one broker that is its own controller (KRaft), in a JVM of its own.

The data survive a kill -9 of everything; the folder belongs to one platform and is formatted once.
"""

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.platform.failure import PlatformError
from cli.platform.spec import ProcessSpec

BROKER_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    # our records are up to 4 MiB, and a fetch must be able to carry one
    "message.max.bytes": str(8 * 1024 * 1024),
    "replica.fetch.max.bytes": str(8 * 1024 * 1024),
    # after a kill -9 the controller must notice and forget the old broker: 9 s instead of 16 (it is the same process)
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "log.segment.bytes": str(256 * 1024 * 1024),
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    "num.network.threads": "2",
    "num.io.threads": "4",
}
JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
LOG4J = """\
Configuration:
  status: warn
  shutdownHook: disable
  Appenders:
    Console:
      name: out
      target: SYSTEM_OUT
      PatternLayout: {pattern: "%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC} %p %c{1} %m%n"}
  Loggers:
    Root: {level: warn, AppenderRef: {ref: out}}
    Logger:
      - {name: kafka.server.KafkaRaftServer, level: info}
"""


@dataclass(frozen=True)
class KafkaServer:
    """Where it is and what it runs on."""

    folder: Path
    port: int
    controller_port: int
    java: Path
    jars: tuple[Path, ...]
    log: Path

    @property
    def address(self) -> str:
        """Bootstrap servers."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Writes the settings, formats the data folder the first time. Raises PlatformError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log4j.write_text(LOG4J)
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in self._settings().items()))
        formatted = self.folder / "formatted"
        if formatted.exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)  # a format that was killed in the middle
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        ran = subprocess.run(
            [
                *self._java("-Xmx256m"),
                *("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._properties)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise PlatformError(
                f"Kafka could not format {self._data}", (ran.stdout + ran.stderr).strip()[-1_000:] or "no output"
            )
        formatted.touch()

    def spec(self) -> ProcessSpec:
        return ProcessSpec(
            name="kafka",
            argv=(*self._java(*JVM), "kafka.Kafka", str(self._properties)),
            log=self.log,
            port=self.port,
        )

    def _settings(self) -> Mapping[str, str]:
        return {
            **BROKER_SETTINGS,
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "log.dirs": str(self._data),
        }

    def _java(self, *options: str) -> tuple[str, ...]:
        path = ":".join(str(jar) for jar in self.jars)
        return (str(self.java), *options, f"-Dlog4j2.configurationFile={self._log4j}", "-cp", path)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _log4j(self) -> Path:
        return self.folder / "log4j2.yaml"
