"""All five services in this process, on one Kafka and one PostgreSQL: what a CRM does with them, and their spans."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan
from prometheus_client import CollectorRegistry

import contacts.app
import contacts.settings
import executor.app
import launcher.app
import launcher.settings
import log.app
import messaging.app
import messaging.settings
from contracts.crm import LaunchCompleted, LaunchRequest
from fakes.mailer import FakeMailer
from messaging.adapters.metrics import PrometheusMeter
from runtime import problems
from runtime.engine import Engine
from runtime.ids import derive
from runtime.process import Resources
from runtime.service import Service
from runtime.settings import Settings
from runtime.signing import sign
from runtime.spans import HEADER

PROJECT, SOURCE = "demo", "/crm/main"
SECRET, ADMIN = "s" * 32, "admin." + "a" * 32


class World:
    def __init__(self, settings: Settings, producer: AIOKafkaProducer, ends: AIOKafkaConsumer) -> None:
        self._settings, self._producer, self._ends = settings, producer, ends
        self._apps: dict[str, FastAPI] = {}
        self._key: dict[str, str] = {}

    async def prepare(self, scenarios: Iterable[dict[str, Any]], people: int) -> None:
        """A project with active scenarios, a key to launch with, and contacts `c-0`, `c-1`, …"""
        await self._call("launcher", "/v1/projects", {"key": PROJECT, "zone": "UTC"})
        for scenario in scenarios:
            await self._call("launcher", "/v1/scenarios", scenario)
            await self._call("launcher", f"/v1/scenarios/{scenario['key']}/activate", {})
        self._key = await self._call("launcher", "/v1/keys", {"grants": ["process:start", "launch:preapproved"]})
        lines = [orjson.dumps({"id": f"c-{n}", "email": f"{n}@example.com"}) for n in range(people)]
        await self._call("contacts", "/v1/contacts", b"\n".join(lines), "application/x-ndjson")

    async def launch(self, scenario: str, people: int, traceparent: str) -> None:
        """Signed, as a CRM does it; returns when the launch has completed with that many successes."""
        id, kind, time = f"command-{scenario}-{people}", LaunchRequest.TYPE, datetime.now(UTC).isoformat()
        participants = {"kind": "contacts", "contacts": [f"c-{n}" for n in range(people)]}
        body = orjson.dumps({"project": PROJECT, "scenario": scenario, "participants": participants})
        headers = {
            "ce_specversion": "1.0",
            "ce_id": id,
            "ce_source": SOURCE,
            "ce_type": kind,
            "ce_time": time,
            "content-type": "application/json",
            "slipway-key": self._key["key_id"],
            "slipway-signature": sign(self._key["signing_secret"], id, time, SOURCE, kind, body),
            HEADER: traceparent,
        }
        pairs = [(name, text.encode()) for name, text in headers.items()]
        await self._producer.send_and_wait(self._settings.topic("crm.commands"), body, headers=pairs)
        completed = await self._completed(derive("launch", PROJECT, SOURCE, id))
        assert (completed.targeted, completed.success) == (people, people), completed

    async def _completed(self, launch_id: str) -> LaunchCompleted:
        async for record in self._ends:
            if record.key == launch_id.encode() and ("ce_type", LaunchCompleted.TYPE.encode()) in record.headers:
                return LaunchCompleted.model_validate_json(record.value)
        raise AssertionError("the topic has ended")

    async def _call(self, service: str, path: str, body: Any, kind: str = "application/json") -> Any:
        administrator = {"Authorization": f"Bearer {ADMIN}"}
        async with _client(self._apps["launcher"]) as http:
            token = (await http.post("/internal/tokens", headers=administrator)).json()["token"]
        async with _client(self._apps[service]) as http:
            content = body if isinstance(body, bytes) else orjson.dumps(body)
            headers = {"Authorization": f"Bearer {token}", "Slipway-Project": PROJECT, "Content-Type": kind}
            answer = await http.post(path, content=content, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def serve(self, resources: Resources) -> None:
        """The routes of a service."""
        assert resources.service.routes is not None
        self._apps[resources.service.name] = app = FastAPI()
        app.state.settings = resources.settings
        problems.install(app)
        app.include_router(resources.service.routes(resources))


@asynccontextmanager
async def five_services(given: dict[str, Any]) -> AsyncIterator[World]:
    """`given`: settings that they have in common."""
    given = {**given, "mode": "local", "secret_key": SECRET, "token_key": SECRET}
    common = Settings(**given)
    for_launcher = launcher.settings.Settings(**given, admin_token=ADMIN)
    for_contacts = contacts.settings.Settings(**given)
    for_messaging = messaging.settings.MessagingSettings(**given)
    meter = PrometheusMeter(CollectorRegistry())
    services: Sequence[tuple[Service, Settings]] = (
        (launcher.app.build(for_launcher), for_launcher),
        (contacts.app.build(for_contacts), for_contacts),
        (executor.app.build(common), common),
        (messaging.app.build(for_messaging, mailer=FakeMailer(), meter=meter), for_messaging),
        (log.app.build(common), common),
    )
    producer = AIOKafkaProducer(bootstrap_servers=common.kafka)
    ends = AIOKafkaConsumer(bootstrap_servers=common.kafka, auto_offset_reset="earliest")
    world = World(common, producer, ends)
    async with AsyncExitStack() as stack:
        await producer.start()
        stack.push_async_callback(producer.stop)
        await ends.start()
        stack.push_async_callback(ends.stop)
        ends.assign([TopicPartition(common.topic("log.launches"), number) for number in range(common.partitions)])
        engines = [Engine(*each, registry=CollectorRegistry(), fatal=_fatal) for each in services]
        await asyncio.gather(*(engine.prepare() for engine in engines))
        for engine in engines:
            resources = Resources(engine.service, engine.settings, engine)
            world.serve(resources)
            if engine.service.lifespan is not None:
                await stack.enter_async_context(engine.service.lifespan(resources))
        stack.push_async_callback(_stop, engines)
        await asyncio.gather(*(engine.start() for engine in engines))
        yield world


async def _stop(engines: Iterable[Engine]) -> None:
    await asyncio.gather(*(engine.stop(leave=True) for engine in engines))


def _fatal(reason: str) -> None:
    raise AssertionError(reason)


@dataclass(frozen=True)
class Command:
    """A trace that begins with the CRM's own span."""

    trace_id: str
    span_id: str = "b7ad6b7169203331"

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-01"

    def followed(self, spans: Iterable[ReadableSpan]) -> list[ReadableSpan]:
        """Every span that can be reached from the command by parent or link."""
        after: dict[int, list[ReadableSpan]] = defaultdict(list)
        for span in spans:
            for cause in (span.parent, *(link.context for link in span.links)):
                if cause is not None:
                    after[cause.span_id].append(span)
        found: dict[int, ReadableSpan] = {}
        waiting = [int(self.span_id, 16)]
        while waiting:
            for span in after.pop(waiting.pop(), ()):
                found[span.context.span_id] = span
                waiting.append(span.context.span_id)
        return list(found.values())


def _client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service")
