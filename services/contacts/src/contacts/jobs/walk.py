"""The walk over a launch's audience: page by page, open launches in turn, never far ahead of executor."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import structlog

from contacts.domain.audience import Admitted, Chunk, Page, Part, chunks, gone, stopped
from contacts.domain.judgement import judge, lifted
from contacts.domain.plan import Plan, Reads
from contacts.handlers.reach import reach
from contacts.handlers.reading import Plans, Unreadable
from contacts.jobs.pace import Pace
from contacts.jobs.resting import Resting
from contacts.ports import AudienceStore, Directory, LaunchStore, TargetsAhead, Walk
from contracts.checks import ConsentOverridden
from contracts.event import Event
from contracts.launches import Options, ScenarioVersion
from contracts.targets import LaunchOpened, TargetingFinished, TargetsAdmitted, TargetsExcluded
from contracts.words import ControlState, LaunchMode
from runtime import failpoints, poison, slices
from runtime.cel import Condition, ConditionError
from runtime.cloudevents import CHUNK, FOLLOWED, OPENING
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.records import Outgoing
from runtime.spans import following
from runtime.transaction import Connection, Lease, Transaction

TOPIC = "contacts.targets"
CHECKS = "contacts.checks"
Reach = tuple[Condition, ...] | None
"""As `contacts.handlers.reach.reach` gives it."""
log = structlog.get_logger()


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
        self._pace = Pace()
        self._resting = Resting()

    def problems(self, number: int) -> list[str]:
        """Launches of this home number that wait because a page of theirs failed, and why."""
        return self._resting.problems(number)

    async def run(self, lease: Lease) -> bool:
        async with lease.pool.acquire() as connection:
            turn = await self._launches(connection).next_turn(lease.number, self._resting.launches())
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
            self._resting.passed(launch_id)
        except Exception as error:  # whatever it is, the other launches are to have their turns
            refused = poison.refused_data(error)
            async with lease.transaction() as tx:
                if refused is not None:
                    await self._give_up(tx, launch_id, f"{type(refused).__name__}, {refused.sqlstate}")
                else:
                    await self._launches(tx.connection).postpone(launch_id)
            if refused is not None:
                self._resting.passed(launch_id)
                log.error("targeting given up", launch_id=launch_id, number=lease.number, error=repr(refused))
                return
            bug = poison.judge(error, connection_open=True)
            if not isinstance(bug, poison.Poison):
                raise
            self._resting.failed(launch_id, lease.number, str(bug))
            log.error("page failed", launch_id=launch_id, number=lease.number, error=str(bug), exc_info=True)

    async def _give_up(self, tx: Transaction, launch_id: str, said: str) -> None:
        """Its own data are in the way: no later turn would go better. What the database said in full may name what
        contacts have, and stays in the log."""
        store = self._launches(tx.connection)
        walk = await store.walk(launch_id)
        _, plan = self._plans.of(launch_id, walk.version)
        why = f"PostgreSQL refuses what this launch asks of contacts ({said}): the log of contacts says more"
        await self._finish(tx, store, walk, plan, failed=why)

    async def _step(self, tx: Transaction, launch_id: str) -> None:
        store = self._launches(tx.connection)
        walk = await store.walk(launch_id)
        plan = None
        try:
            version, plan = self._plans.of(launch_id, walk.version)
            await _groups_are_there(store, walk)
            limit = self._pace.limit(walk, tx.partitions)
            with self._pace.measured(launch_id, limit):
                page, made = await self._page(tx, walk, version, plan, limit)
        except (Unreadable, ConditionError) as error:
            await self._finish(tx, store, walk, plan, failed=str(error))
            return
        failpoints.hit("contacts.page_read", tx.connection)
        home = [tx.number] if tx.number is not None else []
        opened = sorted({*home, *(chunk.partition for chunk in made)} - set(walk.opened))
        followed = _followed(walk, page, made)
        openings = {partition: {FOLLOWED: OPENING} for partition in followed}
        more = {partition: {FOLLOWED: CHUNK} for partition in followed}
        named = [(_chunk_id(walk, number, chunk), chunk) for number, chunk in enumerate(made)]
        tx.emit(*(replace(_opened(walk, version, number), headers=openings.get(number, {})) for number in opened))
        tx.emit(*(replace(_told(tx, walk, id, chunk), headers=more.get(chunk.partition, {})) for id, chunk in named))
        await store.advance(walk, page.last or walk.cursor, named, opened, _overridden(walk, plan, made))
        if page.is_last:
            failpoints.hit("contacts.before_finished", tx.connection)
            await self._finish(tx, store, await store.walk(launch_id), plan)

    async def _page(
        self, tx: Transaction, walk: Walk, version: ScenarioVersion, plan: Plan, limit: int
    ) -> tuple[Page, list[Chunk]]:
        audience = self._audience(tx.connection)
        if walk.gate is ControlState.STOPPED:
            page = await audience.page(walk, Reads(), limit=limit, whole=False)
            return page, list(stopped(page))
        options = Options.model_validate(walk.options)
        if options.mode is LaunchMode.TEST:
            page = await audience.page(walk, plan.reads, limit=1, whole=False)
            return replace(page, is_last=True), [*_tried(page), *gone(page)]
        names = [version.creator, *([walk.launched_by] if options.intersect_with_launcher else [])]
        conditions = await reach(self._directory(tx.connection), walk.project, names)
        page = await audience.page(walk, plan.reads, limit=limit, whole=bool(conditions))
        return page, [*await _judged(page, plan, conditions, override=options.consent_override), *gone(page)]

    async def _finish(
        self, tx: Transaction, store: LaunchStore, walk: Walk, plan: Plan | None, failed: str | None = None
    ) -> None:
        for partition in sorted(walk.opened) if failed is None else sorted({*walk.opened, tx.number or 0}):
            event = TargetingFinished(
                project=walk.project, launch_id=walk.launch_id, total=walk.targeted, failed=failed, at=tx.now
            )
            tx.emit(_outgoing(walk, partition, event, derive(walk.launch_id, "finished", partition)))
        options = Options.model_validate(walk.options)
        if options.consent_override and plan is not None:
            tx.emit(_told_overridden(tx, walk, options, plan))
        await store.finish(walk, tx.now)
        self._plans.forget(walk.launch_id)
        self._pace.forget(walk.launch_id)


def _followed(walk: Walk, page: Page, made: Sequence[Chunk]) -> set[int]:
    """Partitions whose chunk may wait for the next page's: all but one of the first page, for its first message."""
    if page.is_last:
        return set()
    first = next((chunk.partition for chunk in made if isinstance(chunk, Admitted)), None)
    return {chunk.partition for chunk in made} - ({first} if walk.targeted == 0 else set())


