"""Who must not get a message, and which reason comes first."""

import pytest

from contracts.scenario import Message
from contracts.words import ControlState, DeliveryState
from messaging.domain.judgement import ContactState, Kept, Standing, judge, judge_chunk
from unit.messaging.builders import NEWER, message, snapshot

RUNNING, STOPPED = ControlState.RUNNING, ControlState.STOPPED
FINE = Standing(permitted=True, suppressed=False, email="a@x.example", consented=True)
WORST = Standing(permitted=False, suppressed=True, email=None, consented=False, active=False, deleted=True)
PRECEDENCE = [
    ({"deleted": False}, "skipped", "inactive"),
    ({"active": True}, "skipped", "not_permitted"),
    ({"permitted": True}, "skipped", "suppressed"),
    ({"suppressed": False}, "skipped", "no_address"),
    ({"email": "a@x.example"}, "skipped", "no_consent"),
]


def test_the_first_reason_decides() -> None:
    standing = WORST
    assert judge(standing, message(), STOPPED, False) == Kept(DeliveryState.CANCELLED, "stopped")
    assert judge(standing, message(), RUNNING, False) == Kept(DeliveryState.CANCELLED, "deleted")
    for cured, state, reason in PRECEDENCE:
        standing = standing._replace(**cured)  # type: ignore[arg-type]
        assert judge(standing, message(), RUNNING, False) == Kept(DeliveryState(state), reason)
    assert judge(standing._replace(consented=True), message(), RUNNING, False) is None


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (FINE._replace(consented=False), None),
        (FINE._replace(permitted=False), "not_permitted"),
        (FINE._replace(suppressed=True), "suppressed"),
        (FINE._replace(active=False), "inactive"),
        (FINE._replace(email=None), "no_address"),
    ],
)
def test_the_override_lifts_consent_and_nothing_else(standing: Standing, reason: str | None) -> None:
    kept = judge(standing, message(), RUNNING, True)
    assert (kept and kept.reason) == reason


def test_discard_needs_no_address_but_everything_else() -> None:
    discard = message(channel="discard")
    assert judge(FINE._replace(email=None), discard, RUNNING, False) is None
    assert judge(FINE._replace(consented=False), discard, RUNNING, False) == Kept(DeliveryState.SKIPPED, "no_consent")
    assert judge(FINE._replace(suppressed=True), discard, RUNNING, True) == Kept(DeliveryState.SKIPPED, "suppressed")


def test_what_is_newer_wins_except_the_permission() -> None:
    newer = ContactState(deleted=False, active=False, suppressed=True, email="new@x.example", consent={})
    standing = FINE._replace(permitted=False).renewed(newer, "promotional")
    assert standing == Standing(
        permitted=False, suppressed=True, email="new@x.example", consented=False, active=False, deleted=False
    )


def test_a_newer_contact_without_an_entry_has_not_consented_but_administrative_needs_none() -> None:
    newer = ContactState(deleted=False, active=True, suppressed=False, email="a@x.example", consent={"news": True})
    assert FINE.renewed(newer, "news").consented
    assert not FINE.renewed(newer, "promotional").consented
    assert FINE.renewed(newer, "administrative").consented


def test_in_a_chunk_only_those_kept_out_are_named() -> None:
    targets = snapshot(6, suppressed={1}, not_permitted={2}, no_email={3}, no_consent={4})
    kept = judge_chunk(targets, message(), RUNNING, False, {"c-5": NEWER})
    assert {index: verdict.reason for index, verdict in kept.items()} == {
        1: "suppressed",
        2: "not_permitted",
        3: "no_address",
        4: "no_consent",
        5: "no_consent",
    }
    assert all(verdict.state is DeliveryState.SKIPPED for verdict in kept.values())


def test_a_chunk_in_which_all_may_be_sent_to_names_nobody() -> None:
    assert judge_chunk(snapshot(3), message(), RUNNING, False, {}) == {}


def test_a_type_whose_consent_was_not_carried_is_not_given() -> None:
    assert len(judge_chunk(snapshot(2), message(message_type="news"), RUNNING, False, {})) == 2
    assert judge_chunk(snapshot(2), message(message_type="administrative"), RUNNING, False, {}) == {}


def test_behind_a_stopped_gate_all_of_a_chunk_are_cancelled() -> None:
    kept = judge_chunk(snapshot(2, suppressed={0}), message(), STOPPED, False, {})
    assert set(kept.values()) == {Kept(DeliveryState.CANCELLED, "stopped")}


@pytest.mark.parametrize("broken", [None, message(channel="sms"), message(channel="webhook")])
def test_a_step_that_cannot_be_sent_fails_and_holds_nobody_up(broken: Message | None) -> None:
    kept = judge_chunk(snapshot(2), broken, RUNNING, False, {})
    assert set(kept.values()) == {Kept(DeliveryState.FAILED, "unsupported")}
