"""Every code that a scenario can be refused with, where it points to, and that the remedy says what to do."""

from pathlib import Path

import pytest

from contracts.scenario import Scenario
from contracts.words import Severity
from launcher.adapters.scenario_files import read_file
from launcher.domain.graph import passed_by_all
from launcher.domain.validation import validate
from unit.launcher.builders import LANGUAGE, document, found, message, points, scenario
from unit.launcher.wrong_scenarios import WRONG, send

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "scenarios").glob("*.yaml"))


def test_a_right_scenario_has_no_point() -> None:
    assert points() == []


@pytest.mark.parametrize("what", WRONG)
def test_a_scenario_is_refused_for(what: str) -> None:
    steps, head, code, place = WRONG[what]
    assert [(point.code, point.place) for point in points(steps, **head)] == [(code, place)]


@pytest.mark.parametrize("what", WRONG)
def test_every_point_says_what_to_do(what: str) -> None:
    steps, head, _, _ = WRONG[what]
    for point in points(steps, **head):
        assert point.severity is Severity.ERROR
        assert len(point.remedy) > 20
        assert point.remedy[-1] in ".?:`"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_sample_scenario_is_valid_and_is_called_as_its_file(file: Path) -> None:
    sample = read_file(file.read_bytes(), lambda scenario: [], json=False)
    assert isinstance(sample, Scenario), sample
    assert validate(sample, LANGUAGE) == []
    assert sample.key == file.stem


def test_a_loop_with_a_wait_and_a_way_out_is_right() -> None:
    steps = {
        "greet": {"send": message(), "next": "pause"},
        "pause": {"wait": {"for": "1d"}, "next": "asked"},
        "asked": {"branch": [{"when": "contact.attributes.done", "next": "won"}, {"otherwise": "greet"}]},
    }
    assert points(steps) == []


def test_what_no_way_leads_past_is_passed_by_all() -> None:
    steps = {
        "hello": {"send": message(), "next": "half", "on_skipped": "half"},
        "half": {"split": [{"weight": 1, "next": "news"}, {"weight": 1, "next": "again"}]},
        "news": {"send": message(), "next": "again"},
        "again": {"send": message(), "next": "pause", "on_skipped": "quiet"},
        "pause": {"wait": {"for": "1d"}, "next": "last"},
        "last": {"branch": [{"when": "contact.attributes.done", "next": "won"}, {"otherwise": "half"}]},
        "quiet": {"end": "neutral"},
    }
    assert passed_by_all(scenario(steps, start="hello")) == {"hello", "half", "again"}


def test_a_dead_reference_names_the_step_that_was_meant() -> None:
    [point] = points({"greet": {"send": message(), "next": "wonn"}})
    assert "did you mean `won`?" in point.remedy


def test_an_unknown_variable_names_the_one_that_was_meant() -> None:
    [point] = points(
        {"greet": send(text="{{ contact.emial }} {{ context.vouchr }} {{ unsubscribe_url }}")},
        context={"voucher": "string"},
    )[:1]
    assert "`contact.emial` is not known: did you mean `email`?" in point.remedy


def test_what_a_contact_and_the_context_have_may_be_read() -> None:
    text = (
        "{{ contact.id }} {{ contact.email }} {{ contact.attributes.anything_at_all }} {{ context.voucher }}"
        "{{ contact.consent.promotional }} {% if 'vip' in contact.groups %}!{% endif %} {{ unsubscribe_url }}"
    )
    assert points({"greet": send(text=text)}, context={"voucher": "string"}) == []


def test_all_points_are_told_at_once() -> None:
    several = points({"greet": send(subject=None, text="{{ oops }}"), "island": {"end": "neutral"}}, sender=None)
    assert found(several) == [
        ("unreachable_step", "steps.island"),
        ("sender_missing", "sender"),
        ("subject_missing", "steps.greet.send.subject"),
        ("unsubscribe_missing", "steps.greet.send.text"),
        ("unknown_variable", "steps.greet.send.text"),
    ]


def test_a_message_that_goes_nowhere_needs_neither_sender_nor_subject_nor_body() -> None:
    assert points({"greet": send(channel="discard", subject=None, text=None)}, sender=None) == []


def test_a_context_name_that_cannot_be_written_is_a_warning() -> None:
    [point] = points(context={"voucher-code": "string"})
    assert (point.code, point.severity) == ("context_name", Severity.WARNING)


@pytest.mark.parametrize("address", ["news@mailhost", "news@acme.test", "a+b@xn--bcher-kva.example"])
def test_this_address_may_send(address: str) -> None:
    assert points(sender={"name": "Acme", "address": address}) == []


@pytest.mark.parametrize(
    "address", ["news@", "@acme.example", "news@acme..example", "grüße@acme.example", "a b@acme.example"]
)
def test_this_address_may_not_send(address: str) -> None:
    assert found(points(sender={"name": "Acme", "address": address})) == [("sender_invalid", "sender.address")]


def test_a_scenario_of_five_hundred_steps_is_checked() -> None:
    chain = {f"s{n}": {"wait": {"for": "1s"}, "next": f"s{n + 1}"} for n in range(498)}
    assert points({"greet": None, **chain, "s498": {"end": "neutral"}, "won": None}, start="s0") == []


def test_the_document_of_these_tests_is_a_scenario() -> None:
    assert scenario().key == document()["key"]
