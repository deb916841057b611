"""Real Kafka and real PostgreSQL for tests: one pair of servers per run, fresh databases and topics per test.

    async def test_x(platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics) -> None:
        dsn = await fresh_database("executor")                 # migrated: …/t7_executor
        prefix = await fresh_topics("executor.sends", partitions=4)  # no name: all
        settings = Settings(kafka=platform.kafka, postgres=fresh_database.template, topic_prefix=prefix, …)

The servers are the embedded ones, or testcontainers' (`PLATFORM=containers`), or such as run already
(`SLIPWAY_TEST_KAFKA` and `SLIPWAY_TEST_POSTGRES`, the latter with `{service}` for the database's name).
"""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from cli.platform.servers import Servers, running_servers
from cli.platform.topics import apply_topics
from contracts.topics import TOPICS
from runtime import migrations

Platform = Servers
SHARED_MEMORY = "/dev/shm"
ROOM = 4 << 30
"""Bytes that the servers of one run may come to need."""
_serial = itertools.count(1)


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The servers of this run: `.kafka` bootstrap, `.postgres` a superuser's URL with `{service}`."""
    kafka, postgres = os.environ.get("SLIPWAY_TEST_KAFKA"), os.environ.get("SLIPWAY_TEST_POSTGRES")
    if kafka and postgres:
        yield Platform(kafka, postgres)
    elif os.environ.get("PLATFORM") == "containers":
        with _containers() as servers:
            yield servers
    else:
        home = Path(tempfile.mkdtemp(prefix="slipway-tests-", dir=_in_memory()))
        home.chmod(0o711)
        try:
            with running_servers(home) as servers:
                yield servers
        finally:
            shutil.rmtree(home, ignore_errors=True)


def _in_memory() -> str | None:
    """Where files cost least, if there is room: a database for each test is half of what tests do with files. Whether
    anything survives is tested on platforms of their own."""
    there = os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > ROOM
    return SHARED_MEMORY if there and psutil.virtual_memory().available > 2 * ROOM else None


class FreshDatabase:
    """Makes databases of one test; `template` is what SLIPWAY_POSTGRES would be for all of them."""

    def __init__(self, postgres: str) -> None:
        self._postgres = postgres
        self._prefix = _unique()
        self.template = postgres.replace("{service}", self._prefix + "{service}")
        self._made: list[str] = []

    async def __call__(self, service: str, folder: Path | None = None) -> str:
        """URL of this test's database of that service, migrated; `folder` instead of the service's own migrations."""
        template = await _template(self._postgres, service, folder or _migrations_of(service))
        name = f"{self._prefix}{service}"
        await _administer(self._postgres, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        self._made.append(name)
        return self._postgres.replace("{service}", name)

    async def empty(self, name: str = "empty") -> str:
        """URL of a database without any table."""
        await _administer(self._postgres, f'CREATE DATABASE "{self._prefix}{name}"')
        self._made.append(f"{self._prefix}{name}")
        return self._postgres.replace("{service}", f"{self._prefix}{name}")

    def made_by_others(self, *services: str) -> None:
        """The test let something else make databases under `template`: dropped too."""
        self._made += [self._prefix + service for service in services]

    async def drop(self) -> None:
        for name in self._made:
            await _administer(self._postgres, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
async def fresh_database(platform: Platform) -> AsyncIterator[FreshDatabase]:
    """Databases that are this test's alone, dropped at its end."""
    databases = FreshDatabase(platform.postgres)
    yield databases
    await databases.drop()


class FreshTopics:
    """Makes topics of one test, under a prefix that is `SLIPWAY_TOPIC_PREFIX` for its services (groups too)."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self.prefix = _unique()
        self._made: list[str] = []

    async def __call__(self, *names: str, partitions: int = 8) -> str:
        """The prefix. Without names: every topic there is (about half a second)."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka)
        await admin.start()
        try:
            chosen = [TOPICS[name] for name in names or TOPICS]
            await apply_topics(admin, partitions, self.prefix, chosen)
            self._made += [self.prefix + topic.name for topic in chosen]
        finally:
            await admin.close()
        return self.prefix

    def made_by_others(self) -> None:
        """The test let something else make topics under `prefix`: deleted too."""
        self._made = [self.prefix + name for name in TOPICS]

    async def drop(self) -> None:
        if self._made:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka)
            await admin.start()
            try:
                await admin.delete_topics(self._made)
            finally:
                await admin.close()


@pytest.fixture
async def fresh_topics(platform: Platform) -> AsyncIterator[FreshTopics]:
    """Topics that are this test's alone, deleted at its end."""
    topics = FreshTopics(platform.kafka)
    yield topics
    await topics.drop()


def in_a_thread(work: Coroutine[Any, Any, None]) -> None:
    """Runs it to its end from a fixture that is no coroutine."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def _unique() -> str:
    return f"t{os.getpid()}_{next(_serial)}_"


def _migrations_of(service: str) -> Path:
    return Path(str(resources.files(service) / "migrations"))


_templates: dict[tuple[str, str, Path], str] = {}


async def _template(postgres: str, service: str, folder: Path) -> str:
    """A migrated database to copy, made once a run."""
    made = _templates.get((postgres, service, folder))
    if made is None:
        made = f"template_{_unique()}{service}"
        await migrations.apply(postgres.replace("{service}", made), service, folder)
        _templates[postgres, service, folder] = made
    return made


async def _administer(postgres: str, statement: str) -> None:
    connection = await asyncpg.connect(postgres.replace("{service}", "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def _containers() -> Iterator[Platform]:
    """The same on testcontainers. Kafka must know its mapped port before it starts, so it waits for a file."""
    from testcontainers.community.postgres import PostgresContainer
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    kafka = (
        DockerContainer("apache/kafka:4.3.0")
        .with_exposed_ports(9092)
        .with_envs(
            KAFKA_NODE_ID="1",
            KAFKA_PROCESS_ROLES="broker,controller",
            KAFKA_CONTROLLER_QUORUM_VOTERS="1@localhost:9093",
            KAFKA_LISTENERS="HOST://:9092,BROKER://:19092,CONTROLLER://:9093",
            KAFKA_CONTROLLER_LISTENER_NAMES="CONTROLLER",
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP="HOST:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            KAFKA_INTER_BROKER_LISTENER_NAME="BROKER",
            KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_MIN_ISR="1",
            KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS="0",
            KAFKA_AUTO_CREATE_TOPICS_ENABLE="false",
            KAFKA_MESSAGE_MAX_BYTES=str(8 * 1024 * 1024),
            KAFKA_HEAP_OPTS="-Xmx512m",
        )
        .with_command(
            [
                "bash",
                "-c",
                "until [ -s /tmp/at ]; do sleep 0.1; done; "
                "KAFKA_ADVERTISED_LISTENERS=$(cat /tmp/at) exec /etc/kafka/docker/run",
            ]
        )
    )
    postgres = PostgresContainer("postgres:18", username="slipway", password="slipway", dbname="postgres", driver=None)
    postgres.with_command(["-c", "max_connections=200"])
    with kafka, postgres:
        at = f"{kafka.get_container_host_ip()}:{kafka.get_exposed_port(9092)}"
        kafka.exec(["bash", "-c", f"echo HOST://{at},BROKER://localhost:19092 >/tmp/at"])
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(60).wait_until_ready(kafka)
        server = f"{postgres.get_container_host_ip()}:{postgres.get_exposed_port(5432)}"
        yield Platform(at, f"postgresql://slipway:slipway@{server}/{{service}}")
