"""The order of a timeline: what led to what, whatever the clocks of the services' databases say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outcomes import Passage, Place, Way
from fakes.launch_story import later
from log.domain.causes import Entry
from log.domain.chunks import Kind
from log.domain.controls import Control
from log.domain.timeline import Result, Said, timeline


def way(at: datetime, *passed: str, left: str | None = None, reached: str, part: int = 0) -> Said:
    """`passed`: `branch vip` and the like."""
    passages = []
    for each in passed:
        what, step = each.split()
        fork = {"arm": 1, "says": "contact.attributes.score > 50", "next": "won"} if what == "branch" else {}
        until = later(9) if what == "waiting" else None
        passages.append(Passage.model_validate({"what": what, "step": step, "until": until, **fork}))
    place = None if left is None else Place(step=left)
    said = Way(left=place, passed=tuple(passages), reached=Place(step=reached), part=part)
    return Said(f"w-{reached}-{part}", Kind.WAY, at, None, said.model_dump_json(exclude_none=True), 1)


def message(at: datetime, step: str, state: str) -> Said:
    return Said(f"m-{step}-{state}", Kind.MESSAGE, at, step, state, 1)


def in_words(entries: Sequence[Entry]) -> list[str]:
    words = [(each.what, each.detail.get("step"), each.detail.get("state")) for each in entries]
    return [" ".join(str(word) for word in each if word) for each in words]


WHOLE = [
    Said("e1", Kind.ADMITTED, later(0), None, None, 1),
    Said("e2", Kind.STARTED, later(0.001), None, None, 1),
    way(later(0.001), "waiting pause", reached="pause"),
    way(later(0.002), "waited pause", left="pause", reached="hello"),
    message(later(0.003), "hello", "planned"),
    message(later(0.004), "hello", "accepted"),
    way(later(0.005), "waiting rest", left="hello", reached="rest"),
    way(later(0.006), "waited rest", "branch vip", left="rest", reached="again"),
    message(later(0.007), "again", "planned"),
    message(later(0.008), "again", "sending"),
    message(later(0.009), "again", "accepted"),
]
END = Result("e9", "success", "end:won", later(0.010))
IN_ORDER = [
    *("targeted", "started", "waiting pause", "waited pause"),
    *("message hello planned", "message hello accepted", "waiting rest", "waited rest", "branch vip"),
    *("message again planned", "message again sending", "message again accepted", "ended"),
]


def test_the_whole_way_is_told_in_order() -> None:
    entries = timeline(WHOLE, END)
    assert in_words(entries) == IN_ORDER
    assert [(entry.detail, entry.event_id) for entry in entries if entry.what in ("waiting", "branch")] == [
        ({"step": "pause", "until": "2026-11-20T12:00:09.000Z"}, "w-pause-0"),
        ({"step": "rest", "until": "2026-11-20T12:00:09.000Z"}, "w-rest-0"),
        ({"step": "vip", "arm": 1, "when": "contact.attributes.score > 50", "next": "won"}, "w-again-0"),
    ]


OFF = st.integers(-20, 20).map(lambda milliseconds: timedelta(milliseconds=milliseconds))


@given(st.permutations(WHOLE), OFF, OFF, OFF)
def test_clocks_that_differ_change_no_order(
    said: Sequence[Said], contacts: timedelta, executor: timedelta, messaging: timedelta
) -> None:
    off = {Kind.ADMITTED: contacts, Kind.MESSAGE: messaging}
    shifted = [replace(each, at=each.at + off.get(each.kind, executor)) for each in said]
    assert in_words(timeline(shifted, replace(END, at=END.at + executor))) == IN_ORDER


@given(st.permutations([*WHOLE[:2], way(later(0), "branch vip", reached="hello"), *WHOLE[4:7]]))
def test_at_the_same_millisecond_causes_decide(said: Sequence[Said]) -> None:
    at_once = [replace(each, at=later(0)) for each in said]
    assert in_words(timeline(at_once, replace(END, at=later(0)))) == [
        *("targeted", "started", "branch vip", "message hello planned", "message hello accepted", "waiting rest"),
        "ended",
    ]


def test_an_update_is_told_with_what_was_set() -> None:
    passed = Passage(what="updated", step="tag", says="asked, last_offer")
    went = Way(left=Place(step="tag"), passed=(passed,), reached=Place(step="won"))
    said = [Said("w", Kind.WAY, later(1), None, went.model_dump_json(exclude_none=True), 1)]
    [entry] = timeline(said, None)
    assert (entry.what, entry.detail) == ("updated", {"step": "tag", "set": "asked, last_offer"})


def test_of_ways_at_the_same_time_the_lower_part_comes_first() -> None:
    said = [
        way(later(1), "waited b", left="b", reached="a", part=1),
        way(later(1), "waited a", "waiting b", left="a", reached="b", part=0),
        Said("o", Kind.ORDER, later(1), None, "advance:moved_on:ann", 1),
    ]
    assert in_words(timeline(said, None)) == ["moved_on", "waited a", "waiting b", "waited b"]


def test_an_incident_that_comes_again_is_closed_before() -> None:
    said = [
        Said("b", Kind.INCIDENT, later(2), None, "hook: no", 1),
        Said("a", Kind.RESOLVED, later(2), None, None, 1),
        Said("c", Kind.INCIDENT, later(1), None, "hook: no", 1),
    ]
    assert [entry.event_id for entry in timeline(said, None)] == ["c", "a", "b"]


def test_what_is_heard_of_a_message_later_comes_after_the_end() -> None:
    said = [*WHOLE, message(later(3600), "again", "bounced:550")]
    assert in_words(timeline(said, END))[-2:] == ["ended", "message again bounced"]


def test_who_unsubscribed_did_so_after_the_message_whose_link_it_was() -> None:
    said = [*WHOLE, Said("u", Kind.UNSUBSCRIBED, later(60), None, "promotional", 1)]
    last = timeline(said, END)[-1]
    assert (last.what, last.detail, last.event_id) == ("unsubscribed", {"message_type": "promotional"}, "u")
    at_once = [replace(each, at=later(0)) for each in (*WHOLE[:2], *WHOLE[4:6], said[-1])]
    assert in_words(timeline(at_once, None))[-2:] == ["message hello accepted", "unsubscribed"]


def test_a_message_that_leaves_after_its_target_was_removed_is_told_after_it() -> None:
    said = [message(later(1), "hello", "planned"), message(later(3), "hello", "accepted")]
    removed = Result("e9", "abandon", "removed", later(2))
    assert in_words(timeline(said, removed)) == ["message hello planned", "ended", "message hello accepted"]


@pytest.mark.parametrize("seconds", [2, 2.004])
def test_the_stop_that_ended_it_comes_before_the_end(seconds: float) -> None:
    said = [Said("e1", Kind.ADMITTED, later(0), None, None, 1), way(later(1), "waiting pause", reached="pause")]
    stop = Control("s", "stopped", later(seconds), {"by": "ann"})
    result = Result("e9", "abandon", "stopped", later(2.002))
    assert in_words(timeline(said, result, [stop])) == ["targeted", "waiting pause", "stopped", "ended"]


def test_what_contradicts_itself_is_told_by_its_times() -> None:
    said = [
        way(later(2), "waited a", left="x", reached="y"),
        message(later(1), "y", "accepted"),
        message(later(3), "x", "accepted"),
    ]
    assert in_words(timeline(said, None)) == ["message y accepted", "waited a", "message x accepted"]


def test_what_was_wrong_with_a_message_stands_beside_its_reason() -> None:
    [told] = timeline([message(later(0), "hello", "failed:render: text, line 2: contact.zone is missing")], None)
    detail = {"step": "hello", "state": "failed", "reason": "render"}
    assert told.detail == {**detail, "detail": "text, line 2: contact.zone is missing"}
    [told] = timeline([message(later(0), "hello", "failed:smtp:550")], None)
    assert told.detail == {**detail, "reason": "smtp:550"}
