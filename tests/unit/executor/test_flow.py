"""What is compiled out of a scenario version."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.launches import ScenarioVersion
from contracts.words import ControlState, Recurrence, Why
from executor.domain.cohort import Cohort, Status
from executor.domain.flow import parse_duration
from executor.domain.launch import OrderKind, Rule, Share, order_for, recurrence_rule
from unit.executor.builders import EVERYTHING, MAIL_AND_END, NOON, flow, scenario, version


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta()),
        ("30m", timedelta(minutes=30)),
        ("2d", timedelta(hours=48)),
        ("1d12h", timedelta(hours=36)),
        ("1h1h", timedelta(hours=2)),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@given(st.integers(0, 999_999), st.sampled_from("smhd"))
def test_every_duration_of_the_file_format_can_be_read(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") >= timedelta()


def test_contact_data_is_needed_as_long_as_a_message_or_condition_lies_ahead() -> None:
    graph = flow(EVERYTHING)
    assert graph.reading == {"hello", "pause", "vip", "half", "tag", "again"}
    assert [graph.reads_after(step) for step in ("hello", "pause", "tag", "again")] == [True, True, True, False]
    assert not flow(MAIL_AND_END).reads_after("hello")


def test_a_condition_on_the_launch_alone_needs_no_contact_data() -> None:
    graph = flow("fork: {branch: [{when: context.a == 1, next: won}, {otherwise: won}]}\nwon: {end: success}")
    assert graph.reading == frozenset()


def test_only_acting_steps_in_a_loop_count_their_occurrences() -> None:
    graph = flow("""
        first: {send: {channel: discard, message_type: promotional, text: t}, next: loop}
        loop:  {send: {channel: discard, message_type: promotional, text: t}, next: rest}
        rest:  {wait: {for: 1h}, next: fork}
        fork:  {branch: [{when: contact.attributes.score > 1, next: loop}, {otherwise: won}]}
        won:   {end: success}
    """)
    assert graph.repeatable == {"loop"}


def test_a_dead_reference_does_not_keep_a_launch_from_compiling() -> None:
    assert flow("one: {wait: {for: 1h}, next: nowhere}").reads_after("one") is False


def test_a_version_survives_being_stored() -> None:
    published = version(scenario(EVERYTHING))
    assert ScenarioVersion.model_validate_json(published.model_dump_json()) == published


@pytest.mark.parametrize(
    ("recurrence", "retry", "rule"),
    [
        (Recurrence.ALWAYS, False, None),
        (Recurrence.ALWAYS, True, None),
        (Recurrence.ONCE, False, Rule(keep=True, over_ended=False, refusal=Why.RECURRENCE_ONCE)),
        (Recurrence.ONCE, True, Rule(keep=True, over_ended=True, refusal=Why.RECURRENCE_RUNNING)),
        (Recurrence.IF_NOT_RUNNING, False, Rule(keep=False, over_ended=True, refusal=Why.RECURRENCE_RUNNING)),
        (Recurrence.IF_NOT_RUNNING, True, Rule(keep=False, over_ended=True, refusal=Why.RECURRENCE_RUNNING)),
    ],
)
def test_a_retry_lifts_once_but_not_if_not_running(recurrence: Recurrence, retry: bool, rule: Rule | None) -> None:
    assert recurrence_rule(recurrence, retry) == rule


RUNNING, PAUSED, STOPPED = ControlState.RUNNING, ControlState.PAUSED, ControlState.STOPPED


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (None, RUNNING, None),
        (None, PAUSED, None),
        (None, STOPPED, OrderKind.STOP),
        (RUNNING, RUNNING, None),
        (RUNNING, PAUSED, None),
        (RUNNING, STOPPED, OrderKind.STOP),
        (PAUSED, RUNNING, OrderKind.RESUME),
        (PAUSED, PAUSED, None),
        (PAUSED, STOPPED, OrderKind.STOP),
        (STOPPED, RUNNING, None),
        (STOPPED, PAUSED, None),
        (STOPPED, STOPPED, OrderKind.STOP),
    ],
)
def test_a_turned_gate_orders_what_is_to_be_done(
    before: ControlState | None, now: ControlState, kind: OrderKind | None
) -> None:
    assert order_for(before, now) is kind


def test_a_share_counts_what_is_open_and_what_was_entered() -> None:
    waiting = Cohort(members=[0, 1], status=Status.DELIVERY, step="b", entered=("a", "b"))
    ended = Cohort(members=[2], status=Status.ENDED, step="won", entered=("a", "won"))
    share = Share(open=4, entered={"a": 4}, revision=7).after(3, [waiting, ended])
    assert share == Share(open=6, entered={"a": 7, "b": 2, "won": 1}, revision=8)


def test_a_share_is_told_once_a_second_from_when_counting_began() -> None:
    share = Share(open=1, revision=1).told(NOON)
    assert (share.published, share.published_at) == (0, NOON)
    assert share.told(NOON + timedelta(milliseconds=999)) == share
    told = share.told(NOON + timedelta(seconds=1))
    assert (told.published, told.published_at) == (1, NOON + timedelta(seconds=1))


def test_a_share_is_told_at_once_when_nobody_is_open_any_more() -> None:
    for share in (Share(revision=1), Share(revision=2, published=1, published_at=NOON)):
        told = share.told(NOON)
        assert (told.published, told.published_at) == (share.revision, NOON)
        assert told.told(NOON + timedelta(seconds=2)).published == share.revision
