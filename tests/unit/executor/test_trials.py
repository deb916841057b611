"""A trial goes through everything at once, and its updates change nothing but what it sees itself."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.sends import SendsRequested
from contracts.words import DeliveryState, LaunchMode, Outcome, Recurrence
from executor.domain.advance import TRIAL_ROUNDS, advance
from executor.domain.cohort import Cohort, DeliverySettled, Started, Status, TimerDue
from executor.domain.contact_data import laid_over
from executor.domain.flow import Flow
from executor.domain.launch import compile_launch
from executor.handlers.announcements import arrivals
from unit.executor.builders import NOON, cohort, compile_condition, flow, launch, roll, scenario, snapshot, version

UPDATED = """
tag:    {update_contact: {set: {score: 90, seen: true}}, next: again}
again:  {update_contact: {set: {seen: null}}, next: vip}
vip:    {branch: [{when: contact.attributes.score > 50, next: pause}, {otherwise: quiet}]}
pause:  {wait: {for: 30d}, next: hello}
hello:  {send: {channel: email, message_type: promotional, subject: s, text: t}, next: won}
won:    {end: success}
quiet:  {end: neutral}
"""
LOOP = """
pause: {wait: {for: 7d}, next: vip}
vip:   {branch: [{when: contact.attributes.score > 1000, next: won}, {otherwise: pause}]}
won:   {end: success}
"""
MAILS = """
hello: {send: {channel: email, message_type: promotional, subject: s, text: t}, next: vip}
vip:   {branch: [{when: contact.attributes.score > 1000, next: won}, {otherwise: hello}]}
won:   {end: success}
"""


def started(through: Flow) -> list[Cohort]:
    return advance(through, cohort(Status.READY, through.start), Started(), NOON, roll())


def test_what_an_update_would_set_decides_the_way_and_stays_with_the_instance() -> None:
    (live,) = started(flow(UPDATED))
    assert (live.status, live.step) == (Status.UPDATE, "tag")
    (resting,) = started(flow(UPDATED, virtual=True))
    assert (resting.status, resting.step, resting.due_at) == (Status.TIMER, "pause", NOON)
    assert resting.overlay == {"score": 90, "seen": None}
    assert resting.entered == ("tag", "again", "vip", "pause")


def test_a_live_wait_takes_its_time() -> None:
    (resting,) = started(flow(LOOP))
    assert resting.due_at == NOON + timedelta(days=7)


def test_a_message_is_asked_for_with_what_updates_would_have_set() -> None:
    through = flow(UPDATED, virtual=True)
    (resting,) = started(through)
    (sending,) = advance(through, resting, TimerDue(), NOON, roll())
    (sent,) = arrivals(launch(UPDATED), roll(seen=[1, 2, 3]), [sending], 0, NOON)
    event = sent.event
    assert isinstance(event, SendsRequested)
    assert event.targets.attributes["score"] == [90] * 3


def test_only_what_the_snapshot_carries_is_laid_over_and_only_for_these_contacts() -> None:
    known = snapshot(["a", "b"])
    before = list(known.attributes["score"])
    over = laid_over(known, {1: {"score": 7, "other": True}})
    assert over.attributes["score"] == [before[0], 7]
    assert over.attributes.keys() == known.attributes.keys()
    assert known.attributes["score"] == before


@pytest.mark.parametrize("steps", [LOOP, MAILS])
def test_a_loop_that_lives_on_time_comes_to_an_end(steps: str) -> None:
    through = flow(steps, virtual=True)
    (at,) = started(through)
    rounds = 1
    entered, passed = Counter(at.entered), Counter(each.step for each in at.passed if each.what != "waited")
    while at.status is not Status.ENDED:
        event = TimerDue() if steps is LOOP else DeliverySettled("hello", at.occurrence, DeliveryState.ACCEPTED, None)
        (at,) = advance(through, replace(at, entered=(), passed=()), event, NOON, roll())
        entered.update(at.entered)
        passed.update(each.step for each in at.passed if each.what != "waited")
        rounds += 1
    assert (at.outcome, at.reason, rounds) == (Outcome.FAILURE, "error:step_limit", TRIAL_ROUNDS + 1)
    assert set(entered.values()) == {TRIAL_ROUNDS}, "nobody enters what may not be entered again"
    assert passed == {step: entered[step] for step in passed}, "the list has who entered it"


@pytest.mark.parametrize("recurrence", Recurrence)
def test_a_test_asks_for_nobodys_place_and_a_rehearsal_asks_as_the_launch_would(recurrence: Recurrence) -> None:
    body = version(scenario("won: {end: success}", recurrence=recurrence))
    rules = {mode: compile_launch("l", body, {}, None, compile_condition, mode).rule for mode in LaunchMode}
    assert rules[LaunchMode.TEST] is None
    assert rules[LaunchMode.REHEARSAL] == rules[LaunchMode.LIVE]
