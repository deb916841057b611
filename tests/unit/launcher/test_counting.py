"""Counts: what makes two selections the same, what a count is no good for, how far it may drift."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.crm import LaunchRequest
from fakes.counting import FakeCountTokens, figures
from fakes.transaction import NOON
from launcher.domain.counting import Basis, Tolerance, basis_of, drift, mismatch, options_digest, selection_digest
from launcher.domain.refusals import Denied

GROUPS = {"kind": "groups", "groups": ["a", "b"]}
CONTACTS = {"kind": "contacts", "contacts": ["1", "2"]}


def request(**changed: Any) -> LaunchRequest:
    return LaunchRequest.model_validate({"project": "demo", "scenario": "hello", "participants": GROUPS, **changed})


def selection(**changed: Any) -> str:
    asked = request(**changed)
    return selection_digest(asked.participants, asked.context)


def basis(version: int = 1, **changed: Any) -> Basis:
    return basis_of(request(**changed), version, "ann", figures(100))


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (GROUPS, {"kind": "groups", "groups": ["b", "a", "b"]}),
        (CONTACTS, {"kind": "contacts", "contacts": ["2", "1", "1"]}),
    ],
)
def test_order_and_repetition_select_nothing_else(one: Any, same: Any) -> None:
    assert selection(participants=one) == selection(participants=same)


def test_whatever_selects_otherwise_differs() -> None:
    every = [
        selection(participants=given, context=context)
        for context in ({}, {"percent": 10}, {"percent": 20})
        for given in (
            {"kind": "all"},
            GROUPS,
            {"kind": "groups", "groups": ["a"]},
            {"kind": "contacts", "contacts": ["a", "b"]},
            {"kind": "segment", "where": "contact.active"},
            {"kind": "segment", "where": "!contact.active"},
            {"kind": "results", "launch_id": "l-1", "outcome": "failure"},
            {"kind": "results", "launch_id": "l-1", "outcome": "success"},
        )
    ]
    assert len(set(every)) == len(every)


def test_why_consent_is_lifted_decides_nothing_but_that_it_is_does() -> None:
    lifted = [request(options={"consent_override": {"reason": reason}}).options for reason in ("recall", "law")]
    others = [request().options, request(options={"intersect_with_launcher": True}).options]
    digests = [options_digest(options) for options in (*lifted, *others)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (basis(), None),
        (basis(scenario="bye", version=2), "scenario"),
        (basis(version=2, participants={"kind": "all"}), "version"),
        (basis(participants={"kind": "all"}), "selection"),
        (basis(context={"percent": 1}), "selection"),
        (basis(options={"intersect_with_launcher": True}), "options"),
    ],
)
def test_a_count_of_something_else_says_what_differs(other: Basis, what: str | None) -> None:
    assert mismatch(basis(), other.scenario, other.version, other.selection, other.options) == what


@pytest.mark.parametrize(
    ("before", "now", "far"),
    [
        (100, 110, False),  # ten contacts are borne, whatever share they are
        (100, 111, True),
        (100, 89, True),
        (0, 10, False),
        (0, 11, True),
        (1000, 1050, False),  # five in a hundred are borne, however many they are
        (1000, 1051, True),
        (1000, 950, False),
        (1000, 949, True),
        (1_000_000, 1_050_000, False),
    ],
)
def test_a_count_drifts_when_it_is_off_by_both_bounds(before: int, now: int, far: bool) -> None:
    assert drift(figures(before), figures(now), Tolerance()) is far


def test_as_many_targets_of_whom_fewer_start_is_drift_too() -> None:
    assert drift(figures(100), figures(100, no_consent=11), Tolerance())
    assert not drift(figures(100), figures(100, no_consent=11), Tolerance(contacts=11))
    assert not drift(figures(100), figures(100, no_consent=11), Tolerance(percent=11))


def test_the_fake_of_tokens_judges_as_the_real_ones_do() -> None:
    tokens, counted = FakeCountTokens(), basis()
    token, expires_at = tokens.mint(counted, NOON)
    assert expires_at == NOON + timedelta(minutes=15)
    assert tokens.read(token, "demo", expires_at - timedelta(seconds=1)) == counted
    for given, project, now in (("other", "demo", NOON), (token, "acme", NOON), (token, "demo", expires_at)):
        assert isinstance(tokens.read(given, project, now), Denied)