async def _groups_are_there(store: LaunchStore, walk: Walk) -> None:
    """Raises Unreadable: of a group that is being deleted nobody knows any more who was in it."""
    if not walk.groups or walk.gate is ControlState.STOPPED:
        return
    known = await store.known_groups(walk.project, walk.groups)
    if missing := set(walk.groups) - known.there:
        raise Unreadable(f"while contacts were being targeted, groups were deleted: {', '.join(sorted(missing))}")


async def _judged(page: Page, plan: Plan, reach: Reach, *, override: bool) -> list[Chunk]:
    made: list[Chunk] = []
    for part in page.parts:
        permitted = await _permitted(part, reach)
        made += chunks(part, permitted, judge(part.standing(permitted), plan.deciding, override=override))
    return made


def _tried(page: Page) -> Iterator[Chunk]:
    """A test's one contact, who gets nothing: whether it may, nobody asks."""
    for part in page.parts:
        count = len(part.contact_ids)
        yield from chunks(part, [True] * count, [None] * count)


async def _permitted(part: Part, reach: Reach) -> list[bool]:
    if not reach:
        return [reach is not None] * len(part.contact_ids)
    return await slices.each(part.documents or (), lambda one: all(each.holds({"contact": one}) for each in reach))


def _overridden(walk: Walk, plan: Plan, made: Sequence[Chunk]) -> tuple[int, ...]:
    """As in Walk, with what this page admits."""
    if not walk.options.get("consent_override"):
        return walk.overridden
    before = walk.overridden or (0,) * (1 + len(plan.consented))
    reached = [lifted(chunk.snapshot, plan) for chunk in made if isinstance(chunk, Admitted)]
    contacts = sum(any(each) for columns in reached for each in zip(*columns, strict=True))
    by_type = [sum(sum(columns[index]) for columns in reached) for index in range(len(plan.consented))]
    return tuple(old + new for old, new in zip(before, (contacts, *by_type), strict=True))


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


def _told_overridden(tx: Transaction, walk: Walk, options: Options, plan: Plan) -> Outgoing:
    reached, *by_type = walk.overridden or (0,) * (1 + len(plan.consented))
    event = ConsentOverridden(
        project=walk.project,
        launch_id=walk.launch_id,
        by=walk.launched_by,
        reason=options.override_reason or "",
        reached=reached,
        by_type=dict(zip(plan.consented, by_type, strict=True)),
        at=tx.now,
    )
    told = _outgoing(walk, partition_of(walk.launch_id, tx.partitions), event, derive(walk.launch_id, "overridden"))
    return replace(told, topic=CHECKS)


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
