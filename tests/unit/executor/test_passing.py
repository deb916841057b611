"""What is told of the way of instances: waits entered and left, arms taken, updates done, and nothing else."""

from datetime import timedelta

from contracts.outcomes import Passage, Place, Way
from contracts.words import DeliveryState
from executor.domain import passing
from executor.domain.advance import advance
from executor.domain.cohort import (
    Cohort,
    DeliverySettled,
    Event,
    MovedOn,
    Started,
    Status,
    Stopped,
    TimerDue,
    UpdateAnswered,
)
from executor.domain.flow import Flow
from unit.executor.builders import EVERYTHING, MAIL_AND_END, NOON, cohort, flow, roll

FORK = """
fork:  {branch: [{when: contact.attributes.score == 0, next: won}, {when: contact.attributes.score == 1, next: won},
                 {otherwise: quiet}]}
won:   {end: success}
quiet: {end: neutral}
"""
ACCEPTED = DeliverySettled("hello", 1, DeliveryState.ACCEPTED, None)


def told(graph: Flow, at: Cohort, event: Event, held: bool = False) -> dict[Way, list[int]]:
    after = advance(graph, at, event, NOON, roll(), held)
    before = None if isinstance(event, Started) else at
    return passing.ways([(before, each) for each in after], 0)


def test_of_messages_and_ends_nothing_is_told() -> None:
    graph = flow(MAIL_AND_END)
    assert told(graph, cohort(Status.READY, "hello"), Started()) == {}
    assert told(graph, cohort(Status.DELIVERY, "hello"), ACCEPTED) == {}


def test_a_wait_is_told_when_it_is_entered_and_until_when() -> None:
    entered = Passage(what="waiting", step="pause", until=NOON + timedelta(days=2))
    way = Way(left=Place(step="hello"), passed=(entered,), reached=Place(step="pause"))
    assert told(flow(EVERYTHING), cohort(Status.DELIVERY, "hello"), ACCEPTED) == {way: [0, 1, 2]}


def test_a_wait_is_told_when_it_is_left_whoever_ends_it() -> None:
    steps = "pause: {wait: {for: 1d}, next: won}\nwon: {end: success}"
    way = Way(left=Place(step="pause"), passed=(Passage(what="waited", step="pause"),), reached=Place(step="won"))
    for event in (TimerDue(), MovedOn()):
        assert told(flow(steps), cohort(Status.TIMER, "pause"), event) == {way: [0, 1, 2]}


UPDATE = """
tag: {update_contact: {set: {last_offer: spring, asked: true}}, next: won}
won: {end: success}
"""


def test_an_update_is_told_when_contacts_has_carried_it_out() -> None:
    assert told(flow(UPDATE), cohort(Status.READY, "tag"), Started()) == {}
    done = Passage(what="updated", step="tag", says="asked, last_offer")
    way = Way(left=Place(step="tag"), passed=(done,), reached=Place(step="won"))
    assert told(flow(UPDATE), cohort(Status.UPDATE, "tag"), UpdateAnswered()) == {way: [0, 1, 2]}
    assert told(flow(UPDATE), cohort(Status.UPDATE, "tag"), TimerDue()) == {}, "nobody answered in time"


def test_who_is_stopped_has_not_left_the_wait() -> None:
    assert told(flow(EVERYTHING), cohort(Status.TIMER, "pause"), Stopped()) == {}


def test_under_a_paused_gate_the_wait_is_left_and_the_fork_is_told_once_it_is_taken() -> None:
    graph = flow("pause: {wait: {for: 1d}, next: fork}" + FORK)
    ((way, members),) = told(graph, cohort(Status.TIMER, "pause"), TimerDue(), held=True).items()
    assert [passage.what for passage in way.passed] == ["waited"]
    assert (way.reached.step, members) == ("fork", [0, 1, 2])
    resumed = told(graph, cohort(Status.PAUSED, "fork"), TimerDue())
    assert [passage.what for way in resumed for passage in way.passed] == ["branch"] * 3


def test_the_arm_is_told_also_where_two_lead_to_the_same_step() -> None:
    found = told(flow(FORK), cohort(Status.READY, "fork"), Started())
    arms = {(way.passed[0].arm, way.passed[0].says, way.passed[0].next): members for way, members in found.items()}
    assert arms == {
        (1, "contact.attributes.score == 0", "won"): [0],
        (2, "contact.attributes.score == 1", "won"): [1],
        (3, "otherwise", "quiet"): [2],
    }
    assert {way.left for way in found} == {None}


def test_the_arm_of_a_split_is_told_by_its_weight() -> None:
    graph = flow("half: {split: [{weight: 0, next: a}, {weight: 7, next: b}]}\na: {end: success}\nb: {end: success}")
    ((way, _),) = told(graph, cohort(Status.READY, "half"), Started()).items()
    assert way.passed == (Passage(what="split", step="half", arm=2, says="7", next="b"),)


def test_a_fork_that_nobody_could_take_says_where_the_way_ended() -> None:
    graph = flow("half: {split: [{weight: 0, next: a}, {weight: 0, next: a}]}\na: {end: success}")
    ((way, members),) = told(graph, cohort(Status.READY, "half"), Started()).items()
    assert (way.passed, members) == ((Passage(what="split", step="half"),), [0, 1, 2])


def test_what_is_passed_at_once_is_told_in_order() -> None:
    ((way, _),) = told(flow(EVERYTHING), cohort(Status.TIMER, "pause", [0]), TimerDue()).items()
    assert [(passage.what, passage.step) for passage in way.passed] == [
        ("waited", "pause"),
        ("branch", "vip"),
        ("split", "half"),
    ]


def test_who_went_the_same_way_is_told_together_wherever_they_were_stored() -> None:
    graph = flow(EVERYTHING)
    before = [cohort(Status.DELIVERY, "hello", [member]) for member in (0, 1, 2)]
    went = [(each, after) for each in before for after in advance(graph, each, ACCEPTED, NOON, roll())]
    assert list(passing.ways(went, 0).values()) == [[0, 1, 2]]
