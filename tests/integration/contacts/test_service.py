"""contacts as a process on real servers: from a signed record and a launch to exact targets, killed in between."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import BaseModel

from contracts.checks import LaunchChecked
from contracts.crm import CommandRejected
from contracts.launches import All, LaunchDrafted, Options
from contracts.targets import TargetingFinished, TargetsAdmitted, TargetsExcluded
from integration.contacts.world import PROJECT, SECRET_KEY, key, requested, signed, user, version
from platform_for_tests import FreshDatabase, FreshTopics, Platform
from runtime.cloudevents import encode, rfc3339
from runtime.partitions import partition_of
from runtime.records import Outgoing
from runtime.tokens import Caller, mint

PARTITIONS = 2
TOKEN_KEY = "t" * 32
_ports = iter(range(21_000 + os.getpid() % 5_000, 32_000))


@dataclass
class Stage:
    """Topics and a database, and the process in the middle."""

    environment: dict[str, str]
    prefix: str
    kafka: str
    producer: AIOKafkaProducer
    log: Path

    @asynccontextmanager
    async def running(self, failpoint: str = "") -> AsyncIterator["Process"]:
        port = next(_ports)
        environment = {**os.environ, **self.environment, "SLIPWAY_HTTP_PORT": str(port), "SLIPWAY_FAILPOINT": failpoint}
        process = await asyncio.to_thread(_start, environment, self.log)
        token = mint(Caller(PROJECT, "bob", frozenset({"view", "contacts:write"})), TOKEN_KEY)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as http:
            running = Process(process, http)
            try:
                await until(running.ready, f"contacts is ready ({self.log})")
                yield running
            finally:
                process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(process.wait, 30)

    async def say(self, topic: str, event: BaseModel, key_text: str, id_: str = "e-1") -> None:
        """An event as one of our services writes it."""
        place = partition_of(key_text, PARTITIONS)
        row = encode(
            Outgoing(topic=topic, partition=place, key=key_text, event=event, id=id_),
            source="/slipway/test",
            now=datetime.now(UTC),
        )
        await self.producer.send_and_wait(self.prefix + topic, row.value, row.key, place, headers=row.pairs)

    async def crm_says(self, kind: str, data: Any, **how: Any) -> None:
        now = datetime.now(UTC)
        record = signed(kind, data, time=rfc3339(now), appended=now, **how)
        headers = list(record.headers.items())
        await self.producer.send_and_wait(self.prefix + "crm.contacts", record.value, b"k", headers=headers)

    async def read(self, topic: str) -> list[tuple[str, int, Any]]:
        """All that lies on it now: (id, partition, event)."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka)
        await consumer.start()
        try:
            places = [TopicPartition(self.prefix + topic, number) for number in range(PARTITIONS)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            left = {place for place, end in (await consumer.end_offsets(places)).items() if end}
            found = []
            while left:
                for place, records in (await consumer.getmany(timeout_ms=500)).items():
                    found += [_decoded(record) for record in records]
                    if await consumer.position(place) >= (await consumer.end_offsets([place]))[place]:
                        left.discard(place)
            return found
        finally:
            await consumer.stop()


def _start(environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as out:
        return subprocess.Popen([sys.executable, "-m", "contacts"], env=environment, stdout=out)


@dataclass
class Process:
    process: "subprocess.Popen[bytes]"
    http: httpx.AsyncClient

    async def ready(self) -> bool:
        assert self.process.poll() in (None, -signal.SIGKILL)
        try:
            answer = await self.http.get("/readyz")
        except httpx.TransportError:
            return False
        partitions = (await self.http.get("/v1/partitions")).json()["items"] if answer.is_success else []
        return [each["state"] for each in partitions] == ["running"] * PARTITIONS


_EVENTS = {
    event.TYPE: event for event in (LaunchChecked, CommandRejected, TargetsAdmitted, TargetsExcluded, TargetingFinished)
}


def _decoded(record: Any) -> tuple[str, int, Any]:
    headers = {name: value.decode() for name, value in record.headers}
    model = _EVENTS.get(headers["ce_type"])
    return headers["ce_id"], record.partition, model.model_validate_json(record.value) if model else record.value


async def until(holds: Callable[[], Awaitable[bool]], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, f"waited {seconds} s for: {what}"
        await asyncio.sleep(0.1)


@pytest.fixture
async def stage(
    platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics, tmp_path: Path
) -> AsyncIterator[Stage]:
    prefix = await fresh_topics(partitions=PARTITIONS)
    producer = AIOKafkaProducer(bootstrap_servers=platform.kafka)
    await producer.start()
    yield Stage(
        {
            "SLIPWAY_KAFKA": platform.kafka,
            "SLIPWAY_POSTGRES": fresh_database.template,
            "SLIPWAY_TOPIC_PREFIX": prefix,
            "SLIPWAY_PARTITIONS": str(PARTITIONS),
            "SLIPWAY_SECRET_KEY": SECRET_KEY,
            "SLIPWAY_TOKEN_KEY": TOKEN_KEY,
            "SLIPWAY_MODE": "local",
            "SLIPWAY_SLOT": "contacts-1",
            "SLIPWAY_TARGETS_AHEAD": "1000000",
        },
        prefix,
        platform.kafka,
        producer,
        tmp_path / "contacts.log",
    )
    await producer.stop()
    fresh_database.made_by_others("contacts")


async def test_launch_is_targeted_exactly_though_the_process_is_killed_between_pages(stage: Stage) -> None:
    size = 2500
    await stage.say("launcher.projects", key(), "key/key_1")
    await stage.say("launcher.projects", user("ann"), "user/demo/ann", "e-2")
    async with stage.running() as contacts:
        body = b"\n".join(
            orjson.dumps({"id": f"c-{n:05}", "email": f"c{n}@example.com", "consent": {"promotional": n != 7}})
            for n in range(size)
        )
        for start in (0, 1250):
            lines = body.split(b"\n")[start : start + 1250]
            answer = await contacts.http.post(
                "/v1/contacts", content=b"\n".join(lines), headers={"content-type": "application/x-ndjson"}
            )
            assert answer.json()["imported"] == 1250
        await stage.crm_says("contact.upserted", {"project": PROJECT, "contact": {"id": "crm"}}, id="r-1")
        await stage.crm_says("contact.upserted", {"project": PROJECT, "contact": {"id": "crm"}}, id="r-2", secret="x")

        async def crm_is_heard() -> bool:
            return (
                bool(await stage.read("contacts.replies")) and (await contacts.http.get("/v1/contacts/crm")).is_success
            )

        await until(crm_is_heard, "the CRM's records are handled")
        [(_, _, refusal)] = await stage.read("contacts.replies")
        assert (refusal.command_id, refusal.code) == ("r-2", "bad_signature")

        draft = LaunchDrafted(
            project=PROJECT, launch_id="l-1", version=version(), participants=All(), options=Options(), context={},
            launched_by="bob",
        )  # fmt: skip
        await stage.say("launcher.launches", draft, "l-1")

        async def checked() -> bool:
            return bool(await stage.read("contacts.checks"))

        await until(checked, "the draft is checked")
        [(_, _, check)] = await stage.read("contacts.checks")
        assert (check.points, check.targeted_expected) == ([], size + 1)
    async with stage.running("contacts.page_read:kill:2") as contacts:
        await stage.say("launcher.launches", requested(), "l-1", "e-3")
        await asyncio.to_thread(contacts.process.wait, 60)
    async with stage.running():

        async def finished() -> bool:
            return any(isinstance(event, TargetingFinished) for _, _, event in await stage.read("contacts.targets"))

        await until(finished, "targeting is finished")
    told: dict[str, Any] = {}
    for id_, partition, event in await stage.read("contacts.targets"):
        assert told.setdefault(id_, (partition, event)) == (partition, event)
    admitted = [c for _, e in told.values() if isinstance(e, TargetsAdmitted) for c in e.targets.contact_ids]
    excluded = {
        contact_id: reason
        for _, event in told.values()
        if isinstance(event, TargetsExcluded)
        for contact_id, reason in zip(event.contact_ids, event.reasons, strict=True)
    }
    assert len(admitted) == len(set(admitted)) == size - 1
    assert excluded == {"c-00007": "no_consent", "crm": "no_address"}
    assert {e.total for _, e in told.values() if isinstance(e, TargetingFinished)} == {size + 1}
