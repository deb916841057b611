"""What launcher itself judges of a request for a launch."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.launches import All, Contacts, Groups, Segment
from contracts.words import LaunchState, Permission
from fakes.transaction import NOON
from launcher.domain.counting import Figures, basis_of
from launcher.domain.launch import Flow, Kind, Rejected, flow
from launcher.domain.parties import Asker
from launcher.domain.points import error
from launcher.domain.records import listed, outcome_of_request, requested, select
from launcher.domain.refusals import Denied
from launcher.domain.requests import Candidate, draft, judge
from launcher.domain.scenarios import ScenarioState
from unit.launcher.builders import STARTER, candidate, found, request

WEAK = frozenset({Permission.PROCESS_START})


def judged(
    grants: frozenset[Permission] = STARTER, known: Candidate | None = None, **fields: Any
) -> list[tuple[str, str]]:
    return found(judge(request(**fields), grants, known or candidate(context=fields.pop("declared", {}))))


def test_a_right_request_has_no_point() -> None:
    assert judged() == []


def test_a_scenario_that_there_is_not_is_unknown() -> None:
    assert found(judge(request(), STARTER, None)) == [("unknown_scenario", "scenario")]


def test_a_scenario_that_is_mistyped_is_told_with_the_one_that_is_probably_meant() -> None:
    [near] = judge(request(scenario="welcom"), STARTER, Candidate(None, None, known=("spring", "welcome")))
    [far] = judge(request(scenario="other"), STARTER, Candidate(None, None, known=("spring", "welcome")))
    assert near.remedy == "There is no scenario `welcom` in this project: did you mean `welcome`?"
    assert (far.code, "push it first" in far.remedy) == ("unknown_scenario", True)


@pytest.mark.parametrize("state", [ScenarioState.INACTIVE, ScenarioState.ARCHIVED])
def test_a_scenario_that_is_not_active_cannot_be_launched(state: ScenarioState) -> None:
    assert judged(known=Candidate(state, None)) == [("scenario_inactive", "scenario")]


@pytest.mark.parametrize("launch", ["triggered", "scheduled"])
def test_a_scenario_that_is_not_manual_cannot_be_launched(launch: str) -> None:
    assert judged(known=candidate(launch=launch)) == [("wrong_launch_type", "scenario")]


def test_points_of_the_graph_refuse_the_launch() -> None:
    known = candidate()
    known = Candidate(known.state, known.version, (error("no_end", "steps.a", "lead it to an end"),))
    assert judged(known=known) == [("no_end", "steps.a")]


@pytest.mark.parametrize(
    ("participants", "place"),
    [
        ({"kind": "groups", "groups": []}, "participants.groups"),
        ({"kind": "contacts", "contacts": []}, "participants.contacts"),
    ],
)
def test_an_empty_selection_never_means_everybody(participants: dict[str, Any], place: str) -> None:
    assert judged(participants=participants) == [("empty_selection", place)]


def test_options_that_are_not_built_are_unsupported() -> None:
    options = {"intersect_with_launcher": True, "pacing": {"rate": "10/s"}}
    assert judged(options=options) == [
        ("unsupported", "options.pacing"),
    ]


def test_lifting_consent_needs_its_permission() -> None:
    options = {"consent_override": {"reason": "recall"}}
    assert judged(options=options) == [("forbidden", "options.consent_override")]
    assert judged(STARTER | {Permission.CONSENT_OVERRIDE}, options=options) == []


def test_who_asks_needs_the_permission_to_start_also_when_it_is_judged_again() -> None:
    assert judged(frozenset({Permission.LAUNCH_PREAPPROVED})) == [("forbidden", "launch")]


@pytest.mark.parametrize(
    ("subject", "grants", "kind", "expected"),
    [
        ("ann", STARTER, Kind.LAUNCH, Flow.DIRECT),
        ("key_1", STARTER, Kind.LAUNCH, Flow.DIRECT),
        ("ann", WEAK, Kind.LAUNCH, Flow.PERSON),
        ("ann", WEAK, Kind.RELAUNCH, Flow.PERSON),
        ("ann", WEAK, Kind.RETRY, Flow.PERSON),
        ("key_1", WEAK, Kind.LAUNCH, Flow.CRM),
        ("key_1", WEAK, Kind.SINGLE, Flow.DIRECT),
        ("ann", WEAK, Kind.SINGLE, Flow.DIRECT),
        ("ann", WEAK, Kind.TEST, Flow.DIRECT),
        ("ann", WEAK, Kind.REHEARSAL, Flow.DIRECT),
    ],
)
def test_who_has_to_say_yes(subject: str, grants: frozenset[Permission], kind: Kind, expected: Flow) -> None:
    assert flow(subject, grants, kind) is expected


def test_a_persons_wrong_request_is_a_draft_they_can_mend_and_a_programs_is_rejected() -> None:
    points = judge(request(), WEAK, None)
    states = {}
    for subject in ("ann", "key_1"):
        launch, _ = draft(request(), Asker("demo", subject, WEAK), "l-1", None, None, points, NOON)
        states[subject] = (launch.state, launch.rejected, launch.ended_at)
    assert states["ann"] == (LaunchState.DRAFT, None, None)
    assert states["key_1"] == (LaunchState.REJECTED, Rejected.POINTS, NOON)


def test_a_triggered_scenario_is_started_by_hand_for_one_contact_where_its_author_allows_it() -> None:
    known = candidate(launch="triggered", manual_start_allowed=True)
    assert found(judge(request(), STARTER, known, Kind.SINGLE)) == []
    assert found(judge(request(), STARTER, known)) == [("wrong_launch_type", "scenario")]
    strict = candidate(launch="triggered")
    assert found(judge(request(), STARTER, strict, Kind.SINGLE)) == [("wrong_launch_type", "scenario")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"scenario": "other"}, [("count_token_mismatch", "count_token")]),
        ({"version": 2}, [("count_token_mismatch", "count_token")]),
        ({"selection": "else"}, [("count_token_mismatch", "count_token")]),
        ({"options": "else"}, [("count_token_mismatch", "count_token")]),
    ],
)
def test_a_count_token_is_about_what_is_launched(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    counted = replace(basis_of(request(), 3, "ann", Figures(3, 3, {})), **change)
    assert found(judge(request(), STARTER, candidate(), counted=counted)) == expected


@pytest.mark.parametrize("code", ["count_token_invalid", "count_token_expired"])
def test_a_count_token_that_is_none_any_more_is_a_point(code: str) -> None:
    assert found(judge(request(), STARTER, candidate(), counted=Denied(code, "no", "count again"))) == [
        (code, "count_token")
    ]


def test_the_context_is_what_the_scenario_declares() -> None:
    known = candidate(context={"voucher": "string", "percent": "number", "last": "boolean"})
    right = {"voucher": "A", "percent": 2.5, "last": True}
    assert judged(known=known, context=right) == []
    assert judged(known=known, context={**right, "vouchr": "A"}) == [("context_unknown", "context.vouchr")]
    assert judged(known=known, context={"voucher": "A", "percent": 1}) == [("context_missing", "context.last")]
    wrong = {"voucher": 1, "percent": True, "last": "yes"}
    assert judged(known=known, context=wrong) == [("context_type", f"context.{name}") for name in wrong]


def test_a_context_of_more_than_16_kib_is_refused() -> None:
    known = candidate(context={"voucher": "string"})
    assert judged(known=known, context={"voucher": "x" * 16 * 1024}) == [("context_too_large", "context")]


def test_an_unknown_context_names_the_one_that_was_meant() -> None:
    points = judge(request(context={"vouchr": "A"}), STARTER, candidate(context={"voucher": "string"}))
    assert "did you mean `voucher`?" in points[0].remedy


@pytest.mark.parametrize(
    ("count", "inside", "chunks"), [(1, 1, []), (500, 500, []), (501, 0, [500, 1]), (1000, 0, [500, 500])]
)
def test_more_than_500_contacts_travel_in_chunks(count: int, inside: int, chunks: list[int]) -> None:
    named = [f"c-{n}" for n in range(count)]
    selection = select(request(participants={"kind": "contacts", "contacts": named}))
    assert isinstance(selection.participants, Contacts)
    assert len(selection.participants.contacts) == inside
    assert [len(chunk) for chunk in selection.chunks] == chunks
    assert selection.selected == count
    assert [*selection.participants.contacts, *(name for chunk in selection.chunks for name in chunk)] == named


def test_a_contact_or_group_named_twice_is_selected_once() -> None:
    assert select(request(participants={"kind": "contacts", "contacts": ["b", "a", "b"]})).participants == Contacts(
        contacts=["b", "a"]
    )
    assert select(request(participants={"kind": "groups", "groups": ["vip", "vip"]})).participants == Groups(
        groups=["vip"]
    )
    assert select(request()).participants == All()
    assert select(request(participants={"kind": "segment", "where": "true"})).participants == Segment(where="true")


def test_a_draft_keeps_what_the_control_record_will_say() -> None:
    asked = request(
        participants={"kind": "contacts", "contacts": [f"c-{n}" for n in range(501)]}, context={"voucher": "A"}
    )
    known = candidate(context={"voucher": "string"})
    launch, selection = draft(asked, Asker("demo", "ann", STARTER), "l-1", None, known, [], NOON)
    assert launch.state is LaunchState.VALIDATING
    assert [listed(launch, index, chunk).index for index, chunk in enumerate(selection.chunks)] == [0, 1]
    assert known.version is not None
    control = requested(launch, known.version, NOON)
    assert (control.participants_chunks, control.participants) == (2, Contacts())
    assert (control.launched_by, control.version.creator, control.context) == ("ann", "ann", {"voucher": "A"})


def test_a_refused_draft_is_rejected_for_good_and_answered_with_its_points() -> None:
    from contracts.crm import CommandAt, LaunchRejected
    from launcher.domain.launch import Origin

    origin = Origin("cmd-1", "/crm", CommandAt(topic="crm.commands", partition=1, offset=2))
    points = judge(request(), STARTER, None)
    launch, _ = draft(request(), Asker("demo", "key_1", STARTER), "l-1", origin, None, points, NOON)
    assert (launch.state, launch.ended_at) == (LaunchState.REJECTED, NOON)
    reply = outcome_of_request(launch, origin)
    assert isinstance(reply, LaunchRejected)
    assert reply.points == points
