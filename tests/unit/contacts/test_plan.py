"""What a version reads of a contact, and whether its messages decide who starts."""

from typing import Any

import pytest

from contacts.domain.plan import Message, plan
from contacts.handlers.reading import Plans, Unreadable, paths
from contracts.launches import ScenarioVersion
from contracts.scenario import Scenario

WON = {"won": {"end": "success"}, "lost": {"end": "failure"}}
PROMO, NEWS = Message(True, "promo"), Message(False, "news")


def send(channel: str = "email", message_type: str = "promo", **more: Any) -> dict[str, Any]:
    message = {"channel": channel, "message_type": message_type, "text": more.pop("text", "x")}
    return {"send": message, "next": "won", **more}


def scenario(**steps: Any) -> Scenario:
    return Scenario.model_validate({"key": "k", "name": "k", "start": next(iter(steps)), "steps": {**steps, **WON}})


@pytest.mark.parametrize(
    ("steps", "deciding"),
    [
        ({"a": send()}, [PROMO]),
        ({"a": send("discard", "news")}, [NEWS]),
        ({"a": send(next="b"), "b": send("discard", "news", next="c"), "c": send()}, [PROMO, NEWS]),
        ({"a": {"wait": {"for": "1d"}, "next": "b"}, "b": send(on_failure="lost", on_unknown="lost")}, [PROMO]),
        ({"a": send(on_skipped="won")}, []),
        ({"a": send(next="b"), "b": send(on_skipped="lost")}, []),
        ({"a": send(next="b"), "b": {"update_contact": {"set": {"x": 1}}, "next": "won"}}, []),
        ({"a": send(next="b"), "b": {"webhook": {"url": "https://x.example"}, "next": "won"}}, []),
        ({"a": send(next="b"), "b": {"start_scenario": "other", "next": "won"}}, []),
        ({"a": {"wait": {"for": "1d"}, "next": "won"}}, []),
        (
            {
                "a": {"branch": [{"when": "true", "next": "n"}, {"otherwise": "p"}]},
                "p": send(),
                "n": send("discard", "news"),
            },
            [NEWS, PROMO],
        ),
        ({"a": {"split": [{"weight": 1, "next": "p"}, {"weight": 1, "next": "n"}]}, "n": send("discard", "news"),
          "p": send()}, [PROMO, NEWS]),
        ({"a": send(next="n", on_failure="f"), "f": send("sms", "fail"), "n": send("discard", "news")},
         [PROMO, NEWS, Message(False, "fail")]),
        ({"a": send(), "unreachable": {"update_contact": {"set": {"x": 1}}, "next": "won"}}, [PROMO]),
        ({"a": send(next="a")}, [PROMO]),
    ],
)  # fmt: skip
def test_messages_decide_only_if_nothing_else_acts(steps: dict[str, Any], deciding: list[Message]) -> None:
    body = scenario(**steps)
    assert list(plan(body, paths(body)).deciding) == deciding


def reads(**steps: Any) -> Any:
    body = scenario(**steps)
    return plan(body, paths(body)).reads


def when(condition: str) -> dict[str, Any]:
    return {"branch": [{"when": condition, "next": "won"}, {"otherwise": "lost"}]}


def test_only_what_is_named_is_read() -> None:
    found = reads(
        a=when("contact.attributes.score > 5 && contact.consent.news"),
        b=send(text="{{ contact.attributes.name }} {{ contact.zone }} {{ context.voucher }}"),
    )
    assert found.attributes == ("name", "score") and found.consents == ("news", "promo")
    assert found.emails and found.zones and not found.groups
    assert not found.all_attributes and not found.all_consents
    assert found.consent_entries == ("news",) and not found.phones


def test_a_phone_number_is_read_by_conditions_and_templates_that_name_it() -> None:
    assert reads(a=when("has(contact.phone)")).phones
    assert reads(a=send(text="{{ contact.phone | default('-') }}")).phones


def test_channel_without_an_address_reads_none() -> None:
    assert not reads(a=send("discard")).emails
    assert reads(a=send("discard", text="{{ contact.email }}")).emails


@pytest.mark.parametrize(
    ("condition", "attributes", "consents"),
    [
        ("contact.attributes[context.x] == 1", True, False),
        ("size(contact.attributes) > 1", True, False),
        ("contact.consent[context.x]", False, True),
        ("contact == context", True, True),
    ],
)
def test_computed_name_reads_all(condition: str, attributes: bool, consents: bool) -> None:
    found = reads(a=when(condition))
    assert (found.all_attributes, found.all_consents) == (attributes, consents)


def test_groups_and_nested_values_are_found() -> None:
    found = reads(a=when("'vip' in contact.groups && contact.attributes.address.city == 'Graz'"))
    assert found.groups and found.attributes == ("address",)


def test_dotted_name_in_a_template_may_be_one_or_two() -> None:
    assert reads(a=send(text="{{ contact.attributes['a.b'] }}")).attributes == ("a", "a.b")


def test_window_and_date_need_the_zone() -> None:
    assert reads(a={"wait": {"until": "2026-12-24T09:00"}, "next": "won"}).zones
    assert not reads(a={"wait": {"for": "1d"}, "next": "won"}).zones


def test_plans_are_kept_and_forgotten() -> None:
    version = ScenarioVersion(project="demo", version=1, creator="ann", body=scenario(a=send()))
    plans, text = Plans(), version.model_dump_json(by_alias=True)
    assert plans.of("l-1", text) is plans.of("l-1", text)
    first = plans.of("l-1", text)
    plans.forget("l-1")
    assert plans.of("l-1", text) is not first
    assert plans.of("l-1", text)[0] == version
    for number in range(Plans.MOST + 5):
        plans.of(f"x-{number}", text)


@pytest.mark.parametrize("bad", [{"a": when("contact.")}, {"a": send(text="{{")}])
def test_version_that_does_not_compile_is_unreadable(bad: dict[str, Any]) -> None:
    version = ScenarioVersion(project="demo", version=1, creator="ann", body=scenario(**bad))
    with pytest.raises(Unreadable, match="cannot be read"):
        Plans().of("l-1", version.model_dump_json(by_alias=True))
    with pytest.raises(Unreadable):
        Plans().of("l-1", "{}")
