"""Every code that a scenario can be refused with, where it points to, and that the remedy says what to do."""

from pathlib import Path
from typing import Any

import pytest

from contracts.words import Severity
from launcher.adapters.scenario_files import read_file
from launcher.domain.validation import validate
from unit.launcher.builders import LANGUAGE, document, found, message, points, scenario

Cases = dict[str, tuple[dict[str, Any], dict[str, Any], str, str]]
"""What is wrong: changed steps, changed head, expected code and place."""
EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "scenarios").glob("*.yaml"))


def send(**fields: Any) -> dict[str, Any]:
    return {"send": message(**fields), "next": "won"}


def branch(*arms: dict[str, str]) -> dict[str, Any]:
    return {"greet": {"branch": list(arms)}}


GRAPH: Cases = {
    "a start that is no step": ({}, {"start": "gret"}, "dead_reference", "start"),
    "a next that is no step": ({"greet": {**send(), "next": "wonn"}}, {}, "dead_reference", "steps.greet.next"),
    "a path for skipped messages that is no step": (
        {"greet": {**send(), "on_skipped": "gone"}},
        {},
        "dead_reference",
        "steps.greet.on_skipped",
    ),
    "an arm that leads nowhere": (
        branch({"when": "true", "next": "gone"}, {"otherwise": "won"}),
        {},
        "dead_reference",
        "steps.greet.branch[0].next",
    ),
    "an otherwise that leads nowhere": (
        branch({"when": "true", "next": "won"}, {"otherwise": "gone"}),
        {},
        "dead_reference",
        "steps.greet.branch[1].otherwise",
    ),
    "a share that leads nowhere": (
        {"greet": {"split": [{"weight": 1, "next": "won"}, {"weight": 1, "next": "gone"}]}},
        {},
        "dead_reference",
        "steps.greet.split[1].next",
    ),
    "a step that nothing leads to": ({"island": {"end": "neutral"}}, {}, "unreachable_step", "steps.island"),
    "a step that leads to itself": (
        {"greet": {"send": message(), "next": "greet"}, "won": None},
        {},
        "endless_loop",
        "steps.greet",
    ),
    "a loop of two without a wait": (
        {
            "greet": {"send": message(), "next": "again"},
            "again": {"branch": [{"when": "true", "next": "greet"}, {"otherwise": "won"}]},
        },
        {},
        "endless_loop",
        "steps.again",
    ),
    "a loop whose wait is no wait": (
        {
            "greet": {"wait": {"for": "0s"}, "next": "again"},
            "again": {"branch": [{"when": "true", "next": "greet"}, {"otherwise": "won"}]},
        },
        {},
        "endless_loop",
        "steps.again",
    ),
    "a loop with a wait that never ends": (
        {
            "greet": {"send": message(), "next": "pause"},
            "pause": {"wait": {"for": "1d"}, "next": "greet"},
            "won": None,
        },
        {},
        "no_end",
        "steps.greet",
    ),
}
STEPS: Cases = {
    "an otherwise that is not last": (
        branch({"otherwise": "won"}, {"when": "true", "next": "won"}),
        {},
        "otherwise_last",
        "steps.greet.branch[0]",
    ),
    "no otherwise": (branch({"when": "true", "next": "won"}), {}, "otherwise_missing", "steps.greet.branch"),
    "weights of nothing": (
        {"greet": {"split": [{"weight": 0, "next": "won"}]}},
        {},
        "split_weights",
        "steps.greet.split",
    ),
    "a wait for nothing": ({"greet": {"wait": {}, "next": "won"}}, {}, "wait_shape", "steps.greet.wait"),
    "a wait of centuries": (
        {"greet": {"wait": {"for": "999999d"}, "next": "won"}},
        {},
        "duration",
        "steps.greet.wait.for",
    ),
    "an attribute that cannot be read back": (
        {"greet": {"update_contact": {"set": {"last offer": "x"}}, "next": "won"}},
        {},
        "attribute_name",
        "steps.greet.update_contact.set.last offer",
    ),
    "an attribute that is a list": (
        {"greet": {"update_contact": {"set": {"tags": ["x"]}}, "next": "won"}},
        {},
        "attribute_value",
        "steps.greet.update_contact.set.tags",
    ),
    "an attribute as long as a book": (
        {"greet": {"update_contact": {"set": {"note": "x" * 4097}}, "next": "won"}},
        {},
        "attribute_value",
        "steps.greet.update_contact.set.note",
    ),
}
MESSAGES: Cases = {
    "mail without a sender": ({}, {"sender": None}, "sender_missing", "sender"),
    "a sender that is no address": (
        {},
        {"sender": {"name": "Acme", "address": "news at acme"}},
        "sender_invalid",
        "sender.address",
    ),
    "a line break in the sender's name": (
        {},
        {"sender": {"name": "Acme\r\nBcc: x@evil.example", "address": "news@acme.example"}},
        "header_value",
        "sender.name",
    ),
    "a line break in the sender's address": (
        {},
        {"sender": {"name": "Acme", "address": "news@acme.example\r\nRCPT TO:<x@evil.example>"}},
        "header_value",
        "sender.address",
    ),
    "a line break in a subject": (
        {"greet": send(subject="Hi\nBcc: x")},
        {},
        "header_value",
        "steps.greet.send.subject",
    ),
    "no subject": ({"greet": send(subject=None)}, {}, "subject_missing", "steps.greet.send.subject"),
    "a blank subject": ({"greet": send(subject="  ")}, {}, "subject_missing", "steps.greet.send.subject"),
    "no body": ({"greet": send(text=None)}, {}, "body_missing", "steps.greet.send.text"),
}
EXPRESSIONS: Cases = {
    "a template that does not compile": (
        {"greet": send(text="Hi {{ contact.id")},
        {},
        "broken_template",
        "steps.greet.send.text",
    ),
    "a condition that does not compile": (
        branch({"when": "contact.score >", "next": "won"}, {"otherwise": "won"}),
        {},
        "broken_condition",
        "steps.greet.branch[0].when",
    ),
    "a field that no contact has": (
        {"greet": send(text="{{ contact.emial }}")},
        {},
        "unknown_variable",
        "steps.greet.send.text",
    ),
    "a variable from nowhere": (
        {"greet": send(html="{{ first_name }}")},
        {},
        "unknown_variable",
        "steps.greet.send.html",
    ),
    "all of a contact at once": (
        {"greet": send(text="{{ contact }}")},
        {},
        "unknown_variable",
        "steps.greet.send.text",
    ),
    "an undeclared context": (
        {"greet": send(subject="{{ context.voucher }}")},
        {},
        "unknown_variable",
        "steps.greet.send.subject",
    ),
    "an undeclared context in a condition": (
        branch({"when": "context.voucher == 'x'", "next": "won"}, {"otherwise": "won"}),
        {},
        "unknown_variable",
        "steps.greet.branch[0].when",
    ),
}
UNBUILT: Cases = {
    "a trigger": ({}, {"launch": "triggered"}, "unsupported", "launch"),
    "a trigger's event": ({}, {"trigger": {"event": "cart.left"}}, "unsupported", "trigger"),
    "a schedule": ({}, {"schedule": {"cron": "0 9 * * *"}}, "unsupported", "schedule"),
    "an early exit": ({}, {"exit_when": {"if": "true", "end": "abandon"}}, "unsupported", "exit_when"),
    "a permission to start by hand": ({}, {"manual_start_allowed": True}, "unsupported", "manual_start_allowed"),
    "a text message": ({"greet": send(channel="sms")}, {}, "unsupported", "steps.greet.send.channel"),
    "a message to a webhook": ({"greet": send(channel="webhook")}, {}, "unsupported", "steps.greet.send.channel"),
    "a wait until a date": (
        {"greet": {"wait": {"until": "2026-12-24T09:00"}, "next": "won"}},
        {},
        "unsupported",
        "steps.greet.wait.until",
    ),
    "a wait for a window": (
        {"greet": {"wait": {"window": {"days": ["mon"], "from": "09:00", "to": "17:00"}}, "next": "won"}},
        {},
        "unsupported",
        "steps.greet.wait.window",
    ),
    "a wait for an event": (
        {"greet": {"wait_until": {"event": "x", "timeout": "1d"}, "next": "won", "on_timeout": "won"}},
        {},
        "unsupported",
        "steps.greet.wait_until",
    ),
    "a webhook": (
        {"greet": {"webhook": {"url": "https://x.example"}, "next": "won"}},
        {},
        "unsupported",
        "steps.greet.webhook",
    ),
    "a scenario started by another": (
        {"greet": {"start_scenario": "other", "next": "won"}},
        {},
        "unsupported",
        "steps.greet.start_scenario",
    ),
}
WRONG = GRAPH | STEPS | MESSAGES | EXPRESSIONS | UNBUILT


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
    sample = read_file(file.read_bytes(), json=False)
    assert not isinstance(sample, list), sample
    assert validate(sample, LANGUAGE) == []
    assert sample.key == file.stem


