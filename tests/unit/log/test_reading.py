"""What each record means to log, and which outcome each of its targets has."""

import pytest

from contracts.deliveries import ContactsReported, DeliveriesRecorded, LaunchHeld
from contracts.launches import All, LaunchDrafted, Options
from contracts.outcomes import IncidentsOpened, TargetsEnded, TargetsRefused
from contracts.scenario import Scenario
from contracts.targets import TargetsExcluded
from contracts.words import DeliveryState, LaunchMode, Outcome
from fakes.launch_story import Story, delivery, later
from fakes.transaction import NOON
from log.domain import facts
from log.domain.chunks import Kind
from log.domain.counting import changed
from log.domain.endings import Ending, endings
from log.domain.launch import Launch
from log.domain.reading import read

STORY = Story.of(4, seed=1)


def test_a_draft_is_no_concern_of_the_log() -> None:
    draft = LaunchDrafted(
        project="acme",
        launch_id="l",
        version=STORY.version(),
        participants=All(),
        options=Options(),
        context={},
        launched_by="ann",
    )
    assert read(draft, "e", NOON) is None


def test_a_request_describes_and_controls_the_launch() -> None:
    reading = read(STORY.requested(), "e", NOON)
    assert reading is not None
    assert [type(fact) for fact in reading.facts] == [facts.Described, facts.Requested, facts.Controlled]


@pytest.mark.parametrize(("mode", "waits"), [(LaunchMode.LIVE, True), (LaunchMode.REHEARSAL, False)])
def test_the_steps_are_kept_and_whether_waits_take_their_time(mode: LaunchMode, waits: bool) -> None:
    wait = {"wait": {"for": "2d"}, "next": "won"}
    body = {"key": "spring", "name": "Spring", "start": "pause", "steps": {"pause": wait, "won": {"end": "success"}}}
    version = STORY.version().model_copy(update={"body": Scenario.model_validate(body)})
    reading = read(STORY.requested().model_copy(update={"version": version, "options": Options(mode=mode)}), "e", NOON)
    assert reading is not None
    described = reading.facts[0]
    assert isinstance(described, facts.Described)
    assert (described.steps, described.ends, described.waits) == (("pause", "won"), ("won",), waits)
    kept = changed(Launch("l", "acme"), described)
    assert (kept.steps, kept.ends, kept.waits) == (("pause", "won"), ("won",), waits)


def test_the_steps_that_send_are_kept() -> None:
    reading = read(STORY.opened(), "e", NOON)
    assert reading is not None
    described = reading.facts[0]
    assert isinstance(described, facts.Described)
    assert described.sends == changed(Launch("l", "acme"), described).sends == ("hello",)


def test_where_branches_and_splits_lead_is_kept() -> None:
    split = {"split": [{"weight": 1, "next": to} for to in ("won", "lost", "won")]}
    branch = {"branch": [{"when": "true", "next": "half"}, {"otherwise": "lost"}]}
    steps = {"vip": branch, "half": split, "won": {"end": "success"}, "lost": {"end": "failure"}}
    body = Scenario.model_validate({"key": "spring", "name": "Spring", "start": "vip", "steps": steps})
    reading = read(
        STORY.requested().model_copy(update={"version": STORY.version().model_copy(update={"body": body})}), "e", NOON
    )
    assert reading is not None
    described = reading.facts[0]
    assert isinstance(described, facts.Described)
    leads = {"vip": ("half", "lost"), "half": ("won", "lost")}
    assert described.arms == changed(Launch("l", "acme"), described).arms == leads


def test_who_never_started_is_other_with_the_reason() -> None:
    for made in (TargetsExcluded, TargetsRefused):
        event = made(project="acme", launch_id="l", contact_ids=["a", "b", "c"], reasons=["x", "stopped", "x"], at=NOON)
        assert list(endings(event, "e").groups) == [
            Ending(Outcome.OTHER, "not_started:x", None, ["a", "c"]),
            Ending(Outcome.OTHER, "not_started:stopped", None, ["b"]),
        ]


def test_excluded_targets_were_not_heard_of_before_refused_ones_were() -> None:
    common = {"project": "acme", "launch_id": "l", "contact_ids": ["a"], "reasons": ["stopped"], "at": NOON}
    excluded = read(TargetsExcluded.model_validate(common), "e", NOON)
    refused = read(TargetsRefused.model_validate(common), "e", NOON)
    assert excluded is not None and excluded.targets
    assert refused is not None and not refused.targets


def test_outcomes_are_as_executor_gives_them() -> None:
    event = TargetsEnded(
        project="acme",
        launch_id="l",
        contact_ids=["a", "b", "c", "d"],
        outcomes=[Outcome.SUCCESS, Outcome.ABANDON, Outcome.SUCCESS, Outcome.SUCCESS],
        reasons=["end:won", "stopped", "end:won", "end:won"],
        started_at=[NOON, NOON, NOON, later(1)],
        at=later(5),
    )
    found = endings(event, "e")
    assert list(found.groups) == [
        Ending(Outcome.SUCCESS, "end:won", NOON, ["a", "c"]),
        Ending(Outcome.ABANDON, "stopped", NOON, ["b"]),
        Ending(Outcome.SUCCESS, "end:won", later(1), ["d"]),
    ]
    assert found.fact == facts.Ended({Outcome.SUCCESS: 3, Outcome.ABANDON: 1}, {"end:won": 3, "stopped": 1})


