"""launcher's handlers and routes on a real database, one transaction per call, with a clock that tests set."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg
import httpx
import orjson
from fastapi import Depends, FastAPI

from contracts.channels import ChannelSet
from contracts.checks import ConsentOverridden, LaunchChecked, Point
from contracts.crm import (
    LaunchCompleted,
    LaunchFailed,
    LaunchFigures,
    LaunchProgressed,
    LaunchRequest,
    LaunchStopped,
    Reply,
)
from contracts.event import Event
from contracts.words import LaunchState
from fakes.conditions import FakeConditions
from fakes.counting import FakeCounting
from fakes.counting import figures as counted
from fakes.progress import FakeProgress
from fakes.results import FakeResults
from fakes.transaction import NOON, FakeLease, FakeTransaction, received, record
from launcher.app import build
from launcher.settings import Settings
from runtime import problems
from runtime.bodies import demand_readable
from runtime.partitions import partition_of
from runtime.records import Outgoing, Record
from runtime.service import Job, RawSubscription, Service, Subscription
from runtime.signing import sign
from runtime.web import operations

SECRET = "s" * 32
ADMIN = "admin." + "a" * 32
SETTINGS = Settings(secret_key=SECRET, token_key=SECRET, mode="local", admin_token=ADMIN)
COUNTING = FakeCounting(counted(100))
"""contacts' figures, as tests set them."""
RESULTS = FakeResults()
"""Targets of earlier launches, as tests set them."""
PROGRESS = FakeProgress()
"""Figures of launches that log publishes nowhere."""
CONDITIONS = FakeConditions()
"""What contacts says to conditions."""
SERVICE = build(SETTINGS, COUNTING, RESULTS, PROGRESS, CONDITIONS)
SAMPLES = Path(__file__).parents[3] / "examples" / "scenarios"
STARTER = ("process:start", "launch:preapproved", "launch:stop")
E = TypeVar("E", bound=Event)


