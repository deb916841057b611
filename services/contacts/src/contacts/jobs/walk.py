"""The walk over a launch's audience: page by page, open launches in turn, never far ahead of executor."""

from collections.abc import Callable, Iterator

from contacts.domain.audience import CONTACTS_PER_PARTITION, Admitted, Chunk, Page, Part, chunks, gone, stopped
from contacts.domain.checks import ADMINISTRATOR
from contacts.domain.judgement import judge
from contacts.domain.plan import Plan, Reads
from contacts.jobs.reading import Plans, Unreadable
from contacts.ports import AudienceStore, Directory, LaunchStore, TargetsAhead, Walk
from contracts.event import Event
from contracts.launches import Options, ScenarioVersion
from contracts.targets import LaunchOpened, TargetingFinished, TargetsAdmitted, TargetsExcluded
from contracts.words import ControlState
from runtime import failpoints
from runtime.cel import Condition, ConditionError
from runtime.ids import derive
from runtime.records import Outgoing
from runtime.spans import following
from runtime.transaction import Connection, Lease, Transaction

TOPIC = "contacts.targets"
Reach = Callable[[Part], list[bool]]
"""Who of a part may be sent to."""


class AudienceWalk:
    """One page per call, of the launch whose turn it is. The page, its chunks and the cursor are one transaction."""

    def __init__(
        self,
        launches: Callable[[Connection], LaunchStore],
        audience: Callable[[Connection], AudienceStore],
        directory: Callable[[Connection], Directory],
        ahead: TargetsAhead,
        most_ahead: int,
    ) -> None:
        self._launches = launches
        self._audience = audience
        self._directory = directory
        self._ahead = ahead
        self._most_ahead = most_ahead
        self._plans = Plans()

    async def run(self, lease: Lease) -> bool:
        async with lease.pool.acquire() as connection:
            turn = await self._launches(connection).next_turn(lease.number)
        if turn is None or await self._ahead.contacts() >= self._most_ahead:
            return False
        with following(turn.trace, "contacts walk"):
            await self._turn(lease, turn.launch_id)
        failpoints.hit("contacts.chunk_committed")
        return True

    async def _turn(self, lease: Lease, launch_id: str) -> None:
        try:
            async with lease.transaction() as tx:
                await self._step(tx, launch_id)
        except Exception:  # whatever it is, the other launches are to have their turns
            async with lease.transaction() as tx:
                await self._launches(tx.connection).postpone(launch_id)
            raise

    async def _step(self, tx: Transaction, launch_id: str) -> None:
        store = self._launches(tx.connection)
        walk = await store.walk(launch_id)
        try:
            version, plan = self._plans.of(launch_id, walk.version)
        except Unreadable as error:
            await self._finish(tx, store, walk, failed=str(error))
            return
        page, made = await self._page(tx, walk, version, plan)
        failpoints.hit("contacts.page_read", tx.connection)
        home = [tx.number] if tx.number is not None else []
        opened = sorted({*home, *(chunk.partition for chunk in made)} - set(walk.opened))
        tx.emit(*(_opened(walk, version, partition) for partition in opened))
        named = [(_chunk_id(walk, number, chunk), chunk) for number, chunk in enumerate(made)]
        tx.emit(*(_told(tx, walk, event_id, chunk) for event_id, chunk in named))
        await store.advance(walk, page.last or walk.cursor, named, opened)
        if page.is_last:
            failpoints.hit("contacts.before_finished", tx.connection)
            await self._finish(tx, store, await store.walk(launch_id))

    async def _page(
        self, tx: Transaction, walk: Walk, version: ScenarioVersion, plan: Plan
    ) -> tuple[Page, list[Chunk]]:
        audience, limit = self._audience(tx.connection), CONTACTS_PER_PARTITION * tx.partitions
        if walk.gate is ControlState.STOPPED:
            page = await audience.page(walk, Reads(), limit=limit, whole=False)
            return page, list(stopped(page))
        restricted, reach = await self._reach(tx, walk, version)
        page = await audience.page(walk, plan.reads, limit=limit, whole=restricted)
        override = Options.model_validate(walk.options).consent_override
        return page, [*_judged(page, plan, reach, override=override), *gone(page)]

    async def _reach(self, tx: Transaction, walk: Walk, version: ScenarioVersion) -> tuple[bool, Reach]:
        """(whether it depends on the contact, the creator's reach as it is now). Nobody's reach is nobody."""
        if version.creator == ADMINISTRATOR:
            return False, _everybody
        member = await self._directory(tx.connection).member(walk.project, version.creator)
        if member is None:
            return False, _nobody
        if member.restriction is None:
            return False, _everybody
        try:
            condition = Condition.compile(member.restriction, ("contact",))
        except ConditionError:
            return False, _nobody
        return True, lambda part: [condition.holds({"contact": each}) for each in part.documents or ()]

    async def _finish(self, tx: Transaction, store: LaunchStore, walk: Walk, failed: str | None = None) -> None:
        for partition in sorted(walk.opened) if failed is None else sorted({*walk.opened, tx.number or 0}):
            event = TargetingFinished(
                project=walk.project, launch_id=walk.launch_id, total=walk.targeted, failed=failed, at=tx.now
            )
            tx.emit(_outgoing(walk, partition, event, derive(walk.launch_id, "finished", partition)))
        await store.finish(walk, tx.now)
        self._plans.forget(walk.launch_id)


def _judged(page: Page, plan: Plan, reach: Reach, *, override: bool) -> Iterator[Chunk]:
    for part in page.parts:
        permitted = reach(part)
        yield from chunks(part, permitted, judge(part.standing(permitted), plan.deciding, override=override))


def _everybody(part: Part) -> list[bool]:
    return [True] * len(part.contact_ids)


def _nobody(part: Part) -> list[bool]:
    return [False] * len(part.contact_ids)


def _chunk_id(walk: Walk, number: int, chunk: Chunk) -> str:
    """From the cursor at which the page began: walked again after a kill, it is the same."""
    what = "admitted" if isinstance(chunk, Admitted) else "excluded"
    return derive(walk.launch_id, what, walk.cursor, chunk.partition, number)


def _told(tx: Transaction, walk: Walk, event_id: str, chunk: Chunk) -> Outgoing:
    if isinstance(chunk, Admitted):
        admitted = TargetsAdmitted(project=walk.project, launch_id=walk.launch_id, targets=chunk.snapshot)
        return _outgoing(walk, chunk.partition, admitted, event_id)
    excluded = TargetsExcluded(
        project=walk.project,
        launch_id=walk.launch_id,
        contact_ids=chunk.contact_ids,
        reasons=chunk.reasons,
        at=tx.now,
    )
    return _outgoing(walk, chunk.partition, excluded, event_id)


def _opened(walk: Walk, version: ScenarioVersion, partition: int) -> Outgoing:
    event = LaunchOpened(
        project=walk.project,
        launch_id=walk.launch_id,
        version=version,
        options=Options.model_validate(walk.options),
        context=dict(walk.context),
        retry_of=walk.retry_of,
        requested_at=walk.requested_at,
    )
    return _outgoing(walk, partition, event, derive(walk.launch_id, "opened", partition))


def _outgoing(walk: Walk, partition: int, event: Event, event_id: str) -> Outgoing:
    return Outgoing(
        topic=TOPIC, partition=partition, key=walk.launch_id, event=event, id=event_id, project=walk.project
    )
