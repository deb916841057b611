"""contacts on a real database, its streams played by the test: everything a handler or job emits is kept."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from pydantic import BaseModel

from contacts.adapters.answers import PostgresAnswers
from contacts.adapters.audience import PostgresAudience
from contacts.adapters.contacts import PostgresContacts
from contacts.adapters.counting import PostgresCounting, Snapshots
from contacts.adapters.directory import PostgresDirectory
from contacts.adapters.drafts import PostgresDrafts
from contacts.adapters.examining import examine
from contacts.adapters.launches import PostgresLaunches
from contacts.adapters.places import PostgresPlaces
from contacts.adapters.reading import PostgresReading
from contacts.adapters.suppression import PostgresSuppression
from contacts.domain.address import AddressHash
from contacts.domain.audience import MAX_CONTACTS
from contacts.domain.contact import Erase
from contacts.domain.files import read_ndjson
from contacts.handlers.authentication import Authentication
from contacts.handlers.counting import Counting
from contacts.handlers.crm import CrmHandlers
from contacts.handlers.imports import Imported, Imports
from contacts.handlers.launches import LaunchHandlers
from contacts.handlers.outcomes import OutcomeHandlers
from contacts.handlers.projects import ProjectHandlers
from contacts.handlers.reports import ReportHandlers
from contacts.handlers.suppressing import Suppressing
from contacts.handlers.updates import UpdateHandlers
from contacts.handlers.writing import ContactWriter, Wanted
from contacts.jobs.walk import AudienceWalk
from contracts.launches import (
    All,
    Contacts,
    Groups,
    LaunchControlled,
    LaunchRequested,
    Options,
    ScenarioVersion,
    Segment,
)
from contracts.projects import KeySet, UserSet
from contracts.scenario import Scenario
from contracts.targets import TargetingFinished, TargetsAdmitted, TargetsExcluded
from contracts.words import ControlState, LaunchMode, Permission
from fakes.targets_ahead import FakeTargetsAhead
from fakes.transaction import NOON, FakeLease, FakeTransaction, received
from runtime.cloudevents import encode
from runtime.partitions import partition_of
from runtime.records import Outgoing, Received, Record
from runtime.sealing import seal
from runtime.signing import sign

SECRET_KEY = "s" * 32
PARTITIONS = 8
PROJECT = "demo"


def scenario(*, key: str = "hello", message_type: str = "promotional", **steps: Any) -> Scenario:
    """One e-mail that names `first_name`, unless steps are given (the first is the start)."""
    given = steps or {
        "hello": {
            "send": {
                "channel": "email",
                "message_type": message_type,
                "subject": "Hi",
                "text": "{{ contact.attributes.first_name }}",
            },
            "next": "won",
        },
        "won": {"end": "success"},
    }
    return Scenario.model_validate({"key": key, "name": key, "start": next(iter(given)), "steps": given})


def version(body: Scenario | None = None, creator: str = "ann") -> ScenarioVersion:
    return ScenarioVersion(project=PROJECT, version=1, creator=creator, body=body or scenario())


def requested(
    launch_id: str = "l-1",
    participants: All | Groups | Contacts | Segment | None = None,
    *,
    body: Scenario | None = None,
    override: bool = False,
    intersect: bool = False,
    state: ControlState = ControlState.RUNNING,
    revision: int = 1,
    chunks: int = 0,
    mode: LaunchMode = LaunchMode.LIVE,
) -> LaunchRequested:
    return LaunchRequested(
        project=PROJECT,
        launch_id=launch_id,
        revision=revision,
        state=state,
        version=version(body),
        participants=participants or All(),
        participants_chunks=chunks,
        options=Options(
            consent_override=override,
            override_reason="they asked for it" if override else None,
            intersect_with_launcher=intersect,
            mode=mode,
        ),
        context={"voucher": "X"},
        launched_by="bob",
        requested_at=NOON,
    )


def stopped(launch_id: str = "l-1", revision: int = 2) -> LaunchControlled:
    return LaunchControlled(
        project=PROJECT, launch_id=launch_id, revision=revision, state=ControlState.STOPPED, by="bob", at=NOON
    )


@dataclass
class Targets:
    """What a launch's chunks say in sum."""

    admitted: dict[str, int] = field(default_factory=dict)
    """Contact id -> partition."""
    excluded: dict[str, str] = field(default_factory=dict)
    """Contact id -> reason."""
    total: int | None = None


