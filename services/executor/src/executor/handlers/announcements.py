"""The events that say where instances have come to. Ids follow from what an event says first, which is said once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from contracts.columns import folded
from contracts.event import Event
from contracts.outcomes import (
    ContactsErased,
    IncidentsClosed,
    IncidentsOpened,
    OrderResult,
    OrdersCarriedOut,
    StepsCounted,
    StepsPassed,
    TargetsEnded,
    TargetsRefused,
    TargetsStarted,
    Way,
)
from contracts.sends import SendsRequested, SendsWithdrawn
from contracts.updates import AttributesSet
from contracts.words import Left, Outcome
from executor.domain.cohort import Cohort, Roll, Status
from executor.domain.contact_data import laid_over, pick, slice_of
from executor.domain.flow import Update
from executor.domain.launch import Launch, Share
from executor.domain.orders import ContactOrder
from runtime.ids import derive
from runtime.records import Outgoing

OUTCOMES: Final = "executor.outcomes"
SENDS: Final = "executor.sends"
UPDATES: Final = "executor.updates"

CHUNK_BYTES: Final = 200_000
"""Contact data that one record carries at most."""


def update_id(launch: Launch, contact_id: str, cohort: Cohort) -> str:
    return derive("update", launch.launch_id, contact_id, cohort.step, cohort.occurrence)


def started(launch: Launch, ids: list[str], number: int, now: datetime) -> Outgoing:
    event = TargetsStarted(project=launch.project, launch_id=launch.launch_id, contact_ids=ids, at=now)
    return _outgoing(OUTCOMES, event, launch, number, "started", ids[0])


def refused(launch: Launch, ids: list[str], reasons: list[str], number: int, now: datetime) -> Outgoing:
    event = TargetsRefused(project=launch.project, launch_id=launch.launch_id, contact_ids=ids, reasons=reasons, at=now)
    return _outgoing(OUTCOMES, event, launch, number, "refused", ids[0])


def closed(launch: Launch, ids: list[str], number: int, now: datetime) -> Outgoing:
    event = IncidentsClosed(project=launch.project, launch_id=launch.launch_id, contact_ids=ids, at=now)
    return _outgoing(OUTCOMES, event, launch, number, "incidents-closed", ids[0], now.isoformat())


def withdrawn(launch: Launch, ids: list[str], number: int, now: datetime) -> Outgoing:
    """Of contacts who were removed while they waited for a message: an instance ends once, so this is said once."""
    about = {"project": launch.project, "launch_id": launch.launch_id}
    event = SendsWithdrawn(**about, contact_ids=ids, reason=Left.REMOVED, at=now)
    return _outgoing(SENDS, event, launch, number, "withdrawn", ids[0])


def carried_out(order: ContactOrder, result: OrderResult, number: int, now: datetime) -> Outgoing:
    event = OrdersCarriedOut(
        project=order.project,
        launch_id=order.launch_id,
        contact_ids=[order.contact_id],
        order_ids=[order.order_id],
        kinds=[order.kind],
        results=[result],
        by=[order.by],
        at=now,
    )
    id = derive("order", order.order_id, result)
    return Outgoing(topic=OUTCOMES, partition=number, key=order.launch_id, event=event, id=id, project=order.project)


def counted(launch_id: str, project: str, share: Share, number: int) -> Outgoing:
    event = StepsCounted(
        project=project, launch_id=launch_id, number=number, revision=share.revision, entered=dict(share.entered)
    )
    id = derive("steps-counted", launch_id, number, share.revision)
    return Outgoing(topic=OUTCOMES, partition=number, key=launch_id, event=event, id=id, project=project)


def erased(project: str, revisions: Mapping[str, int], number: int, now: datetime) -> Outgoing:
    """Contacts that were deleted, with the revisions at which they were."""
    event = ContactsErased(project=project, contact_ids=list(revisions), at=now)
    id = derive("erased", project, *(part for each in revisions.items() for part in each))
    return Outgoing(topic=OUTCOMES, partition=number, key=project, event=event, id=id, project=project)


def passed(launch: Launch, roll: Roll, ways: Mapping[Way, list[int]], number: int, now: datetime) -> Iterator[Outgoing]:
    """Who went which way. Nobody goes two ways of the same part from the same place at the same time, so each has an
    id of its own: two transactions may be of one millisecond."""
    for way, members in ways.items():
        left = () if way.left is None else (way.left.step, way.left.occurrence)
        ids = pick(roll.contact_ids, members)
        event = StepsPassed(project=launch.project, launch_id=launch.launch_id, contact_ids=ids, way=way, at=now)
        yield _outgoing(OUTCOMES, event, launch, number, "passed", ids[0], now.isoformat(), way.part, *left)


def arrivals(launch: Launch, roll: Roll, cohorts: Sequence[Cohort], number: int, now: datetime) -> Iterator[Outgoing]:
    """What goes out because instances came to rest where `cohorts` stand."""
    yield from _sends(launch, roll, _at_rest(cohorts, Status.DELIVERY), number, now)
    for cohort in _at_rest(cohorts, Status.UPDATE):
        yield _update(launch, roll, cohort, number)
    if ended := _at_rest(cohorts, Status.ENDED):
        yield _ended(launch, roll, ended, number, now)
    if incidents := _at_rest(cohorts, Status.INCIDENT):
        yield _incidents(launch, roll, incidents, number, now)


def _at_rest(cohorts: Iterable[Cohort], status: Status) -> list[Cohort]:
    return [cohort for cohort in cohorts if cohort.status is status]


def _sends(launch: Launch, roll: Roll, cohorts: list[Cohort], number: int, now: datetime) -> Iterator[Outgoing]:
    for step in dict.fromkeys(cohort.step for cohort in cohorts):
        snapshot = roll.snapshot
        assert snapshot is not None, f"contact data of {launch.launch_id} was dropped before its message {step}"
        here = [cohort for cohort in cohorts if cohort.step == step]
        occurrence = {member: cohort.occurrence for cohort in here for member in cohort.members}
        if overlays := {member: each.overlay for each in here if each.overlay for member in each.members}:
            snapshot = laid_over(snapshot, overlays)
        for members in _portions(sorted(occurrence), roll.sizes):
            targets = slice_of(snapshot, members)
            occurrences = [occurrence[member] for member in members]
            event = SendsRequested(
                project=launch.project,
                launch_id=launch.launch_id,
                step=step,
                occurrences=occurrences,
                targets=targets,
                at=now,
            )
            yield _outgoing(SENDS, event, launch, number, "sends", step, targets.contact_ids[0], occurrences[0])


def _portions(members: list[int], sizes: list[int] | None) -> Iterator[list[int]]:
    """In order, each small enough for one record."""
    if sizes is None or sum(sizes) <= CHUNK_BYTES:
        yield members
        return
    portion: list[int] = []
    size = 0
    for member in members:
        if portion and size + sizes[member] > CHUNK_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(member)
        size += sizes[member]
    yield portion


def _update(launch: Launch, roll: Roll, cohort: Cohort, number: int) -> Outgoing:
    node = launch.flow.nodes[cohort.step]
    assert isinstance(node, Update)
    ids = pick(roll.contact_ids, cohort.members)
    event = AttributesSet(
        project=launch.project,
        launch_id=launch.launch_id,
        step=cohort.step,
        contact_ids=ids,
        update_ids=[update_id(launch, id, cohort) for id in ids],
        values=dict(node.values),
    )
    return _outgoing(UPDATES, event, launch, number, "updates", cohort.step, ids[0], cohort.occurrence)


def _ended(launch: Launch, roll: Roll, cohorts: list[Cohort], number: int, now: datetime) -> Outgoing:
    ids: list[str] = []
    outcomes: list[Outcome] = []
    reasons: list[str] = []
    since: list[datetime] = []
    for cohort in cohorts:
        assert cohort.outcome is not None and cohort.reason is not None
        ids += pick(roll.contact_ids, cohort.members)
        since += pick(roll.started_at, cohort.members)
        outcomes += [cohort.outcome] * len(cohort.members)
        reasons += [cohort.reason] * len(cohort.members)
    event = TargetsEnded(
        project=launch.project,
        launch_id=launch.launch_id,
        contact_ids=ids,
        outcomes=folded(outcomes),
        reasons=folded(reasons),
        started_at=folded(since),
        at=now,
    )
    return _outgoing(OUTCOMES, event, launch, number, "ended", ids[0])


def _incidents(launch: Launch, roll: Roll, cohorts: list[Cohort], number: int, now: datetime) -> Outgoing:
    ids = [id for cohort in cohorts for id in pick(roll.contact_ids, cohort.members)]
    event = IncidentsOpened(
        project=launch.project,
        launch_id=launch.launch_id,
        contact_ids=ids,
        steps=[cohort.step for cohort in cohorts for _ in cohort.members],
        details=[cohort.reason or "" for cohort in cohorts for _ in cohort.members],
        at=now,
    )
    return _outgoing(OUTCOMES, event, launch, number, "incidents", ids[0], now.isoformat())


def _outgoing(topic: str, event: Event, launch: Launch, number: int, *what: str | int) -> Outgoing:
    return Outgoing(
        topic=topic,
        partition=number,
        key=launch.launch_id,
        event=event,
        id=derive(launch.launch_id, *what),
        project=launch.project,
    )
