"""One method per consumed stream. All of them count; they differ in what is read, not in what is done."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from contracts.crm import LaunchFigures
from contracts.event import Event
from contracts.outcomes import ContactsErased
from contracts.words import LaunchMode
from log.domain import facts
from log.domain.chunks import Kind
from log.domain.counting import read_back, told
from log.domain.endings import Endings
from log.domain.reading import Reading, read
from log.domain.records import EXPANDER, outcome_chunk
from log.domain.tally import tally
from log.ports import ChunkStore, Identity, LaunchStore, OutcomeStore
from runtime import failpoints
from runtime.ids import derive
from runtime.records import Outgoing, Received
from runtime.rows import expect
from runtime.spans import HEADER
from runtime.transaction import Transaction

Told = dict[str, list[facts.Fact]]
"""Facts by launch id."""


class Handlers:
    def __init__(self, launches: LaunchStore, outcomes: OutcomeStore, chunks: ChunkStore) -> None:
        self._launches = launches
        self._outcomes = outcomes
        self._chunks = chunks

    async def on_launches(self, tx: Transaction, events: Sequence[Received[Event]]) -> None:
        await self._record(tx, events)

    async def on_targets(self, tx: Transaction, events: Sequence[Received[Event]]) -> None:
        await self._record(tx, events)

    async def on_outcomes(self, tx: Transaction, events: Sequence[Received[Event]]) -> None:
        await self._record(tx, events)
        erased: dict[str, list[str]] = defaultdict(list)
        for received in events:
            if isinstance(received.event, ContactsErased):
                erased[received.event.project] += received.event.contact_ids
        for project, contact_ids in erased.items():
            await self._chunks.forget_ways(tx, project, contact_ids)

    async def on_deliveries(self, tx: Transaction, events: Sequence[Received[Event]]) -> None:
        await self._record(tx, events)

    async def on_snapshots(self, tx: Transaction, events: Sequence[Received[LaunchFigures]]) -> None:
        """Our own topic: what comes last on it has to be the newest."""
        revisions: dict[str, list[int]] = defaultdict(list)
        for received in events:
            revisions[received.event.launch_id].append(received.event.revision)
        for before in await self._launches.locked(tx, revisions):
            after = read_back(before, revisions[before.launch_id])
            if after != before:
                await self._launches.save(tx, after)

    async def _record(self, tx: Transaction, events: Sequence[Received[Event]]) -> None:
        """Rows first, then what they add up to. Launches' own rows, which partitions share, come last, in id order,
        each once, and only if more is told than counts."""
        readings: list[Reading] = []
        traces: dict[str, str | None] = {}
        for received in events:
            if (reading := read(received.event, received.id, received.record.written_at)) is not None:
                readings.append(reading)
                traces.setdefault(reading.launch_id, received.record.header(HEADER))
        if not readings:
            return
        projects = {reading.launch_id: reading.project for reading in readings}
        known = await self._launches.identify(tx, projects, traces)
        known = _described(known, readings)
        told_facts: Told = defaultdict(list)
        await self._record_chunks(tx, readings, known, told_facts)
        await self._record_endings(tx, readings, known, told_facts)
        for reading in readings:
            if reading.steps is not None:
                await self._chunks.count_steps(tx, known[reading.launch_id].number, reading.steps)
            if reading.controls:
                await self._chunks.note(tx, known[reading.launch_id].number, reading.project, reading.controls)
            if facts.Opened() in reading.facts:
                await self._publish_undescribed(tx, reading.launch_id, known[reading.launch_id])
        await self._count(tx, told_facts, known)
        await self._tell(tx, told_facts)

    async def _record_chunks(
        self, tx: Transaction, readings: Sequence[Reading], known: Mapping[str, Identity], told_facts: Told
    ) -> None:
        chunks = [(known[reading.launch_id].number, reading.chunk) for reading in readings if reading.chunk is not None]
        new = iter(await self._chunks.add(tx, chunks) if chunks else ())
        for reading in readings:
            if reading.chunk is None:
                told_facts[reading.launch_id].extend(reading.facts)
            elif next(new):
                told_facts[reading.launch_id].extend(reading.facts)
                if reading.chunk.kind is Kind.INCIDENT:
                    await self._chunks.open_incidents(tx, known[reading.launch_id].number, reading.chunk)
                elif reading.chunk.kind is Kind.RESOLVED:
                    await self._chunks.close_incidents(tx, known[reading.launch_id].number, reading.chunk)

    async def _record_endings(
        self, tx: Transaction, readings: Sequence[Reading], known: Mapping[str, Identity], told_facts: Told
    ) -> None:
        ending = [reading for reading in readings if reading.endings is not None]
        if not ending:
            return
        asked = [(known[reading.launch_id].number, reading.endings) for reading in ending if reading.endings]
        for reading, new in zip(ending, await self._outcomes.add(tx, asked), strict=True):
            if not new.count:
                continue
            if reading.targets:
                told_facts[reading.launch_id].append(facts.Targeted(new.count))
            told_facts[reading.launch_id].append(new.fact)
            identity = known[reading.launch_id]
            if identity.scenario is None:
                await self._outcomes.keep_undescribed(tx, identity.number, new)
            else:
                publish_outcomes(tx, identity, new)

    async def _publish_undescribed(self, tx: Transaction, launch_id: str, identity: Identity) -> None:
        for endings in await self._outcomes.take_undescribed(tx, identity.number, launch_id):
            publish_outcomes(tx, identity, endings)

    async def _count(self, tx: Transaction, told_facts: Told, known: Mapping[str, Identity]) -> None:
        counted = [
            (known[launch_id], tally(fact for fact in new if isinstance(fact, facts.Count)))
            for launch_id, new in sorted(told_facts.items())
        ]
        if counted := [(identity, added) for identity, added in counted if added]:
            await self._launches.count(tx, counted)

    async def _tell(self, tx: Transaction, told_facts: Told) -> None:
        states = {
            launch_id: [fact for fact in new if isinstance(fact, facts.State)] for launch_id, new in told_facts.items()
        }
        if not (changed := {launch_id: new for launch_id, new in states.items() if new}):
            return
        launches = await self._launches.locked(tx, changed)
        expect(tx, len(changed), len(launches), f"figures of launch {', '.join(sorted(changed))}")
        for before in launches:
            after = told(before, changed[before.launch_id], tx.now)
            if after is not before:
                await self._launches.save(tx, after)
                if after.end is not before.end:
                    failpoints.hit("log.end_saved", tx.connection)


def publish_outcomes(tx: Transaction, identity: Identity, endings: Endings) -> None:
    """One outbox row; it becomes one record per target (`log.domain.records.expand`). Of a trial: none."""
    assert identity.scenario is not None and identity.version is not None and tx.number is not None
    if not identity.public:
        return
    tx.emit(
        Outgoing(
            topic="log.outcomes",
            partition=tx.number,
            key=endings.launch_id,
            event=outcome_chunk(endings, identity.scenario, identity.version),
            id=derive("outcomes", endings.event_id),
            project=endings.project,
            tag=endings.launch_id,
            expand=EXPANDER,
        )
    )


def _described(known: Mapping[str, Identity], readings: Sequence[Reading]) -> Mapping[str, Identity]:
    """Also by what these records themselves describe."""
    described = dict(known)
    for reading in readings:
        for fact in reading.facts:
            if isinstance(fact, facts.Described) and described[reading.launch_id].scenario is None:
                number = described[reading.launch_id].number
                public = fact.mode is LaunchMode.LIVE
                described[reading.launch_id] = Identity(number, fact.scenario, fact.version, public)
    return described
