"""What is said about instances, and under which ids."""

from dataclasses import replace

from contracts.outcomes import IncidentsOpened, TargetsEnded
from contracts.sends import SendsRequested
from contracts.updates import AttributesSet
from contracts.words import Outcome
from executor.domain.cohort import Roll, Status
from executor.handlers import announcements
from executor.handlers.announcements import arrivals
from runtime.ids import derive
from runtime.records import Outgoing
from unit.executor.builders import EVERYTHING, NOON, cohort, launch, roll

LAUNCH = launch(EVERYTHING)


def said(people: Roll, *cohorts: object) -> list[Outgoing]:
    return list(arrivals(LAUNCH, people, list(cohorts), 5, NOON))  # type: ignore[arg-type]


def test_every_record_lies_on_the_contacts_partition_under_the_launch() -> None:
    (sent,) = said(roll(), cohort(Status.DELIVERY, "hello"))
    assert (sent.topic, sent.partition, sent.key, sent.project) == ("executor.sends", 5, "l-1", "acme")


def test_a_whole_chunk_s_message_carries_the_targets_as_they_came() -> None:
    people = roll()
    (sent,) = said(people, cohort(Status.DELIVERY, "hello"))
    assert isinstance(sent.event, SendsRequested)
    assert sent.event.targets is people.snapshot
    assert sent.event.occurrences == [1, 1, 1]


def test_instances_at_one_message_are_one_record_whatever_their_occurrence() -> None:
    (sent,) = said(
        roll(),
        cohort(Status.DELIVERY, "hello", [0, 2], occurrences={"hello": 2}),
        cohort(Status.DELIVERY, "hello", [1]),
    )
    assert isinstance(sent.event, SendsRequested)
    assert (sent.event.targets.contact_ids, sent.event.occurrences) == (["c-0", "c-1", "c-2"], [2, 1, 2])


def test_data_that_is_too_much_for_one_record_is_spread() -> None:
    people = roll()
    heavy = replace(people, sizes=[150_000, 60_000, 30_000])
    sent = said(heavy, cohort(Status.DELIVERY, "hello"))
    chunks = [one.event.targets.contact_ids for one in sent if isinstance(one.event, SendsRequested)]
    assert chunks == [["c-0"], ["c-1", "c-2"]]
    assert len({one.id for one in sent}) == 2


def test_one_contact_beyond_the_limit_goes_alone() -> None:
    people = roll(["c-0"])
    heavy = replace(people, sizes=[900_000])
    assert len(said(heavy, cohort(Status.DELIVERY, "hello", [0]))) == 1


def test_an_update_is_named_by_launch_contact_step_and_occurrence() -> None:
    (sent,) = said(roll(), cohort(Status.UPDATE, "tag", [1]))
    assert isinstance(sent.event, AttributesSet)
    assert sent.event.update_ids == [derive("update", "l-1", "c-1", "tag", 1)]
    assert sent.event.values == {"last_offer": "spring"}


def test_outcomes_of_a_chunk_are_one_record() -> None:
    (sent,) = said(
        roll(),
        cohort(Status.ENDED, "won", [2], outcome=Outcome.SUCCESS, reason="end:won"),
        cohort(Status.ENDED, "quiet", [0, 1], outcome=Outcome.OTHER, reason="end:quiet"),
    )
    assert isinstance(sent.event, TargetsEnded)
    assert list(zip(sent.event.contact_ids, sent.event.outcomes, sent.event.reasons, strict=True)) == [
        ("c-2", Outcome.SUCCESS, "end:won"),
        ("c-0", Outcome.OTHER, "end:quiet"),
        ("c-1", Outcome.OTHER, "end:quiet"),
    ]
    assert sent.event.started_at == [NOON]


def test_what_is_the_same_for_all_is_said_once() -> None:
    (sent,) = said(roll(), cohort(Status.ENDED, "won", [0, 1], outcome=Outcome.SUCCESS, reason="end:won"))
    assert isinstance(sent.event, TargetsEnded)
    assert (sent.event.outcomes, sent.event.reasons, sent.event.started_at) == ([Outcome.SUCCESS], ["end:won"], [NOON])


def test_an_incident_says_where_and_why() -> None:
    (sent,) = said(roll(), cohort(Status.INCIDENT, "hook", [1], reason="cannot"))
    assert isinstance(sent.event, IncidentsOpened)
    assert (sent.event.contact_ids, sent.event.steps, sent.event.details) == (["c-1"], ["hook"], ["cannot"])


def test_waiting_says_nothing() -> None:
    assert said(roll(), cohort(Status.TIMER, "pause"), cohort(Status.PAUSED, "pause")) == []


def test_ids_follow_from_what_is_said() -> None:
    first = announcements.started(LAUNCH, ["c-0", "c-1"], 5, NOON)
    again = announcements.started(LAUNCH, ["c-0", "c-1"], 5, NOON)
    other = announcements.started(LAUNCH, ["c-1"], 5, NOON)
    assert first == again
    assert first.id != other.id