class World:
    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", walled: "asyncpg.Pool[asyncpg.Record] | None" = None
    ) -> None:
        """`walled`: what routes work with."""
        self.pool = pool
        self.walled_pool = walled or pool
        self.now: datetime = NOON
        self.emitted: list[Outgoing] = []
        self.ahead = FakeTargetsAhead()
        self.reading = PostgresReading(pool)
        self.address_hash = AddressHash(SECRET_KEY)
        self.writer = ContactWriter(PostgresContacts)
        self.imports = Imports(self.writer, self.address_hash)
        self.suppressing = Suppressing(PostgresContacts, PostgresSuppression, self.writer, self.address_hash)
        self.snapshots = Snapshots(self.counting_pool)
        self.counting = Counting(self.snapshots, PostgresCounting, PostgresLaunches, PostgresDirectory, examine)
        self.restarted()

    async def counting_pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        return self.pool

    def restarted(self) -> None:
        """As after a kill: whatever the process had in memory is gone."""
        authentication = Authentication(SECRET_KEY)
        self.crm = CrmHandlers(PostgresDirectory, PostgresAnswers, self.writer, authentication, self.address_hash)
        self.launches = LaunchHandlers(PostgresLaunches, PostgresDrafts, PostgresDirectory, examine)
        self.projects = ProjectHandlers(PostgresDirectory)
        self.outcomes = OutcomeHandlers(PostgresPlaces)
        self.updates = UpdateHandlers(PostgresAnswers, self.writer)
        self.reports = ReportHandlers(
            PostgresContacts, PostgresSuppression, PostgresAnswers, self.writer, self.address_hash
        )
        self.walk = AudienceWalk(PostgresLaunches, PostgresAudience, PostgresDirectory, self.ahead, 30_000)

    @asynccontextmanager
    async def transaction(self, number: int | None = 0) -> AsyncIterator[FakeTransaction]:
        async with self.pool.acquire() as connection, connection.transaction():
            tx = FakeTransaction(number=number, partitions=PARTITIONS, now=self.now, connection=connection)
            yield tx
        self._keep(tx.emitted)

    @asynccontextmanager
    async def request(self) -> AsyncIterator[FakeTransaction]:
        """The transaction of an HTTP request."""
        async with self.walled_pool.acquire() as connection, connection.transaction():
            tx = FakeTransaction(number=None, partitions=PARTITIONS, now=self.now, connection=connection)
            yield tx
        self._keep(tx.emitted)

    def _keep(self, events: Sequence[Outgoing]) -> None:
        for event in events:
            encode(event, source="/slipway/contacts", now=self.now)  # small enough, and JSON
        self.emitted += events

    async def hear(self, *events: BaseModel, number: int | None = None) -> None:
        """The stream that brings such events."""
        records: list[Received[Any]] = [received(event) for event in events]
        home = number if number is not None else home_of(getattr(events[0], "launch_id", "none"))
        async with self.transaction(home) as tx:
            await self._handler(events[0])(tx, records)

    def _handler(self, event: BaseModel) -> Any:
        name = type(event).__name__
        if name in ("ProjectSet", "KeySet", "UserSet", "ScenarioSet"):
            return self.projects.on_launcher_projects
        if name == "ContactsReported":
            return self.reports.on_messaging_deliveries
        return self.updates.on_executor_updates if name == "AttributesSet" else self.launches.on_launcher_launches

    async def crm_says(self, *records: Record) -> None:
        async with self.transaction() as tx:
            await self.crm.on_crm_contacts(tx, records)

    async def outcomes_say(self, event: BaseModel, *, id: str, key: str) -> None:
        """A record of executor's, as it comes."""
        row = encode(
            Outgoing(topic="executor.outcomes", partition=0, key=key, event=event, id=id), source="/e", now=self.now
        )
        record = Record("executor.outcomes", 0, 0, 0, row.key, row.value, dict(row.pairs))
        async with self.transaction() as tx:
            await self.outcomes.on_executor_outcomes(tx, [record])

    async def load(self, *contacts: dict[str, Any]) -> Imported:
        """Import; nothing of it is kept in `emitted`."""
        body = b"\n".join(map(orjson.dumps, contacts))
        before = len(self.emitted)
        async with self.transaction(None) as tx:
            done = await self.imports.take(tx, PROJECT, list(read_ndjson(body)))
        del self.emitted[before:]
        return done

    async def write(self, *wanted: Wanted) -> list[Any]:
        async with self.transaction() as tx:
            return await self.writer.write(tx, wanted)

    async def crm_delete(self, contact_id: str) -> None:
        await self.write(Wanted(PROJECT, contact_id, Erase(), "deleted"))

    async def suppress(self, contacts: Sequence[str] = (), addresses: Sequence[str] = ()) -> None:
        async with self.transaction(None) as tx:
            await self.suppressing.suppress(tx, PROJECT, contacts, addresses, "complaint")

    def lease(self, number: int) -> FakeLease:
        return FakeLease(number=number, partitions=PARTITIONS, pool=self.pool, now=self.now)

    async def step(self, number: int) -> bool:
        """One run of the walk under the lease of that number."""
        lease = self.lease(number)
        more = await self.walk.run(lease)
        self._keep(lease.emitted)
        return more

    async def walk_out(self, launch_id: str = "l-1") -> int:
        """Until there is nothing more to walk; how many pages it took."""
        pages = 0
        while await self.step(home_of(launch_id)):
            pages += 1
        return pages

    def on(self, topic: str) -> list[Any]:
        return [outgoing.event for outgoing in self.emitted if outgoing.topic == topic]

    def targets(self, launch_id: str = "l-1") -> Targets:
        """Fails on a contact that is there twice, or in a partition that is not its own."""
        found = Targets()
        for outgoing in self.emitted:
            event: Any = outgoing.event
            if outgoing.topic != "contacts.targets" or event.launch_id != launch_id:
                continue
            if isinstance(event, TargetsAdmitted):
                ids = event.targets.contact_ids
                found.admitted |= dict.fromkeys(_new(found, ids), outgoing.partition)
            elif isinstance(event, TargetsExcluded):
                ids = event.contact_ids
                found.excluded |= dict(zip(_new(found, ids), event.reasons, strict=True))
            elif isinstance(event, TargetingFinished):
                assert found.total in (None, event.total)
                found.total = event.total
                continue
            else:
                continue
            assert 1 <= len(ids) <= MAX_CONTACTS
            assert {partition_of(contact_id, PARTITIONS) for contact_id in ids} == {outgoing.partition}
        return found