def test_one_entry_is_of_all() -> None:
    said = {"project": "acme", "launch_id": "l", "contact_ids": ["a", "b"], "at": later(5)}
    all_alike = TargetsEnded(**said, outcomes=[Outcome.SUCCESS], reasons=["end:won"], started_at=[NOON])
    assert list(endings(all_alike, "e").groups) == [Ending(Outcome.SUCCESS, "end:won", NOON, ["a", "b"])]
    some = TargetsEnded(**said, outcomes=[Outcome.SUCCESS], reasons=["end:won"], started_at=[NOON, later(1)])
    assert [list(group.contact_ids) for group in endings(some, "e").groups] == [["a"], ["b"]]
    with pytest.raises(ValueError, match="3 entries for 2 contacts"):
        endings(TargetsEnded(**said, outcomes=[Outcome.SUCCESS] * 3, reasons=["x"], started_at=[NOON]), "e")


def test_only_what_was_new_counts_and_each_contact_once() -> None:
    event = TargetsRefused(project="a", launch_id="l", contact_ids=["a", "b", "a"], reasons=["x", "y", "x"], at=NOON)
    told = endings(event, "e")
    assert [(group.reason, group.contact_ids) for group in told.without(["b"]).groups] == [("not_started:x", ["a"])]
    assert told.without(["a", "b"]).count == 0
    assert told.each_once() == told.without([])
    assert told.each_once().count == 2


def test_deliveries_count_by_their_latest_state() -> None:
    states = [DeliveryState.ACCEPTED, DeliveryState.SKIPPED, DeliveryState.ACCEPTED, DeliveryState.PLANNED]
    reading = read(
        delivery(STORY, STORY.targets, states, [DeliveryState.PLANNED] * 3 + [DeliveryState.HELD]), "e", NOON
    )
    assert reading is not None
    assert reading.facts == (facts.Delivered({"accepted": 2, "skipped": 1, "planned": -2, "held": -1}),)


def test_a_delivery_chunk_says_once_what_is_the_same_of_all() -> None:
    planned = delivery(STORY, STORY.targets, [DeliveryState.PLANNED] * 4, [None] * 4)
    states = ["failed", "planned", "planned", "planned"]
    several = {"occurrences": [1, 2, 1, 1], "states": states, "reasons": ["smtp:550", None, None, None]}
    mixed = DeliveriesRecorded.model_validate(planned.model_dump() | several)
    same, different = read(planned, "e", NOON), read(mixed, "e", NOON)
    assert same is not None and same.chunk is not None and different is not None and different.chunk is not None
    assert (list(same.chunk.said), list(same.chunk.occurrences)) == (["planned"], [])
    assert list(different.chunk.said) == ["failed:smtp:550", "planned", "planned", "planned"]
    failed = {"states": ["failed"] * 4, "reasons": ["render"] * 4, "details": ["text: contact.zone is missing"] * 4}
    unrendered = read(DeliveriesRecorded.model_validate(planned.model_dump() | failed), "e", NOON)
    assert unrendered is not None and unrendered.chunk is not None
    assert list(unrendered.chunk.said) == ["failed:render: text: contact.zone is missing"]
    assert list(different.chunk.occurrences) == [1, 2, 1, 1]


def test_incidents_are_kept_with_step_and_detail() -> None:
    event = IncidentsOpened(project="a", launch_id="l", contact_ids=["a"], steps=["hello"], details=["boom"], at=NOON)
    reading = read(event, "e", NOON)
    assert reading is not None and reading.chunk is not None
    assert (reading.chunk.kind, list(reading.chunk.said)) == (Kind.INCIDENT, ["hello: boom"])


def test_a_held_launch_says_why() -> None:
    reading = read(LaunchHeld(project="a", launch_id="l", reason="too many", at=NOON), "e", NOON)
    assert reading is not None and reading.facts == (facts.Held("too many"),)


def test_of_reports_those_who_unsubscribed_are_kept() -> None:
    event = ContactsReported(
        project="a",
        launch_id="l",
        contact_ids=["a", "b"],
        kinds=["bounced", "withdrawn"],
        message_types=["promotional", "newsletter"],
        recipients=["a@example.com", None],
        ids=["r1", "r2"],
        at=NOON,
    )
    reading = read(event, "e1", NOON)
    assert reading is not None and reading.chunk is not None and reading.facts == ()
    assert (reading.chunk.kind, reading.chunk.contact_ids) == (Kind.UNSUBSCRIBED, ["b"])
    assert reading.chunk.said == ["newsletter"]
    bounced = event.model_copy(update={"kinds": ["bounced", "complained"]})
    assert read(bounced, "e2", NOON) is None
    assert read(event.model_copy(update={"known": [False, True]}), "e3", NOON) is None, "it was withdrawn before"
    both = event.model_copy(update={"kinds": ["withdrawn", "withdrawn"], "known": [False, True]})
    reading = read(both, "e4", NOON)
    assert reading is not None and reading.chunk is not None and reading.chunk.contact_ids == ["a"]
