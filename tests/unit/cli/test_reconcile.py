"""The recount names every kind of difference, and none where there is none."""

from typing import Any

import pytest

from cli.reconcile import Row, recount

FIGURES: dict[str, Any] = {
    "state": "completed",
    "targeted": 3,
    "in_progress": 0,
    "success": 1,
    "failure": 0,
    "abandon": 0,
    "other": 2,
    "by_reason": {"end:won": 1, "not_started:no_consent": 1, "not_started:recurrence_once": 1},
    "deliveries": {"accepted": 1},
}


def agreed() -> dict[str, list[Row]]:
    won = {"contact_id": "a", "outcome": "success", "reason": "end:won"}
    kept_out = {"contact_id": "b", "outcome": "other", "reason": "not_started:no_consent"}
    refused = {"contact_id": "c", "outcome": "other", "reason": "not_started:recurrence_once"}
    return {
        "contacts": [
            {"contact_id": "a", "state": "admitted", "reason": None},
            {"contact_id": "b", "state": "excluded", "reason": "no_consent"},
            {"contact_id": "c", "state": "admitted", "reason": None},
        ],
        "executor": [
            {**won, "state": "ended"},
            {"contact_id": "c", "state": "refused", "outcome": None, "reason": "recurrence_once"},
        ],
        "messaging": [{"contact_id": "a", "step": "hello", "occurrence": 1, "state": "accepted", "reason": None}],
        "log": [{**row, "state": "ended"} for row in (won, kept_out, refused)],
        "topic": [won, kept_out, refused],
    }


def differences(ledgers: dict[str, list[Row]], **figures: Any) -> list[str]:
    return [f"{found.contact_id}: {found.what}" for found in recount(ledgers, {**FIGURES, **figures}).differences]


def test_agreeing_ledgers_have_no_difference() -> None:
    assert differences(agreed()) == []


@pytest.mark.parametrize("source", ["executor", "log", "topic"])
def test_a_lost_target_is_named(source: str) -> None:
    ledgers = agreed()
    del ledgers[source][-1]
    assert any(found.startswith("c: ") for found in differences(ledgers))


@pytest.mark.parametrize("source", ["contacts", "executor", "log"])
def test_a_doubled_target_is_named(source: str) -> None:
    ledgers = agreed()
    ledgers[source].insert(0, ledgers[source][0])
    assert f"a: {source} has it 2 times" in differences(ledgers)


def test_a_differing_outcome_is_named() -> None:
    ledgers = agreed()
    ledgers["topic"][0] = {"contact_id": "a", "outcome": "failure", "reason": "error:send"}
    assert any("log.outcomes says failure (error:send)" in found for found in differences(ledgers))


def test_a_count_off_by_one_is_named() -> None:
    assert differences(agreed(), success=2) == ["*: success is 2 by the counts, 1 by the rows"]


def test_a_message_left_behind_by_an_ended_launch_is_named() -> None:
    ledgers = agreed()
    ledgers["messaging"][0]["state"] = "planned"
    assert any("still planned" in found for found in differences(ledgers))


def test_a_message_to_an_excluded_contact_is_named() -> None:
    ledgers = agreed()
    ledgers["messaging"].append({"contact_id": "b", "step": "hello", "occurrence": 1, "state": "accepted"})
    assert any("excluded by contacts" in found for found in differences(ledgers))


def test_a_target_that_contacts_never_had_is_named() -> None:
    ledgers = agreed()
    del ledgers["contacts"][2]
    assert "c: contacts never targeted it, others know it" in differences(ledgers)


def test_messages_of_whom_contacts_never_had_are_among_those_counted() -> None:
    ledgers = agreed()
    ledgers["messaging"].append({"contact_id": "z", "step": "hello", "occurrence": 1, "state": "held"})
    found = differences(ledgers, deliveries={"accepted": 1, "held": 1})
    assert "z: contacts never targeted it, others know it" in found
    assert not any("delivery" in each for each in found), found
