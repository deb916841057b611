"""The state machine of process instances: `advance(flow, cohort, event, now, roll)` gives the cohorts it becomes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, assert_never

from contracts.outcomes import Passage
from contracts.words import DeliveryState, Left, Outcome
from executor.domain import ways
from executor.domain.cohort import (
    SENT,
    Cohort,
    Deleted,
    DeliverySettled,
    Event,
    GivenUp,
    MovedOn,
    Removed,
    Retried,
    Roll,
    Started,
    Status,
    Stopped,
    TimerDue,
    UpdateAnswered,
)
from executor.domain.flow import Branch, End, Flow, Send, Split, Unsupported, Update, Wait
from executor.domain.outcomes import (
    ERROR_CONDITION,
    ERROR_INTERNAL,
    ERROR_STEP_LIMIT,
    ERROR_UPDATE,
    outcome_of_end,
    send_error,
)

STEP_LIMIT: Final = 1000
"""Steps that one advance may run through without a rest."""

TRIAL_ROUNDS: Final = 100
"""How often an instance of a trial may enter the same step: without the time between, a loop would never end."""

UPDATE_TIMEOUT: Final = timedelta(seconds=60)

OPEN: Final = frozenset(Status) - {Status.READY, Status.ENDED}

EXPECTS: Final[dict[type[Event], frozenset[Status]]] = {
    Started: frozenset({Status.READY}),
    TimerDue: frozenset({Status.TIMER, Status.PAUSED, Status.UPDATE}),
    DeliverySettled: frozenset({Status.DELIVERY}),
    UpdateAnswered: frozenset({Status.UPDATE}),
    Stopped: OPEN,
    Deleted: OPEN,
    Retried: frozenset({Status.INCIDENT}),
    GivenUp: frozenset({Status.INCIDENT}),
    Removed: OPEN | {Status.READY},
    MovedOn: frozenset({Status.TIMER}),
}

SETTLED: Final = frozenset({DeliveryState.ACCEPTED, DeliveryState.SKIPPED, DeliveryState.FAILED, DeliveryState.UNKNOWN})
"""Delivery states that let a step go on. `cancelled` does not: what cancelled the message ends the instance."""


class Answer(StrEnum):
    ADVANCE = "advance"
    IGNORE = "ignore"
    REFUSE = "refuse"


class Refused(Exception):
    """An event that cannot come to an instance in this state: a bug."""


def answer(status: Status, event: type[Event]) -> Answer:
    """What (state, event) means. Ignored is what is late or repeated."""
    if status in EXPECTS[event]:
        return Answer.ADVANCE
    return Answer.REFUSE if status is Status.READY else Answer.IGNORE


def advance(flow: Flow, cohort: Cohort, event: Event, now: datetime, roll: Roll, held: bool = False) -> list[Cohort]:
    """The cohorts that `cohort` becomes; none if the event changes nothing. Raises Refused.

    Where they come to rest says what has to go out: a message for those that now wait for a delivery, an update
    for those that wait for an update, an outcome, an incident. `held` (the launch is paused): no step starts.
    """
    match answer(cohort.status, type(event)):
        case Answer.IGNORE:
            return []
        case Answer.REFUSE:
            raise Refused(f"{type(event).__name__} came to {cohort.status} instances at step {cohort.step}")
    match event:
        case Started():
            return _go(flow, cohort, flow.start, now, roll, held)
        case TimerDue():
            return _time(flow, cohort, now, roll, held)
        case DeliverySettled():
            return _delivery(flow, cohort, event, now, roll, held)
        case UpdateAnswered() | MovedOn():
            return _after_rest(flow, cohort, now, roll, held)
        case Stopped():
            return [_end(cohort, Outcome.ABANDON, Left.STOPPED)]
        case Deleted():
            return [_end(cohort, Outcome.ABANDON, Left.DELETED)]
        case Removed():
            return [_end(cohort, Outcome.ABANDON, Left.REMOVED)]
        case Retried():
            return _go(flow, cohort, cohort.step, now, roll, held)
        case GivenUp():
            return [_end(cohort, Outcome.FAILURE, ERROR_INTERNAL)]
        case _:
            assert_never(event)


def _time(flow: Flow, cohort: Cohort, now: datetime, roll: Roll, held: bool) -> list[Cohort]:
    if cohort.status is Status.UPDATE:
        return [_end(cohort, Outcome.FAILURE, ERROR_UPDATE)]
    if cohort.status is Status.PAUSED:
        return _go(flow, cohort, cohort.step, now, roll, held)
    return _after_rest(flow, cohort, now, roll, held)


def _after_rest(flow: Flow, cohort: Cohort, now: datetime, roll: Roll, held: bool) -> list[Cohort]:
    node = flow.nodes.get(cohort.step)
    if isinstance(node, Wait):
        return _go(flow, _past(cohort, Passage(what="waited", step=cohort.step)), node.next, now, roll, held)
    if isinstance(node, Update):
        return _go(flow, _past(cohort, _updated(cohort.step, node)), node.next, now, roll, held)
    return [_incident(cohort, f"step {cohort.step} is not what the instance rested in")]


def _delivery(
    flow: Flow, cohort: Cohort, event: DeliverySettled, now: datetime, roll: Roll, held: bool
) -> list[Cohort]:
    here = (cohort.step, cohort.occurrence) == (event.step, event.occurrence)
    if not here or event.state not in SETTLED:
        return []
    node = flow.nodes.get(cohort.step)
    if not isinstance(node, Send):
        return [_incident(cohort, f"step {cohort.step} is not what the instance rested in")]
    if event.state is DeliveryState.SKIPPED:
        skipped = replace(cohort, messages=cohort.messages or event.reason or "unknown")
        return _go(flow, skipped, node.skipped, now, roll, held)
    sent = replace(cohort, messages=SENT)
    if event.state is not DeliveryState.FAILED:
        return _go(
            flow, sent, node.accepted if event.state is DeliveryState.ACCEPTED else node.unknown, now, roll, held
        )
    if node.failed is None:
        return [_end(sent, Outcome.FAILURE, send_error(event.reason))]
    return _go(flow, sent, node.failed, now, roll, held)


def _go(flow: Flow, cohort: Cohort, step: str, now: datetime, roll: Roll, held: bool) -> list[Cohort]:
    """On to `step`, and through every step that needs no rest."""
    first = replace(cohort, status=Status.READY, step=step, due_at=None)
    if held:
        return [replace(first, status=Status.PAUSED)]
    rested: list[Cohort] = []
    moving = [first]
    while moving:
        for following in _run(flow, moving.pop(), now, roll):
            (moving if following.status is Status.READY else rested).append(following)
    return rested


def _run(flow: Flow, cohort: Cohort, now: datetime, roll: Roll) -> Iterable[Cohort]:
    """Run the step that the cohort has come to: where its members then stand."""
    if len(cohort.entered) >= STEP_LIMIT:
        return [_end(cohort, Outcome.FAILURE, ERROR_STEP_LIMIT)]
    at = _counted(flow, replace(cohort, entered=(*cohort.entered, cohort.step)))
    if flow.virtual and at.occurrence > TRIAL_ROUNDS:
        return [_end(cohort, Outcome.FAILURE, ERROR_STEP_LIMIT)]  # as above: it is not entered once more
    node = flow.nodes.get(cohort.step)
    match node:
        case Send():
            return [replace(at, status=Status.DELIVERY)]
        case Update() if flow.virtual:
            done = _past(at, _updated(at.step, node))
            return [replace(done, overlay={**(at.overlay or {}), **node.values}, step=node.next)]
        case Update():
            return [replace(at, status=Status.UPDATE, due_at=now + UPDATE_TIMEOUT)]
        case Wait():
            until = now if flow.virtual else now + node.duration
            entered = Passage(what="waiting", step=at.step, until=until)
            return [replace(_past(at, entered), status=Status.TIMER, due_at=until)]
        case Branch():
            return _fork(at, "branch", node, ways.branch(node, at.members, roll.seen_by(at), flow))
        case Split():
            return _fork(at, "split", node, ways.split(node, at.members, roll, flow, at.step))
        case End():
            outcome, reason = outcome_of_end(node.type, at.step, at.messages)
            return [_end(at, outcome, reason)]
        case Unsupported():
            return [_incident(at, f"this version of the executor cannot run the step ({node.what})")]
        case None:
            return [_incident(at, "the scenario version has no such step")]
        case _:
            assert_never(node)


def _fork(
    cohort: Cohort, what: Literal["branch", "split"], node: Branch | Split, taken: Mapping[int | None, list[int]]
) -> Iterable[Cohort]:
    for place, members in taken.items():
        part = cohort.of(members)
        if place is ways.BROKEN:
            yield _end(_past(part, Passage(what=what, step=part.step)), Outcome.FAILURE, ERROR_CONDITION)
        else:
            arm = node.arm(place)
            passage = Passage(what=what, step=part.step, arm=place + 1, says=arm.says, next=arm.next)
            yield replace(_past(part, passage), step=arm.next)


def _updated(step: str, node: Update) -> Passage:
    return Passage(what="updated", step=step, says=", ".join(sorted(node.values)))


def _past(cohort: Cohort, passage: Passage) -> Cohort:
    return replace(cohort, passed=(*cohort.passed, passage))


def _counted(flow: Flow, cohort: Cohort) -> Cohort:
    if cohort.step not in flow.repeatable:
        return cohort
    times = cohort.occurrences.get(cohort.step, 0) + 1
    return replace(cohort, occurrences={**cohort.occurrences, cohort.step: times})


def _end(cohort: Cohort, outcome: Outcome, reason: str) -> Cohort:
    return replace(
        cohort,
        status=Status.ENDED,
        occurrences={},
        messages=None,
        due_at=None,
        outcome=outcome,
        reason=reason,
        overlay=None,
    )


def _incident(cohort: Cohort, detail: str) -> Cohort:
    return replace(cohort, status=Status.INCIDENT, due_at=None, reason=detail)