class Present:
    """`runtime.process.Resources` of the one app, and its engine: those of the desk that is set up now."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        walled: asyncpg.Pool[asyncpg.Record] = self._app.state.desk.walled_pool
        return walled

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app.state.desk, name)


@cache
def _app() -> FastAPI:
    """Made once: thirty routes with their models take longer than most tests."""
    app = FastAPI(dependencies=[Depends(demand_readable)])
    app.state.settings = SETTINGS
    problems.install(app)
    assert SERVICE.routes is not None
    app.include_router(SERVICE.routes(cast(Any, Present(app))))
    app.include_router(operations(Present(app)))
    return app


class Key:
    def __init__(self, made: Mapping[str, Any]) -> None:
        self.id: str = made["key_id"]
        self.secret: str = made["signing_secret"]
        self.token: str = made["token"]


class Desk:
    """`emitted` collects everything since the last `take`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", walled: "asyncpg.Pool[asyncpg.Record]") -> None:
        """`walled`: what routes work with."""
        self.pool = pool
        self.walled_pool = walled
        self.partitions = 8
        self.settings = SETTINGS
        self.now = NOON
        self.emitted: list[Outgoing] = []
        self.service: Service = SERVICE
        self._offset = 0
        app = _app()
        app.state.desk = self
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://launcher")

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def take(self, kind: type[E]) -> list[E]:
        """Emitted events of a kind, taken out."""
        found = [sent.event for sent in self.emitted if isinstance(sent.event, kind)]
        self.emitted = [sent for sent in self.emitted if not isinstance(sent.event, kind)]
        return found

    @asynccontextmanager
    async def transaction(self, number: int | None = None) -> AsyncIterator[FakeTransaction]:
        """What `runtime.process.Resources` gives; what was emitted counts only when it is committed."""
        pool = self.walled_pool if number is None else self.pool
        async with pool.acquire() as connection, connection.transaction():
            tx = FakeTransaction(number=number, partitions=self.partitions, now=self.now, connection=connection)
            yield tx
        self.emitted += tx.emitted

    # HTTP

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str = ADMIN, project: str | None = "demo", **more: Any
    ) -> httpx.Response:
        """As console does it: a short token for the bearer's, then the request itself."""
        about = {"Authorization": f"Bearer {token}"}
        named = {"Slipway-Project": project} if project else {}
        stands_in = {"Slipway-As": more.pop("as_user")} if "as_user" in more else {}
        minted = await self.http.post(
            "/internal/tokens", headers={**about, **(named if stands_in else {}), **stands_in}
        )
        if minted.is_error:
            return minted
        headers = {**named, **stands_in, "Authorization": f"Bearer {minted.json()['token']}", **more.pop("headers", {})}
        if isinstance(body, bytes):
            return await self.http.request(method, path, content=body, headers=headers, **more)
        return await self.http.request(method, path, json=body, headers=headers, **more)

    async def done(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The answer of a request that is taken."""
        response = await self.call(method, path, body, **more)
        assert response.is_success, response.text
        return response.json()

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and code of a request that is not; every refusal says what to do."""
        response = await self.call(method, path, body, **more)
        assert response.is_error, response.text
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["remedy"]
        assert problem["detail"]
        return response.status_code, problem["code"]

    async def project(self, key: str = "demo", zone: str = "Europe/Vienna") -> None:
        await self.done("POST", "/v1/projects", {"key": key, "zone": zone}, project=None)

    async def key(self, *grants: str, project: str = "demo") -> Key:
        return Key(await self.done("POST", "/v1/keys", {"grants": grants or STARTER}, project=project))

    async def scenario(self, name: str = "welcome", *, active: bool = True, **more: Any) -> None:
        await self.done("POST", "/v1/scenarios", (SAMPLES / f"{name}.yaml").read_bytes(), **more)
        if active:
            await self.done("POST", f"/v1/scenarios/{name}/activate", {}, **more)

    async def launch(self, body: Any = None, key: str = "idem-1", **more: Any) -> Any:
        asked = body or {"scenario": "welcome", "participants": {"kind": "all"}}
        return await self.done("POST", "/v1/launches", asked, headers={"Idempotency-Key": key}, **more)

    # Idle jobs

    async def idle(self, name: str, *, numbers: Iterable[int] = range(8)) -> bool:
        """Runs a job under the lease of each number, once; true if one has more to do."""
        [job] = [job for job in self.service.jobs if job.name == name]
        return any([await self._run(job, number) for number in numbers])

    async def _run(self, job: Job, number: int) -> bool:
        lease = FakeLease(number=number, partitions=self.partitions, pool=self.pool, now=self.now)
        try:
            return await job.run(lease)
        finally:
            self.emitted += lease.emitted

    # Kafka

    async def commands(self, *records: Record, number: int = 0) -> list[Reply]:
        """What is answered on launcher.replies to these records, read in one transaction."""
        await self.answers(*records, number=number)
        return self.take(Reply)

    async def answers(self, *records: Record, number: int = 0) -> list[Outgoing]:
        """All that is emitted then."""
        subscription = self._subscription("crm.commands")
        assert isinstance(subscription, RawSubscription)
        async with self.transaction(number) as tx:
            await subscription.handler(tx, records)
        return tx.emitted

    async def checked(self, launch_id: str, *points: Point, expected: int | None = None, check: int = 1) -> None:
        """contacts answers a draft."""
        event = LaunchChecked(
            project="demo", launch_id=launch_id, points=list(points), targeted_expected=expected, check=check
        )
        await self._handle("contacts.checks", launch_id, event)

    async def overridden(self, launch_id: str, reached: int) -> None:
        """contacts tells how many a lifted consent reached."""
        by_type = {"promotional": reached}
        event = ConsentOverridden(
            project="demo", launch_id=launch_id, by="ann", reason="recall", reached=reached, by_type=by_type, at=NOON
        )
        await self._handle("contacts.checks", launch_id, event)

    async def counted(self, launch_id: str, revision: int, state: LaunchState, **counts: Any) -> None:
        """log publishes figures."""
        await self._handle("log.launches", launch_id, figures(launch_id, revision, state, **counts))

    async def channel(self, name: str, *, configured: bool, revision: int = 1) -> None:
        """messaging tells what it can send on."""
        event = ChannelSet(channel=name, revision=revision, configured=configured)
        await self._handle("messaging.channels", f"channel/{name}", event)

    async def _handle(self, topic: str, key: str, event: Event) -> None:
        subscription = self._subscription(topic)
        assert isinstance(subscription, Subscription)
        assert event.TYPE in subscription.events
        home = partition_of(key, self.partitions)
        async with self.transaction(home) as tx:
            await subscription.handler(tx, [received(event, topic=topic, number=home)])

    def _subscription(self, topic: str) -> Subscription | RawSubscription:
        [found] = [subscription for subscription in self.service.subscriptions if subscription.topic == topic]
        return found

    def command(
        self,
        key: Key | None,
        data: Any,
        *,
        kind: str = LaunchRequest.TYPE,
        id: str = "cmd-1",
        source: str = "/crm/main",
        at: datetime | None = None,
        appended: datetime | None = None,
        number: int = 0,
        structured: bool = False,
        headers: Mapping[str, str | None] | None = None,
    ) -> Record:
        """A record of the CRM, signed by `key`; `headers` replaces some after that, None leaves one out."""
        time = (at or self.now).isoformat()
        value = data if isinstance(data, bytes) else orjson.dumps(data)
        if structured:
            event = {"specversion": "1.0", "id": id, "source": source, "type": kind, "time": time, "data": data}
            value = orjson.dumps(event)
            whole: dict[str, str | None] = {"content-type": "application/cloudevents+json"}
        else:
            whole = {"ce_specversion": "1.0", "ce_id": id, "ce_source": source, "ce_type": kind, "ce_time": time}
            whole["content-type"] = "application/json"
        if key is not None:
            whole["slipway-key"] = key.id
            whole["slipway-signature"] = sign(key.secret, id, time, source, kind, value)
        whole |= headers or {}
        self._offset += 1
        return record(
            value,
            {name: text for name, text in whole.items() if text is not None},
            topic="crm.commands",
            number=number,
            offset=self._offset,
            timestamp=appended or self.now,
        )


def asked(**changed: Any) -> dict[str, Any]:
    return {"project": "demo", "scenario": "welcome", "participants": {"kind": "all"}, **changed}


def figures(launch_id: str, revision: int, state: LaunchState, **counts: Any) -> LaunchFigures:
    ends: dict[LaunchState, type[LaunchFigures]] = {
        LaunchState.COMPLETED: LaunchCompleted,
        LaunchState.STOPPED: LaunchStopped,
        LaunchState.FAILED: LaunchFailed,
    }
    zero = dict.fromkeys(
        ("targeted", "started", "not_started", "in_progress", "success", "failure", "abandon", "other"), 0
    )
    return ends.get(state, LaunchProgressed)(
        project="demo",
        launch_id=launch_id,
        revision=revision,
        scenario="welcome",
        scenario_version=1,
        state=state,
        targeting="finished",
        requested_by="key",
        requested_at=NOON,
        ended_at=NOON if state in ends else None,
        **{**zero, "by_reason": {}, "deliveries": {}, **counts},
    )