def _new(found: Targets, ids: list[str]) -> list[str]:
    assert len(set(ids)) == len(ids) and not set(ids) & (found.admitted.keys() | found.excluded.keys())
    return ids


def home_of(launch_id: str) -> int:
    return partition_of(launch_id, PARTITIONS)


def user(name: str = "ann", *, restriction: str | None = None, disabled: bool = False, revision: int = 1) -> UserSet:
    return UserSet(project=PROJECT, user=name, revision=revision, disabled=disabled, grants=[], restriction=restriction)


def key(
    key_id: str = "key_1",
    *,
    secret: str = "whsec",
    grants: Sequence[Permission] = (Permission.CONTACTS_WRITE,),
    revoked: bool = False,
    revision: int = 1,
) -> KeySet:
    return KeySet(
        project=PROJECT,
        key_id=key_id,
        revision=revision,
        grants=list(grants),
        revoked=revoked,
        sealed_secret=seal(secret, SECRET_KEY),
    )


def signed(
    kind: str,
    data: Any,
    *,
    id: str = "r-1",
    source: str = "/crm/test",
    key_id: str = "key_1",
    secret: str = "whsec",
    time: str = "2026-11-20T12:00:00Z",
    appended: datetime = NOON,
    offset: int = 0,
    structured: bool = False,
    **headers: str,
) -> Record:
    """A record of the CRM; `headers` replace or (empty) remove what it would have."""
    name = f"com.slipway.{kind}.v1" if "." not in kind.removeprefix("com.slipway.") or kind.count(".") == 1 else kind
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    attributes = {"specversion": "1.0", "id": id, "source": source, "type": name, "time": time}
    if structured:
        body = orjson.dumps({**attributes, "data": data})
    own = {
        "slipway-key": key_id,
        "slipway-signature": sign(secret, id, time, source, name, body),
        "content-type": "application/cloudevents+json" if structured else "application/json",
        **({} if structured else {f"ce_{attribute}": text for attribute, text in attributes.items()}),
    }
    given = {**own, **{header.replace("__", "-"): text for header, text in headers.items()}}
    return Record(
        topic="crm.contacts",
        partition=0,
        offset=offset,
        timestamp=int(appended.timestamp() * 1000),
        key=None,
        value=body,
        headers={header: text.encode() for header, text in given.items() if text},
    )
