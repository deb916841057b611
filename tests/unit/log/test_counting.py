"""How facts change a launch's figures and state."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import ControlState, LaunchState, Outcome
from fakes.transaction import NOON
from log.domain import facts
from log.domain.counting import changed, published, read_back, rested, told
from log.domain.launch import Launch, Request
from log.domain.tally import tally, with_sums

NEW = Launch("launch-1", "acme")
DESCRIBED = facts.Described("spring", 3, NOON)
REQUESTED = facts.Requested(Request("key-1"))
WON = facts.Ended({Outcome.SUCCESS: 2}, {"end:won": 2})
REFUSED = facts.Ended({Outcome.OTHER: 1}, {"not_started:inactive": 1})
STOPPED = facts.Ended({Outcome.ABANDON: 1}, {"stopped": 1})
STORY: list[facts.Fact] = [
    REQUESTED,
    DESCRIBED,
    facts.Controlled(ControlState.RUNNING, 1),
    facts.Opened(),
    facts.Targeted(3),
    facts.Started(2),
    WON,
    REFUSED,
    facts.Targeted(1),
    facts.Started(1),
    STOPPED,
    facts.TargetingEnded(4, None),
    facts.Controlled(ControlState.STOPPED, 2),
    facts.Delivered({"planned": 3}),
    facts.Delivered({"planned": -2, "accepted": 2}),
]


def and_then(launch: Launch, *told_facts: facts.Fact) -> Launch:
    """As the handlers do it: counts are added up, the rest is told to the launch, its home looks after it."""
    sums = Counter(tallied(launch))
    sums.update(tally(fact for fact in told_facts if isinstance(fact, facts.Count)))
    return told(with_sums(launch, sums), [fact for fact in told_facts if isinstance(fact, facts.State)], NOON)


def tallied(launch: Launch) -> dict[str, int]:
    return {
        "changes": launch.changes,
        "chunked": launch.chunked,
        "begun": launch.begun,
        **{f"outcome:{outcome}": count for outcome, count in launch.outcomes.items()},
        **{f"reason:{reason}": count for reason, count in launch.by_reason.items()},
        **{f"delivery:{state}": count for state, count in launch.deliveries.items()},
    }


def after(*told_facts: facts.Fact) -> Launch:
    return and_then(NEW, *told_facts)


@given(st.permutations(STORY))
def test_the_order_of_facts_changes_no_figure_and_never_the_end(order: list[facts.Fact]) -> None:
    launch = NEW
    for fact in order:
        before, launch = launch, and_then(launch, fact)
        assert launch.targeted == launch.ended + launch.in_progress and launch.in_progress >= 0
        assert launch.targeted >= before.targeted and launch.started >= before.started
        assert launch.started + launch.not_started <= launch.targeted
        assert before.end is None or launch.end is before.end
    assert (launch.targeted, launch.started, launch.not_started, launch.in_progress) == (4, 3, 1, 0)
    assert dict(launch.outcomes) == {Outcome.SUCCESS: 2, Outcome.OTHER: 1, Outcome.ABANDON: 1}
    assert dict(launch.deliveries) == {"planned": 1, "accepted": 2}
    assert launch.state is LaunchState.STOPPED


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ([], LaunchState.REQUESTED),
        ([REQUESTED, facts.Controlled(ControlState.RUNNING, 1)], LaunchState.REQUESTED),
        ([facts.Opened()], LaunchState.RUNNING),
        ([facts.Opened(), facts.Controlled(ControlState.PAUSED, 2)], LaunchState.PAUSED),
        ([facts.Opened(), facts.Controlled(ControlState.STOPPED, 2)], LaunchState.STOPPING),
        ([facts.Controlled(ControlState.STOPPED, 2), facts.Opened()], LaunchState.STOPPING),
        ([facts.Controlled(ControlState.STOPPED, 3), facts.Controlled(ControlState.PAUSED, 2)], LaunchState.STOPPING),
        ([facts.Opened(), facts.TargetingEnded(0, None)], LaunchState.COMPLETED),
        ([facts.TargetingEnded(0, "group gone")], LaunchState.FAILED),
        ([facts.Controlled(ControlState.STOPPED, 2), facts.TargetingEnded(0, None)], LaunchState.STOPPED),
        ([facts.Targeted(2), WON], LaunchState.REQUESTED),
        ([facts.Opened(), facts.Targeted(2), WON, facts.TargetingEnded(3, None)], LaunchState.RUNNING),
        ([facts.Opened(), facts.Targeted(2), WON, facts.TargetingEnded(2, None)], LaunchState.COMPLETED),
        ([facts.Opened(), STOPPED, facts.TargetingEnded(1, None)], LaunchState.STOPPED),
    ],
)
def test_the_state_follows_from_what_is_known(known: list[facts.Fact], state: LaunchState) -> None:
    assert after(*known).state is state


def test_a_stop_that_comes_after_the_last_outcome_changes_nothing() -> None:
    completed = after(facts.Opened(), WON, facts.TargetingEnded(2, None))
    assert told(completed, [facts.Controlled(ControlState.STOPPED, 2)], NOON) is completed


def test_until_the_total_is_known_targeted_is_what_was_heard_of() -> None:
    assert after(WON).targeted == 2
    assert after(facts.Started(2), REFUSED).targeted == 3
    assert after(facts.Targeted(500), WON).targeted == 500


def test_a_revision_rises_only_when_something_changed() -> None:
    launch = after(facts.Opened())
    assert launch.revision == 1
    assert told(launch, [facts.Opened()], NOON) is launch
    assert and_then(launch, WON, REFUSED).revision == 2
    assert and_then(launch, facts.Delivered({"planned": 0})) == launch


def test_what_described_a_launch_first_stays() -> None:
    launch = after(DESCRIBED)
    assert changed(launch, facts.Described("other", 9, NOON)) is launch


def test_a_hold_is_shown_until_a_person_has_lifted_it() -> None:
    held = after(facts.Controlled(ControlState.RUNNING, 1), facts.Held("too many"))
    paused = told(held, [facts.Controlled(ControlState.PAUSED, 2)], NOON)
    unaware = told(held, [facts.Controlled(ControlState.RUNNING, 2)], NOON)
    assert (held.held, paused.held, unaware.held) == ("too many",) * 3
    lifted = told(paused, [facts.Controlled(ControlState.RUNNING, 3, lifted=1)], NOON)
    assert lifted.held is None
    assert told(lifted, [facts.Held("again too many", 2)], NOON).held == "again too many"


def test_a_hold_that_is_told_after_it_was_lifted_is_not_shown() -> None:
    lifted = after(facts.Controlled(ControlState.RUNNING, 3, lifted=1))
    assert told(lifted, [facts.Held("too many", 1)], NOON).held is None


def test_a_stopped_launch_is_held_no_more() -> None:
    held = after(facts.Opened(), facts.Held("too many"))
    assert told(held, [facts.Controlled(ControlState.STOPPED, 2)], NOON).held is None


def test_our_own_snapshots_in_order_need_nothing() -> None:
    launch = replace(NEW, own_revision=4, changes=3, published=7)
    again = read_back(read_back(launch, [5, 6]), [7, 7])
    assert (again.revision, again.seen) == (7, 7)


@pytest.mark.parametrize(("seen", "revisions"), [(7, [6]), (0, [7, 6]), (6, [7, 5, 5])])
def test_an_older_snapshot_that_came_last_makes_the_figures_go_out_again(seen: int, revisions: list[int]) -> None:
    again = read_back(replace(NEW, own_revision=4, changes=3, published=7, seen=seen), revisions)
    assert again.revision == 8 > again.published


def test_snapshots_of_the_future_are_overtaken() -> None:
    assert read_back(replace(NEW, own_revision=4, changes=3), [20]).revision == 21


def test_an_end_is_announced_with_the_revision_that_tells_it() -> None:
    launch = published(after(facts.Opened()), NOON)
    assert not launch.announced
    ended = published(told(launch, [facts.TargetingEnded(0, None)], NOON), NOON)
    assert ended.announced and ended.published == ended.revision


def test_a_launch_rests_a_moment_after_its_end_was_told_and_not_while_anything_is_left() -> None:
    ended = published(after(facts.Opened(), facts.TargetingEnded(0, None)), NOON)
    later = NOON + timedelta(seconds=5)
    assert rested(ended, later) and not rested(ended, NOON)
    assert not rested(and_then(ended, facts.Delivered({"bounced": 1})), later)
    assert not rested(published(after(facts.Opened()), NOON), later)


def test_a_stop_that_is_read_before_the_end_was_noticed_changes_nothing() -> None:
    counted_out = with_sums(after(facts.Opened(), facts.TargetingEnded(2, None)), tally([WON]))
    assert told(counted_out, [facts.Controlled(ControlState.STOPPED, 2)], NOON).state is LaunchState.COMPLETED
