"""launcher as a process on real Kafka: from a signed command to its answer, over a kill."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.checks import LaunchChecked
from contracts.crm import LaunchRequest
from integration.launcher.desk import ADMIN, SAMPLES, SECRET, STARTER, asked
from platform_for_tests import FreshDatabase, FreshTopics, Platform
from runtime.partitions import partition_of
from runtime.signing import sign

PARTITIONS = 2
TOPICS = (
    "crm.commands",
    "contacts.checks",
    "log.launches",
    "messaging.channels",
    "launcher.launches",
    "launcher.projects",
    "launcher.replies",
)
ADDRESS = {"Slipway-Project": "demo"}


class Town:
    """The process, and the CRM, contacts and everybody else around it."""

    def __init__(self, prefix: str, environment: dict[str, str], port: int, producer: Any, consumer: Any) -> None:
        self.prefix = prefix
        self.environment = environment
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=ADDRESS)
        self.producer, self.consumer = producer, consumer
        self.process: asyncio.subprocess.Process | None = None
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.known: dict[str, tuple[Any, bytes]] = {}

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "launcher", env={**os.environ, **self.environment}, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(60):
            while not await self._ready():
                assert self.process.returncode is None
                await asyncio.sleep(0.1)

    async def _ready(self) -> bool:
        try:
            return (await self.http.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(how)
            await asyncio.wait_for(self.process.wait(), 30)

    async def post(self, path: str, body: Any) -> Any:
        asking = {"Authorization": f"Bearer {ADMIN}", "Slipway-Project": "*"}  # the project may not be there yet
        minted = await self.http.post("/internal/tokens", headers=asking)
        headers = {"Authorization": f"Bearer {minted.json()['token']}"}
        given: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        response = await self.http.post(path, headers=headers, **given)
        assert response.is_success, response.text
        return response.json()

    async def send(self, topic: str, value: bytes | None, headers: dict[str, str], key: str, number: int) -> None:
        encoded = [(name, text.encode()) for name, text in headers.items()]
        await self.producer.send_and_wait(
            self.prefix + topic, value, key=key.encode(), partition=number, headers=encoded
        )

    async def command(self, key: dict[str, str], id: str, data: Any, number: int = 0) -> None:
        value, at = orjson.dumps(data), datetime.now(UTC).isoformat()
        signature = sign(key["signing_secret"], id, at, "/crm", LaunchRequest.TYPE, value)
        headers = {
            **_event(id, "/crm", LaunchRequest.TYPE, at),
            "slipway-key": key["key_id"],
            "slipway-signature": signature,
        }
        await self.send("crm.commands", value, headers, "demo", number)

    async def checked(self, launch_id: str) -> None:
        event = LaunchChecked(project="demo", launch_id=launch_id, points=[], targeted_expected=3)
        headers = _event(f"check-{launch_id}", "/slipway/contacts", LaunchChecked.TYPE, datetime.now(UTC).isoformat())
        home = partition_of(launch_id, PARTITIONS)
        await self.send("contacts.checks", event.model_dump_json().encode(), headers, launch_id, home)

    async def next(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """The data of the next events of this type, of everything that launcher writes."""
        async with asyncio.timeout(30):
            while len(self._of(kind)) < count:
                self._note(await self.consumer.getone())
        found = self._of(kind)[:count]
        self.seen = [event for event in self.seen if event not in found]
        return [data for _, data in found]

    def _note(self, record: Any) -> None:
        """A repeated record is byte-identical, and no news."""
        headers = {name: value.decode() for name, value in record.headers}
        published = tuple(record.headers), record.value
        if (before := self.known.setdefault(headers["ce_id"], published)) is published:
            self.seen.append((headers["ce_type"], orjson.loads(record.value)))
        assert before == published

    def _of(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        return [event for event in self.seen if event[0] == f"com.slipway.{kind}.v1"]


@pytest.fixture
async def town(platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics) -> AsyncIterator[Town]:
    await fresh_database("launcher")
    prefix = await fresh_topics(*TOPICS, partitions=PARTITIONS)
    port = _free_port()
    environment = {
        "SLIPWAY_KAFKA": platform.kafka,
        "SLIPWAY_POSTGRES": fresh_database.template,
        "SLIPWAY_TOPIC_PREFIX": prefix,
        "SLIPWAY_PARTITIONS": str(PARTITIONS),
        "SLIPWAY_SLOT": "launcher-1",
        "SLIPWAY_MODE": "local",
        "SLIPWAY_HTTP_PORT": str(port),
        "SLIPWAY_SECRET_KEY": SECRET,
        "SLIPWAY_TOKEN_KEY": SECRET,
        "SLIPWAY_ADMIN_TOKEN": ADMIN,
    }
    async with _clients(platform.kafka, prefix) as (producer, consumer):
        town = Town(prefix, environment, port, producer, consumer)
        try:
            await town.start()
            yield town
        finally:
            await town.end(signal.SIGKILL)
            await town.http.aclose()


@asynccontextmanager
async def _clients(kafka: str, prefix: str) -> AsyncIterator[tuple[Any, Any]]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    consumer.assign([TopicPartition(prefix + topic, number) for topic in TOPICS[4:] for number in range(PARTITIONS)])
    try:
        yield producer, consumer
    finally:
        await consumer.stop()
        await producer.stop()


async def test_a_signed_command_is_answered_once_whatever_lies_beside_it(town: Town) -> None:
    await town.post("/v1/projects", {"key": "demo"})
    key = await town.post("/v1/keys", {"grants": STARTER})
    await town.post("/v1/scenarios", (SAMPLES / "welcome.yaml").read_bytes())
    await town.post("/v1/scenarios/welcome/activate", {})

    for _ in range(6):  # more than the breaker allows of our own bugs in a row
        await town.send("crm.commands", b"\x00\xff", {}, "demo", 0)
    await town.send("crm.commands", b"{", {"ce_id": "bare"}, "demo", 0)
    await asyncio.gather(*(town.command(key, "cmd-1", asked(), number) for number in range(PARTITIONS)))
    [draft] = await town.next("launch-drafted")
    [bad] = await town.next("command.rejected")
    assert (bad["command_id"], bad["code"]) == ("bare", "malformed")

    await town.end(signal.SIGKILL)
    await town.checked(draft["launch_id"])
    await town.start()
    [control] = await town.next("launch-requested")
    [accepted] = await town.next("launch.accepted")
    assert control["launch_id"] == accepted["launch_id"] == draft["launch_id"]
    assert accepted["targeted_expected"] == 3

    await town.command(key, "cmd-1", asked(), 1)
    [again] = await town.next("launch.accepted")
    assert {**again, "command_at": None} == {**accepted, "command_at": None}
    await town.command(key, "cmd-1", asked(scenario="other"), 0)
    [conflict] = await town.next("command.rejected")
    assert conflict["code"] == "conflict"
    answer = {**accepted, "command_at": None}  # a command that came more than once may be told it more than once
    rest = [event for event in town.seen if not event[0].endswith("-set.v1")]
    assert [event for event in rest if {**event[1], "command_at": None} != answer] == []
    await town.end()
    assert town.process is not None
    assert town.process.returncode == 0


def _event(id: str, source: str, kind: str, at: str) -> dict[str, str]:
    texts = {"ce_specversion": "1.0", "ce_id": id, "ce_source": source, "ce_type": kind, "ce_time": at}
    return {**texts, "content-type": "application/json"}


def _free_port() -> int:
    """Below 32768: above, a client that tries again and again can connect to itself."""
    for port in range(21_000 + os.getpid() % 9_000, 32_000):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no free port")
