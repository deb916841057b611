"""Mails from templates: what is kept of a contact for them, and what they become."""

from email import message_from_bytes, policy
from typing import Any

import orjson
import pytest

from contracts.targets import Snapshot
from messaging.adapters.composing import TemplateComposer, TemplateComposers
from messaging.domain.links import Links, Reference
from messaging.domain.mime import Unsendable, headers_of
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


def test_a_phone_number_is_kept_where_it_is_read_and_filled_in() -> None:
    carried = targets().model_copy(update={"phones": ["+43123", None]})
    assert composer().facts(carried) == ["{}", "{}"]
    calling = composer(text="Call {{ contact.phone | default('us') }}")
    texts = [
        calling.compose(key(), "c-0@x.example", orjson.loads(kept), NOON).content for kept in calling.facts(carried)
    ]
    assert b"Call +43123" in texts[0] and b"Call us" in texts[1]


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
        ("c-0@x.example", "{{ contact.attributes.name }}", "render: text: contact.attributes.name is missing"),
        ("c-0@x.example", "Hello\n{{ 1 // (1 - 1) }}", "render: text: line 2: // by zero has no result"),
        ("c-0@x.example", "{{ contact.email", "render: text: line 1: `}}` is missing at the end"),
        ("c-0@x.example", f"{{{{ contact.attributes.{'n' * 999} }}}}", f"render: text: contact.attributes.{'n' * 175}"),
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


def test_every_message_that_is_not_administrative_says_where_to_unsubscribe_and_no_other_does() -> None:
    links = Links("k" * 32, "https://slipway.example")
    text = "Hello {{ unsubscribe_url }}"
    made = TemplateComposers(links).of(plan(text=text, html=f"<a href='{text[6:]}'>no more</a>"), STEP)
    content = made.compose(key("c-9", occurrence=2), "c-9@x.example", {}, NOON).content
    token = links.token(Reference("acme", "c-9", "promotional", "launch-1", STEP, 2))
    url = f"https://slipway.example/u/{token}"
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["List-Unsubscribe"] == f"<{url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["X-Slipway-Ref"] == token
    assert links.proven(token, mail["To"], mail["X-Slipway-To"])
    assert [url in part.get_content() for part in mail.iter_parts()] == [True, True]
    assert max(map(len, content.split(b"\r\n"))) < 998

    made = TemplateComposers(links).of(plan(message_type="administrative"), STEP)
    mail = message_from_bytes(made.compose(key(), "c-0@x.example", {}, NOON).content, policy=policy.default)
    assert mail["List-Unsubscribe"] is None and mail["List-Unsubscribe-Post"] is None
    reference = links.read(mail["X-Slipway-Ref"])
    assert reference is not None and reference.key == key()


def test_the_longest_reference_stays_on_one_line_that_mail_allows() -> None:
    links = Links("k" * 32, "https://" + "s" * 192)
    worst = Reference("p" * 63, '"' * 128, "t" * 63, "l" * 64, "s" * 63, 10_000)
    headers = headers_of(token := links.token(worst), links.proof(token, "a@b.example"), links.url(token))
    assert max(map(len, headers.split("\r\n"))) <= 998
