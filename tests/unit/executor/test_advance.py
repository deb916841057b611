"""Every (status, event) pair, and where each way leads."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.words import DeliveryState, Outcome
from executor.domain.advance import SETTLED, STEP_LIMIT, Answer, Refused, advance, answer
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
    Started,
    Status,
    Stopped,
    TimerDue,
    UpdateAnswered,
)
from unit.executor.builders import EVERYTHING, NOON, cohort, flow, roll

FLOW = flow(EVERYTHING)
RESTING = {
    Status.READY: "hello",
    Status.TIMER: "pause",
    Status.DELIVERY: "hello",
    Status.UPDATE: "tag",
    Status.PAUSED: "pause",
    Status.INCIDENT: "hello",
    Status.ENDED: "won",
}
ACCEPTED = DeliverySettled("hello", 1, DeliveryState.ACCEPTED, None)
EVENTS: tuple[Event, ...] = (
    Started(), TimerDue(), ACCEPTED, UpdateAnswered(), Stopped(), Deleted(), Retried(), GivenUp(), Removed(), MovedOn(),
)  # fmt: skip

GO, IGNORE, REFUSE = Answer.ADVANCE, Answer.IGNORE, Answer.REFUSE
TABLE = {
    #                 started timer   delivery update  stopped deleted retried given up removed  moved on
    Status.READY:    (GO,     REFUSE, REFUSE, REFUSE, REFUSE, REFUSE, REFUSE, REFUSE,  GO,      REFUSE),
    Status.TIMER:    (IGNORE, GO,     IGNORE, IGNORE, GO,     GO,     IGNORE, IGNORE,  GO,      GO),
    Status.DELIVERY: (IGNORE, IGNORE, GO,     IGNORE, GO,     GO,     IGNORE, IGNORE,  GO,      IGNORE),
    Status.UPDATE:   (IGNORE, GO,     IGNORE, GO,     GO,     GO,     IGNORE, IGNORE,  GO,      IGNORE),
    Status.PAUSED:   (IGNORE, GO,     IGNORE, IGNORE, GO,     GO,     IGNORE, IGNORE,  GO,      IGNORE),
    Status.INCIDENT: (IGNORE, IGNORE, IGNORE, IGNORE, GO,     GO,     GO,     GO,      GO,      IGNORE),
    Status.ENDED:    (IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE,  IGNORE,  IGNORE),
}  # fmt: skip
PAIRS = [
    pytest.param(status, event, expected, id=f"{status}-{type(event).__name__}")
    for status, row in TABLE.items()
    for event, expected in zip(EVENTS, row, strict=True)
]


def step(at: Cohort, event: Event, held: bool = False) -> list[Cohort]:
    return advance(FLOW, at, event, NOON, roll(), held)


def only(at: Cohort, event: Event, held: bool = False) -> Cohort:
    (found,) = step(at, event, held)
    return found


@pytest.mark.parametrize(("status", "event", "expected"), PAIRS)
def test_every_pair_has_its_answer(status: Status, event: Event, expected: Answer) -> None:
    at = cohort(status, RESTING[status])
    assert answer(status, type(event)) is expected
    if expected is REFUSE:
        with pytest.raises(Refused):
            step(at, event)
    else:
        assert bool(step(at, event)) is (expected is GO)


@pytest.mark.parametrize(("status", "event", "expected"), PAIRS)
def test_members_are_neither_lost_nor_doubled(status: Status, event: Event, expected: Answer) -> None:
    if expected is GO:
        after = step(cohort(status, RESTING[status]), event)
        assert sorted(member for part in after for member in part.members) == [0, 1, 2]


def test_the_table_covers_every_status_and_event() -> None:
    assert set(TABLE) == set(Status)
    assert {type(event) for event in EVENTS} == set(Event.__args__)


def test_a_new_instance_runs_to_its_first_message() -> None:
    at = only(cohort(Status.READY, "hello"), Started())
    assert (at.status, at.step, at.entered) == (Status.DELIVERY, "hello", ("hello",))


@pytest.mark.parametrize(
    ("state", "status", "step_reached", "outcome", "reason"),
    [
        (DeliveryState.ACCEPTED, Status.TIMER, "pause", None, None),
        (DeliveryState.SKIPPED, Status.ENDED, "quiet", Outcome.OTHER, "skipped:no_consent"),
        (DeliveryState.FAILED, Status.ENDED, "broken", Outcome.FAILURE, "end:broken"),
        (DeliveryState.UNKNOWN, Status.ENDED, "odd", Outcome.ABANDON, "end:odd"),
    ],
)
def test_the_author_s_paths_are_taken(
    state: DeliveryState, status: Status, step_reached: str, outcome: Outcome | None, reason: str | None
) -> None:
    why = "no_consent" if state is DeliveryState.SKIPPED else None
    at = only(cohort(Status.DELIVERY, "hello"), DeliverySettled("hello", 1, state, why))
    assert (at.status, at.step, at.outcome, at.reason) == (status, step_reached, outcome, reason)


@pytest.mark.parametrize(
    ("state", "reason", "status", "reached", "outcome", "why"),
    [
        (DeliveryState.ACCEPTED, None, Status.ENDED, "won", Outcome.SUCCESS, "end:won"),
        (DeliveryState.SKIPPED, "suppressed", Status.ENDED, "won", Outcome.SUCCESS, "end:won"),
        (DeliveryState.UNKNOWN, None, Status.ENDED, "won", Outcome.SUCCESS, "end:won"),
        (DeliveryState.FAILED, "smtp:550", Status.ENDED, "again", Outcome.FAILURE, "error:send"),
        (DeliveryState.FAILED, "render", Status.ENDED, "again", Outcome.FAILURE, "error:render"),
    ],
)
def test_without_a_path_only_a_failed_message_ends_the_instance(
    state: DeliveryState, reason: str | None, status: Status, reached: str, outcome: Outcome, why: str
) -> None:
    at = only(cohort(Status.DELIVERY, "again"), DeliverySettled("again", 1, state, reason))
    assert (at.status, at.step, at.outcome, at.reason) == (status, reached, outcome, why)


@pytest.mark.parametrize("state", sorted(set(DeliveryState) - SETTLED))
def test_a_delivery_state_that_settles_nothing_is_ignored(state: DeliveryState) -> None:
    assert step(cohort(Status.DELIVERY, "hello"), DeliverySettled("hello", 1, state, None)) == []


@pytest.mark.parametrize(("name", "occurrence"), [("again", 1), ("hello", 2)])
def test_a_delivery_of_another_step_or_occurrence_is_ignored(name: str, occurrence: int) -> None:
    event = DeliverySettled(name, occurrence, DeliveryState.ACCEPTED, None)
    assert step(cohort(Status.DELIVERY, "hello"), event) == []


def test_a_wait_is_due_after_its_duration_and_not_before() -> None:
    at = only(cohort(Status.DELIVERY, "hello"), ACCEPTED)
    assert at.due_at == NOON + timedelta(days=2)


def test_contacts_part_where_the_scenario_forks() -> None:
    people = roll(attributes={"score": [71, 50, None]})
    after = advance(FLOW, cohort(Status.TIMER, "pause"), TimerDue(), NOON, people)
    ways = {member: part.entered for part in after for member in part.members}
    assert ways[0] == ("vip", "tag")
    assert ways[1][:2] == ways[2][:2] == ("vip", "half")


def test_an_answered_update_goes_on_to_the_next_message() -> None:
    at = only(cohort(Status.UPDATE, "tag", due_at=NOON), UpdateAnswered())
    assert (at.status, at.step, at.due_at) == (Status.DELIVERY, "again", None)


def test_an_update_nobody_answered_fails_the_instance() -> None:
    at = only(cohort(Status.UPDATE, "tag"), TimerDue())
    assert (at.outcome, at.reason) == (Outcome.FAILURE, "error:update")


@pytest.mark.parametrize(("event", "reason"), [(Stopped(), "stopped"), (Deleted(), "deleted"), (Removed(), "removed")])
def test_what_is_left_before_an_end_is_abandoned(event: Event, reason: str) -> None:
    at = only(cohort(Status.TIMER, "pause", due_at=NOON, messages=SENT), event)
    assert (at.outcome, at.reason, at.due_at, at.step) == (Outcome.ABANDON, reason, None, "pause")
    assert at.entered == ()


@pytest.mark.parametrize(
    ("status", "at", "event", "reached"),
    [
        (Status.READY, "hello", Started(), "hello"),
        (Status.DELIVERY, "hello", ACCEPTED, "pause"),
        (Status.TIMER, "pause", TimerDue(), "vip"),
        (Status.TIMER, "pause", MovedOn(), "vip"),
        (Status.UPDATE, "tag", UpdateAnswered(), "again"),
        (Status.PAUSED, "vip", TimerDue(), "vip"),
    ],
)
def test_while_paused_nothing_starts_a_step(status: Status, at: str, event: Event, reached: str) -> None:
    after = only(cohort(status, at), event, held=True)
    assert (after.status, after.step, after.due_at, after.entered) == (Status.PAUSED, reached, None, ())


def test_who_is_moved_on_goes_the_way_of_who_waited() -> None:
    waiting = cohort(Status.TIMER, "pause", due_at=NOON + timedelta(days=1))
    assert step(waiting, MovedOn()) == step(waiting, TimerDue())


def test_who_is_removed_before_the_start_runs_no_step() -> None:
    at = only(cohort(Status.READY, "hello"), Removed())
    assert (at.outcome, at.reason, at.entered) == (Outcome.ABANDON, "removed", ())


def test_a_resumed_instance_runs_the_step_it_was_held_at() -> None:
    assert only(cohort(Status.PAUSED, "hello"), TimerDue()).status is Status.DELIVERY


def test_a_loop_counts_the_occurrences_of_its_messages_only() -> None:
    loop = flow("""
        mail: {send: {channel: discard, message_type: promotional, text: t}, next: rest}
        rest: {wait: {for: 1h}, next: more}
        more: {branch: [{when: "true", next: mail}, {otherwise: won}]}
        won:  {end: success}
    """)
    (first,) = advance(loop, cohort(Status.READY, "mail"), Started(), NOON, roll())
    accepted = DeliverySettled("mail", 1, DeliveryState.ACCEPTED, None)
    (rest,) = advance(loop, first, accepted, NOON, roll())
    (second,) = advance(loop, rest, TimerDue(), NOON, roll())
    assert (first.occurrence, second.occurrence) == (1, 2)
    assert second.occurrences == {"mail": 2}
    assert advance(loop, second, accepted, NOON, roll()) == [], "a late repetition of the first message"


def test_a_loop_without_a_rest_is_broken_off() -> None:
    endless = flow("""
        one: {branch: [{when: "true", next: two}, {otherwise: won}]}
        two: {branch: [{when: "true", next: one}, {otherwise: won}]}
        won: {end: success}
    """)
    (at,) = advance(endless, cohort(Status.READY, "one"), Started(), NOON, roll())
    assert (at.outcome, at.reason, len(at.entered)) == (Outcome.FAILURE, "error:step_limit", STEP_LIMIT)


@pytest.mark.parametrize(
    "kind",
    [
        "wait_until: {event: opened, timeout: 1d}, next: won, on_timeout: won",
        "wait: {until: '2026-12-24T09:00'}, next: won",
        "webhook: {url: 'https://a.example'}, next: won",
        "start_scenario: other, next: won",
    ],
)
def test_a_step_this_version_cannot_run_is_an_incident(kind: str) -> None:
    strange = flow(f"odd: {{{kind}}}\nwon: {{end: success}}")
    (at,) = advance(strange, cohort(Status.READY, "odd"), Started(), NOON, roll())
    assert (at.status, at.step, at.outcome) == (Status.INCIDENT, "odd", None)
    assert at.reason is not None and "cannot run the step" in at.reason


def test_an_incident_is_tried_again_from_its_step() -> None:
    at = cohort(Status.INCIDENT, "hello", reason="unknown step")
    sent = only(at, Retried())
    assert (sent.status, sent.step, sent.entered) == (Status.DELIVERY, "hello", ("hello",))
    held = only(at, Retried(), held=True)
    assert (held.status, held.step) == (Status.PAUSED, "hello")


def test_an_incident_that_is_given_up_is_a_failure_even_while_paused() -> None:
    at = cohort(Status.INCIDENT, "hello", reason="unknown step")
    for held in (False, True):
        ended = only(at, GivenUp(), held)
        assert (ended.status, ended.outcome, ended.reason) == (Status.ENDED, Outcome.FAILURE, "error:internal")


def test_a_step_that_does_not_exist_is_an_incident() -> None:
    broken = replace(FLOW, start="nowhere")
    (at,) = advance(broken, cohort(Status.READY, "nowhere"), Started(), NOON, roll())
    assert (at.status, at.reason) == (Status.INCIDENT, "the scenario version has no such step")


@pytest.mark.parametrize(
    "branch", ["[{when: 'contact..', next: won}, {otherwise: won}]", "[{when: 'false', next: won}]"]
)
def test_a_fork_without_a_way_fails_the_instance(branch: str) -> None:
    broken = flow(f"fork: {{branch: {branch}}}\nwon: {{end: success}}")
    (at,) = advance(broken, cohort(Status.READY, "fork"), Started(), NOON, roll())
    assert (at.outcome, at.reason) == (Outcome.FAILURE, "error:condition")


@pytest.mark.parametrize(("status", "event"), [(Status.TIMER, TimerDue()), (Status.DELIVERY, ACCEPTED)])
def test_an_instance_that_rests_where_no_rest_is_becomes_an_incident(status: Status, event: Event) -> None:
    moved = replace(FLOW, nodes={**FLOW.nodes, "pause": FLOW.nodes["won"], "hello": FLOW.nodes["won"]})
    (at,) = advance(moved, cohort(status, RESTING[status]), event, NOON, roll())
    assert at.status is Status.INCIDENT
