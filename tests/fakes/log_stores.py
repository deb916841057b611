"""log's stores in memory. They pass the same contract suite as the real ones: `integration/log/test_stores.py`."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contracts.outcomes import StepsCounted
from fakes.launch_story import later
from log.domain.chunks import Chunk, Kind
from log.domain.controls import Control
from log.domain.counting import rested
from log.domain.endings import Endings
from log.domain.launch import Launch
from log.domain.tally import with_sums
from log.ports import Identity
from runtime.partitions import partition_of
from runtime.rows import expect
from runtime.transaction import Transaction


class InMemoryOutcomes:
    def __init__(self) -> None:
        self.rows: dict[tuple[int, str], tuple[str, str]] = {}
        self.undescribed: dict[tuple[int, int, str], Endings] = {}
        self.described: dict[int, tuple[str, Identity]] = {}
        """What `overdue` joins with."""

    async def add(self, tx: Transaction, endings: Sequence[tuple[int, Endings]]) -> Sequence[Endings]:
        added = []
        for number, asked in endings:
            new = asked.without([id for launch, id in self.rows if launch == number])
            for group in new.groups:
                self.rows.update({(number, id): (group.outcome, group.reason) for id in group.contact_ids})
            added.append(new)
        return added

    async def keep_undescribed(self, tx: Transaction, number: int, endings: Endings) -> None:
        assert tx.number is not None
        self.undescribed[number, tx.number, endings.event_id] = endings

    async def take_undescribed(self, tx: Transaction, number: int, launch_id: str) -> Sequence[Endings]:
        keys = sorted(key for key in self.undescribed if key[:2] == (number, tx.number))
        return [self.undescribed.pop(key) for key in keys]

    async def overdue(self, pool: Any, partition: int) -> Mapping[str, Identity]:
        waiting = {number for number, at, _ in self.undescribed if at == partition}
        return dict(self.described[number] for number in waiting if number in self.described)


class InMemoryLaunches:
    def __init__(self, outcomes: InMemoryOutcomes) -> None:
        self.rows: dict[str, Launch] = {}
        self.tallies: dict[int, Counter[str]] = defaultdict(Counter)
        """Over all partitions, by launch number."""
        self.numbers: dict[str, int] = {}
        self.homes: dict[str, int] = {}
        self.unpublished: set[str] = set()
        """Launches with outcomes that are not on the topic yet."""
        self._outcomes = outcomes

    async def identify(
        self, tx: Transaction, projects: Mapping[str, str], traces: Mapping[str, str | None] | None = None
    ) -> Mapping[str, Identity]:
        for launch_id in sorted(projects):
            if launch_id not in self.rows:
                self.rows[launch_id] = Launch(launch_id, projects[launch_id], trace=(traces or {}).get(launch_id))
                self.numbers[launch_id] = len(self.numbers) + 1
                self.homes[launch_id] = partition_of(launch_id, tx.partitions)
        return {launch_id: self._identity(launch_id) for launch_id in projects}

    def _identity(self, launch_id: str) -> Identity:
        launch = self.rows[launch_id]
        return Identity(self.numbers[launch_id], launch.scenario, launch.version, launch.public)

    async def count(self, tx: Transaction, counted: Sequence[tuple[Identity, Mapping[str, int]]]) -> None:
        for identity, added in counted:
            self.tallies[identity.number].update(added)
            launch_id = next(launch_id for launch_id, number in self.numbers.items() if number == identity.number)
            self.rows[launch_id] = replace(self.rows[launch_id], live=True)

    def whole(self, launch_id: str) -> Launch:
        return with_sums(self.rows[launch_id], self.tallies[self.numbers[launch_id]])

    async def locked(self, tx: Transaction, launch_ids: Collection[str]) -> Sequence[Launch]:
        return [self.whole(launch_id) for launch_id in sorted(launch_ids) if launch_id in self.rows]

    async def save(self, tx: Transaction, launch: Launch) -> None:
        expect(tx, 1, int(launch.launch_id in self.rows), f"figures of launch {launch.launch_id}")
        self.rows[launch.launch_id] = launch
        if launch.scenario is not None:
            self._outcomes.described[self.numbers[launch.launch_id]] = (
                launch.launch_id,
                self._identity(launch.launch_id),
            )

    async def due(self, pool: Any, number: int) -> Sequence[str]:
        launches = [self.whole(launch_id) for launch_id, home in sorted(self.homes.items()) if home == number]
        return [launch.launch_id for launch in launches if launch.live and self._due(launch)]

    def _due(self, launch: Launch) -> bool:
        if (launch.end is None and launch.total == launch.ended) or rested(launch, later(60)):
            return True
        told = launch.scenario is not None and launch.request is not None and launch.revision > launch.published
        return told and (launch.end is None or launch.announced or self._drained(launch))

    async def drained(self, tx: Transaction, launch: Launch) -> bool:
        return self._drained(launch)

    def _drained(self, launch: Launch) -> bool:
        number = self.numbers[launch.launch_id]
        kept_back = any(key[0] == number for key in self._outcomes.undescribed)
        return launch.launch_id not in self.unpublished and not kept_back

    async def rouse(self, tx: Transaction) -> Sequence[str]:
        here = [self.whole(launch_id) for launch_id, home in self.homes.items() if home == tx.number]
        late = [launch.launch_id for launch in here if not launch.live and launch.revision > launch.published]
        for launch_id in late:
            self.rows[launch_id] = replace(self.rows[launch_id], live=True)
        return late

    def put(self, launch: Launch, **changes: Any) -> None:
        """For tests: the row as it would be."""
        self.rows[launch.launch_id] = replace(launch, **changes)


class InMemoryChunks:
    def __init__(self) -> None:
        self.rows: dict[tuple[int, int, str], Chunk] = {}
        self.incidents: dict[tuple[int, str], str] = {}
        self.steps: dict[tuple[int, int], StepsCounted] = {}
        self.controls: dict[tuple[int, str, str], Control] = {}

    async def add(self, tx: Transaction, chunks: Sequence[tuple[int, Chunk]]) -> Sequence[bool]:
        assert tx.number is not None
        new = []
        for number, chunk in chunks:
            key = (number, tx.number, chunk.event_id)
            new.append(key not in self.rows)
            self.rows.setdefault(key, chunk)
        return new

    async def open_incidents(self, tx: Transaction, number: int, chunk: Chunk) -> None:
        self.incidents.update({(number, id): said for id, said in zip(chunk.contact_ids, chunk.said, strict=True)})

    async def close_incidents(self, tx: Transaction, number: int, chunk: Chunk) -> None:
        for contact_id in chunk.contact_ids:
            self.incidents.pop((number, contact_id), None)

    async def count_steps(self, tx: Transaction, number: int, steps: StepsCounted) -> None:
        kept = self.steps.get((number, steps.number))
        if kept is None or kept.revision < steps.revision:
            self.steps[number, steps.number] = steps

    async def note(self, tx: Transaction, number: int, project: str, controls: Sequence[Control]) -> None:
        for control in controls:
            self.controls.setdefault((number, control.event_id, control.what), control)

    async def forget_ways(self, tx: Transaction, project: str, contact_ids: Sequence[str]) -> None:
        for key, chunk in self.rows.items():
            if (key[1], chunk.project, chunk.kind) == (tx.number, project, Kind.WAY):
                kept = [id for id in chunk.contact_ids if id not in contact_ids]
                self.rows[key] = replace(chunk, contact_ids=kept)