def test_a_loop_with_a_wait_and_a_way_out_is_right() -> None:
    steps = {
        "greet": {"send": message(), "next": "pause"},
        "pause": {"wait": {"for": "1d"}, "next": "asked"},
        "asked": {"branch": [{"when": "contact.attributes.done", "next": "won"}, {"otherwise": "greet"}]},
    }
    assert points(steps) == []


def test_a_dead_reference_names_the_step_that_was_meant() -> None:
    [point] = points({"greet": {"send": message(), "next": "wonn"}})
    assert "did you mean `won`?" in point.remedy


def test_an_unknown_variable_names_the_one_that_was_meant() -> None:
    [point] = points({"greet": send(text="{{ contact.emial }} {{ context.vouchr }}")}, context={"voucher": "string"})[
        :1
    ]
    assert "`contact.emial` is not known: did you mean `email`?" in point.remedy


def test_what_a_contact_and_the_context_have_may_be_read() -> None:
    text = (
        "{{ contact.id }} {{ contact.email }} {{ contact.attributes.anything_at_all }} {{ context.voucher }}"
        "{{ contact.consent.promotional }} {% if 'vip' in contact.groups %}!{% endif %}"
    )
    assert points({"greet": send(text=text)}, context={"voucher": "string"}) == []


def test_all_points_are_told_at_once() -> None:
    several = points({"greet": send(subject=None, text="{{ oops }}"), "island": {"end": "neutral"}}, sender=None)
    assert found(several) == [
        ("unreachable_step", "steps.island"),
        ("sender_missing", "sender"),
        ("subject_missing", "steps.greet.send.subject"),
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
