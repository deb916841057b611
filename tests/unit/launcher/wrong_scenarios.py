"""What makes a scenario wrong, with the code and the place of its one point."""

from typing import Any

from unit.launcher.builders import message

Cases = dict[str, tuple[dict[str, Any], dict[str, Any], str, str]]
"""What is wrong: changed steps, changed head, expected code and place."""


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
    "no way out of the text": ({"greet": send(text="Hello")}, {}, "unsubscribe_missing", "steps.greet.send.text"),
    "no way out of the html": ({"greet": send(html="<p>Hi")}, {}, "unsubscribe_missing", "steps.greet.send.html"),
    "a way out of what needs no consent": (
        {"greet": send(message_type="administrative")},
        {},
        "unknown_variable",
        "steps.greet.send.text",
    ),
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
    "a template that asks for what nothing stored has": (
        {"greet": send(text=r"Hi {{ contact.attributes['a\x00'] | default('x') }} {{ unsubscribe_url }}")},
        {},
        "broken_template",
        "steps.greet.send.text",
    ),
    "a condition that asks for what nothing stored has": (
        branch({"when": r'contact.attributes["\u0000"] == 1', "next": "won"}, {"otherwise": "won"}),
        {},
        "broken_condition",
        "steps.greet.branch[0].when",
    ),
    "a field that no contact has": (
        {"greet": send(text="{{ contact.emial }} {{ unsubscribe_url }}")},
        {},
        "unknown_variable",
        "steps.greet.send.text",
    ),
    "a field inside one that has none": (
        {"greet": send(text="{{ contact.email.domain | default('x') }} {{ unsubscribe_url }}")},
        {},
        "unknown_variable",
        "steps.greet.send.text",
    ),
    "a condition on a field inside one that has none": (
        branch({"when": "has(contact.id.x)", "next": "won"}, {"otherwise": "won"}),
        {},
        "unknown_variable",
        "steps.greet.branch[0].when",
    ),
    "a condition with a constant that has no result": (
        branch({"when": "contact.id.matches('[')", "next": "won"}, {"otherwise": "won"}),
        {},
        "broken_condition",
        "steps.greet.branch[0].when",
    ),
    "a variable from nowhere": (
        {"greet": send(html="{{ first_name }} {{ unsubscribe_url }}")},
        {},
        "unknown_variable",
        "steps.greet.send.html",
    ),
    "all of a contact at once": (
        {"greet": send(text="{{ contact }} {{ unsubscribe_url }}")},
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
