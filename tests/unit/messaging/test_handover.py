"""What is judged again before the `dot`, and what an answer means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.words import ControlState, DeliveryState
from messaging.domain.deliveries import Act, Stay
from messaging.domain.handover import Answer, Attempt, Drop, Go, at_the_dot, settle
from messaging.domain.judgement import ContactState
from messaging.domain.retries import Backoff
from messaging.domain.sends import Change
from unit.messaging.builders import NEWER, NOON, key, launch, stored

ATTEMPT = Attempt(stored(), "c-0@x.example")
DOTTED = ATTEMPT._replace(dot_epoch=7)
BACKOFF = Backoff(first=5, longest=60, attempts=3)
SENDING = stored(DeliveryState.SENDING, attempts=1, dot_epoch=7)


def change(state: DeliveryState, **changed: object) -> Change:
    whole = Change(key(), DeliveryState.PLANNED, state, None, 0, None)
    return whole._replace(**changed)  # type: ignore[arg-type]


def test_a_planned_send_of_a_running_launch_may_go() -> None:
    verdict = at_the_dot(DOTTED, stored(), launch(), NOON, 7)
    assert verdict == Go(change(DeliveryState.SENDING, attempts=1, next_at=NOON, dot_epoch=7))


@pytest.mark.parametrize("state", [state for state in DeliveryState if state not in ("planned", "sending", "held")])
def test_a_send_that_is_at_its_end_does_not_go(state: DeliveryState) -> None:
    assert at_the_dot(DOTTED, stored(state), launch(), NOON, 7) == Drop()


def test_a_send_that_another_owner_has_at_the_dot_is_a_bug() -> None:
    assert at_the_dot(DOTTED, SENDING._replace(dot_epoch=6), launch(), NOON, 7) is Stay.REFUSE


def test_a_dot_of_our_own_whose_commit_got_no_answer_goes_on() -> None:
    assert at_the_dot(DOTTED, SENDING, launch(), NOON, 7) == Go(None)


def test_behind_a_stopped_gate_it_is_cancelled() -> None:
    verdict = at_the_dot(DOTTED, stored(), launch(ControlState.STOPPED), NOON, 7)
    assert verdict == Drop(change(DeliveryState.CANCELLED, reason="stopped"))


def test_under_a_paused_gate_or_of_an_unknown_launch_it_stays_planned() -> None:
    assert at_the_dot(DOTTED, stored(), launch(ControlState.PAUSED), NOON, 7) == Drop()
    assert at_the_dot(DOTTED, stored(), None, NOON, 7) == Drop()


def test_consent_withdrawn_meanwhile_skips_it() -> None:
    verdict = at_the_dot(DOTTED, stored(newer=NEWER), launch(), NOON, 7)
    assert verdict == Drop(change(DeliveryState.SKIPPED, reason="no_consent"))


def test_an_address_that_changed_meanwhile_is_looked_at_again() -> None:
    moved = replace(NEWER, consent={"promotional": True})
    assert at_the_dot(DOTTED, stored(newer=moved), launch(), NOON, 7) == Drop()


def test_a_deleted_contact_is_cancelled() -> None:
    gone = ContactState(deleted=True, active=False, suppressed=False, email=None, consent={})
    verdict = at_the_dot(DOTTED, stored(newer=gone), launch(), NOON, 7)
    assert verdict == Drop(change(DeliveryState.CANCELLED, reason="deleted"))


def test_a_send_that_was_put_off_meanwhile_is_looked_at_again() -> None:
    assert at_the_dot(DOTTED, stored(attempts=1), launch(), NOON, 7) == Drop()


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Answer(Act.ACCEPT), DeliveryState.ACCEPTED, None),
        (Answer(Act.REFUSE, "smtp:550"), DeliveryState.FAILED, "smtp:550"),
        (Answer(Act.LOSE, "no_answer"), DeliveryState.UNKNOWN, "no_answer"),
    ],
)
def test_after_the_dot_an_answer_ends_the_send(answer: Answer, state: DeliveryState, reason: str | None) -> None:
    settled = settle(DOTTED, answer, SENDING, NOON, BACKOFF)
    assert settled == change(state, previous=DeliveryState.SENDING, reason=reason, attempts=1)


def test_a_4xx_after_the_dot_plans_it_again_with_a_pause() -> None:
    settled = settle(DOTTED, Answer(Act.DEFER, "smtp:451"), SENDING, NOON, BACKOFF)
    assert settled == change(
        DeliveryState.PLANNED,
        previous=DeliveryState.SENDING,
        reason="smtp:451",
        attempts=1,
        next_at=NOON + timedelta(seconds=5),
    )


def test_a_4xx_before_the_dot_uses_up_an_attempt_too() -> None:
    settled = settle(ATTEMPT, Answer(Act.DEFER, "smtp:451"), stored(), NOON, BACKOFF)
    assert settled == change(DeliveryState.PLANNED, reason="smtp:451", attempts=1, next_at=NOON + timedelta(seconds=5))


def test_after_the_last_attempt_a_4xx_is_a_failure() -> None:
    last = ATTEMPT._replace(send=stored(attempts=2))
    settled = settle(last, Answer(Act.DEFER, "smtp:451"), stored(attempts=2), NOON, BACKOFF)
    assert settled == change(DeliveryState.FAILED, reason="smtp:451", attempts=3)


def test_what_was_surely_not_handed_over_is_planned_again_at_once() -> None:
    settled = settle(DOTTED, Answer(Act.GIVE_BACK), SENDING, NOON, BACKOFF)
    assert settled == change(DeliveryState.PLANNED, previous=DeliveryState.SENDING, attempts=1, next_at=NOON)


def test_an_answer_that_is_recorded_already_is_ignored() -> None:
    accepted = SENDING._replace(state=DeliveryState.ACCEPTED)
    assert settle(DOTTED, Answer(Act.ACCEPT), accepted, NOON, BACKOFF) is Stay.IGNORE


def test_an_acceptance_beside_one_of_another_attempt_is_a_bug() -> None:
    twice = SENDING._replace(state=DeliveryState.ACCEPTED, attempts=2)
    assert settle(DOTTED, Answer(Act.ACCEPT), twice, NOON, BACKOFF) is Stay.REFUSE


def test_an_answer_that_comes_when_the_send_is_unknown_changes_nothing() -> None:
    unknown = SENDING._replace(state=DeliveryState.UNKNOWN)
    assert settle(DOTTED, Answer(Act.ACCEPT), unknown, NOON, BACKOFF) is Stay.IGNORE


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.REFUSE, Act.DEFER, Act.LOSE, Act.GIVE_BACK])
def test_an_answer_to_another_owners_dot_is_not_ours(act: Act) -> None:
    foreign = SENDING._replace(dot_epoch=8)
    assert settle(DOTTED, Answer(act), foreign, NOON, BACKOFF) is Stay.IGNORE


def test_the_pauses_double_and_end() -> None:
    backoff = Backoff(first=5, longest=60, attempts=7)
    pauses = [backoff.after(attempt) for attempt in range(1, 8)]
    assert pauses == [*(timedelta(seconds=each) for each in (5, 10, 20, 40, 60, 60)), None]
