"""What messaging tells the others about deliveries, made so that doing it again gives the same bytes."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from contracts.deliveries import ContactsReported, DeliveriesRecorded, LaunchHeld, Report
from contracts.sends import SendsRequested
from contracts.words import DeliveryState
from messaging.domain.judgement import Kept
from messaging.domain.reasons import without_detail
from messaging.domain.sends import Change, SendKey
from runtime.cloudevents import rfc3339
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.records import Outgoing

TOPIC = "messaging.deliveries"
MOST = 500
"""Contacts in one record."""


def first_states(
    chunk: SendsRequested,
    cause: str,
    indexes: Sequence[int],
    state: DeliveryState,
    kept: dict[int, Kept],
    *,
    partition: int,
    at: datetime,
) -> tuple[Outgoing, list[DeliveryState]]:
    """The sends of a chunk (those at `indexes`) are heard of: in `state`, but for those kept out. And the states."""
    verdicts = [kept.get(index) for index in indexes] if kept else [None] * len(indexes)
    whole = len(indexes) == len(chunk.occurrences)
    states = [state if verdict is None else verdict.state for verdict in verdicts]
    record = Outgoing(
        topic=TOPIC,
        partition=partition,
        key=chunk.launch_id,
        id=derive(cause, "deliveries"),
        project=chunk.project,
        event=DeliveriesRecorded(
            project=chunk.project,
            launch_id=chunk.launch_id,
            step=chunk.step,
            contact_ids=chunk.targets.contact_ids if whole else [chunk.targets.contact_ids[i] for i in indexes],
            occurrences=chunk.occurrences if whole else [chunk.occurrences[i] for i in indexes],
            states=states,
            previous=[None] * len(indexes),
            **_reasons([None if verdict is None else verdict.reason for verdict in verdicts]),
            at=at,
        ),
    )
    return record, states


def changed_states(changes: Collection[Change], project: str, *, partition: int, at: datetime) -> Iterator[Outgoing]:
    """Stored sends got another state, committed with these records: one per launch and step, ids from the changes.

    `attempts` tells the same change of one send apart from its repetition after a 4xx, the time those of being held.
    """
    told = sorted(
        (change for change in changes if change.state is not change.previous), key=lambda change: _place(change)
    )
    for (launch_id, step), same in groupby(told, key=lambda change: (change.key.launch_id, change.key.step)):
        group = list(same)
        for start in range(0, len(group), MOST):
            yield _changed(launch_id, step, group[start : start + MOST], project, partition, at)


def _place(change: Change) -> tuple[str, str, str, int]:
    return change.key.launch_id, change.key.step, change.key.contact_id, change.key.occurrence


def _reasons(kept: Sequence[str | None]) -> dict[str, Any]:
    if not any(kept):
        return {"reasons": kept}
    apart = [without_detail(reason) for reason in kept]
    details = [detail for _, detail in apart]
    return {"reasons": [reason for reason, _ in apart], "details": details if any(details) else ()}


def launch_held(launch_id: str, project: str, reason: str, number: int, *, partitions: int, at: datetime) -> Outgoing:
    """On the launch's home partition."""
    return Outgoing(
        topic=TOPIC,
        partition=partition_of(launch_id, partitions),
        key=launch_id,
        id=derive("held", launch_id, number),
        project=project,
        event=LaunchHeld(project=project, launch_id=launch_id, reason=reason, number=number, at=at),
    )


def contact_reported(
    key: SendKey,
    project: str,
    kind: Report,
    message_type: str,
    recipient: str | None,
    id: str,
    *,
    partition: int,
    at: datetime,
    known: bool = False,
) -> Outgoing:
    """`id`: of the report, which contacts' answer will name. A repeated one is told again, at another time. `known`: it
    is no news."""
    return Outgoing(
        topic=TOPIC,
        partition=partition,
        key=key.launch_id,
        id=derive(id, "reported", rfc3339(at)),
        project=project,
        event=ContactsReported(
            project=project,
            launch_id=key.launch_id,
            contact_ids=[key.contact_id],
            kinds=[kind],
            message_types=[message_type],
            recipients=[recipient],
            ids=[id],
            known=(True,) if known else (),
            at=at,
        ),
    )


def _changed(
    launch_id: str, step: str, changes: Sequence[Change], project: str, partition: int, at: datetime
) -> Outgoing:
    marks = [f"{each.key.contact_id}\x1f{each.key.occurrence}\x1f{each.state}\x1f{each.attempts}" for each in changes]
    if any(DeliveryState.HELD in (each.state, each.previous) for each in changes):
        marks.append(rfc3339(at))
    return Outgoing(
        topic=TOPIC,
        partition=partition,
        key=launch_id,
        id=derive("deliveries", launch_id, step, *marks),
        project=project,
        event=DeliveriesRecorded(
            project=project,
            launch_id=launch_id,
            step=step,
            contact_ids=[each.key.contact_id for each in changes],
            occurrences=[each.key.occurrence for each in changes],
            states=[each.state for each in changes],
            previous=[each.previous for each in changes],
            **_reasons([each.reason for each in changes]),
            at=at,
        ),
    )
