"""Mails from templates: what is kept of a contact for them, and what they become."""

from typing import Any

import orjson
import pytest

from contracts.targets import Snapshot
from messaging.adapters.composing import TemplateComposer, TemplateComposers
from messaging.domain.mime import Unsendable
from unit.messaging.builders import NOON, STEP, key, plan, snapshot

COLUMNS: dict[str, list[Any]] = {"first_name": ["Ann", None], "score": [71, 3]}


def composer(**changed: object) -> TemplateComposer:
    return TemplateComposers().of(plan(**changed), STEP)  # type: ignore[arg-type]


def targets() -> Snapshot:
    return snapshot(2, attributes=COLUMNS).model_copy(update={"groups": [["vip"], []]})


def facts(**changed: object) -> list[dict[str, object]]:
    return [orjson.loads(text) for text in composer(**changed).facts(targets())]


def test_only_what_the_templates_read_is_kept() -> None:
    assert facts(text="Hi {{ contact.attributes.first_name }}") == [
        {"attributes": {"first_name": "Ann"}, "consent": {}},
        {"attributes": {"first_name": None}, "consent": {}},
    ]
    assert facts(text="Hi {{ contact.email }}, {{ context.voucher }}") == [{}, {}]
    assert facts(html="{{ contact.zone }}", text="{{ contact.groups | join }}")[0] == {
        "attributes": {},
        "consent": {},
        "zone": "Europe/Vienna",
        "groups": ["vip"],
    }
    assert facts(text="{{ contact.consent.promotional }}")[0] == {"attributes": {}, "consent": {"promotional": True}}


def test_a_computed_name_keeps_all_of_them() -> None:
    assert facts(text="{{ contact.attributes[context.which] }}")[0] == {
        "attributes": {"first_name": "Ann", "score": 71},
        "consent": {},
    }


def test_values_of_contact_and_context_are_filled_in_and_html_is_escaped() -> None:
    made = composer(
        subject="Hi {{ contact.attributes.first_name }}",
        text="{{ contact.id }} {{ contact.email }} {{ context.voucher }}",
        html="<p>{{ contact.attributes.first_name }}</p>",
        context={"voucher": "V-7"},
    ).compose(key("c-9"), "c-9@x.example", {"attributes": {"first_name": "A&B"}}, NOON)
    assert b"Subject: Hi A&B\r\n" in made.content
    assert b"c-9 c-9@x.example V-7\r\n" in made.content
    assert b"<p>A&amp;B</p>" in made.content
    assert f"<{key('c-9').send_id}@acme.example>".encode() in made.content


@pytest.mark.parametrize(
    ("address", "text", "reason"),
    [
        ("c-0@x.example", "{{ contact.attributes.first_name }}", "render"),
        ("c-0@x.example", "{{ 1 // 0 }}", "render"),
        ("c-0@x.example", "{{ contact.email", "render"),
        ("c-0@x.example\r\nDATA", "Hello", "address"),
    ],
)
def test_a_mail_that_cannot_be_made_says_why(address: str, text: str, reason: str) -> None:
    with pytest.raises(Unsendable) as caught:
        composer(text=text).compose(key(), address, {}, NOON)
    assert caught.value.reason == reason


def test_a_missing_attribute_may_have_a_default() -> None:
    text = "Hi {{ contact.attributes.first_name | default('you') }}"
    assert b"Hi you" in composer(text=text).compose(key(), "c-0@x.example", {}, NOON).content
