"""The servers alone, without supervisor and services: for tests, which hold them for one run."""

import asyncio
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.platform.disk import check_room
from cli.platform.failure import PlatformError
from cli.platform.jars import class_path
from cli.platform.java import find_java
from cli.platform.kafka import KafkaServer
from cli.platform.ports import choose
from cli.platform.postgres import PostgresServer
from cli.platform.ready import await_kafka, await_postgres
from cli.platform.spec import ProcessSpec, last_lines, start


@dataclass(frozen=True, slots=True)
class Servers:
    kafka: str
    """Bootstrap servers."""
    postgres: str
    """URL with `{service}` where the database's name goes; its user may do everything."""


@contextmanager
def running_servers(home: Path) -> Iterator[Servers]:
    """Kafka and PostgreSQL in `home`, until the block ends or this process does. From the main thread only."""
    check_room(home)
    taken: list[int] = []
    for _ in range(3):
        taken.append(choose(home, None, taken))
    kafka = KafkaServer(home / "kafka", taken[0], taken[1], find_java(), class_path(), home / "logs" / "kafka.log")
    postgres = PostgresServer(home / "postgres", taken[2], home / "logs" / "postgres.log")
    with ThreadPoolExecutor(1) as other:
        preparing = other.submit(kafka.prepare)
        postgres.prepare()
        preparing.result()
        specs = (kafka.spec(), postgres.spec())
        processes = [start(spec) for spec in specs]
        try:
            other.submit(asyncio.run, _both_answer(kafka, postgres)).result()
            yield Servers(kafka.address, postgres.address())
        except PlatformError as error:
            ends = "\n".join(f"{spec.name}: {last_lines(spec.log)}" for spec in specs)
            raise PlatformError(error.what, f"{error.remedy}\n{ends}") from error
        finally:
            for spec, process in zip(specs, processes, strict=True):
                process.send_signal(spec.stop)
            for spec, process in zip(specs, processes, strict=True):
                _end(spec, process)
            postgres.wipe()


async def _both_answer(kafka: KafkaServer, postgres: PostgresServer) -> None:
    await asyncio.gather(
        await_kafka({"bootstrap_servers": kafka.address}), await_postgres(postgres.address("postgres"))
    )


def _end(spec: ProcessSpec, process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(spec.grace)
    except subprocess.TimeoutExpired:
        process.send_signal(spec.kill)
        process.wait(10)
