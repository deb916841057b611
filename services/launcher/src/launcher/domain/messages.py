"""What each message needs before anybody gets it: sender, subject, body, links that lead somewhere, a way out."""

from collections.abc import Collection

from contracts.checks import Point
from contracts.scenario import Message, Scenario, Sender, SendStep
from contracts.words import Severity
from launcher.domain.expressions import ADMINISTRATIVE, UNSUBSCRIBE_URL
from launcher.domain.language import Broken, Language
from launcher.domain.links import wrong_links
from launcher.domain.points import error

MESSAGE_CHANNELS = ("email",)
"""Channels whose messages are read by people, so that sender, subject and body have to be there."""


def check_messages(scenario: Scenario, language: Language) -> list[Point]:
    sends = {name: step for name, step in scenario.steps.items() if isinstance(step, SendStep)}
    points = _sender(scenario.sender, language) if scenario.sender else []
    if scenario.sender is None and any(step.send.channel in MESSAGE_CHANNELS for step in sends.values()):
        points.append(
            error("sender_missing", "sender", "Say who writes: `sender: {name: Acme, address: news@acme.example}`.")
        )
    for name, step in sends.items():
        points += _message(f"steps.{name}.send", step)
        points += _links(f"steps.{name}.send", step.send)
        points += _way_out(f"steps.{name}.send", step.send, language)
    return points


def check_channels(scenario: Scenario, missing: Collection[str], severity: Severity) -> list[Point]:
    """Of messages on channels that are not configured here: they would wait for ever."""
    return [
        Point(
            code="channel_missing",
            severity=severity,
            place=f"steps.{name}.send.channel",
            remedy=f"Nothing can be sent by {step.send.channel} here: have whoever runs Slipway configure a provider"
            " (docs/operations), then check again.",
        )
        for name, step in scenario.steps.items()
        if isinstance(step, SendStep) and step.send.channel in missing
    ]


def _sender(sender: Sender, language: Language) -> list[Point]:
    broken = [
        error("header_value", f"sender.{field}", "A line break or control character cannot stand here: remove it.")
        for field in ("name", "address")
        if _unprintable(getattr(sender, field))
    ]
    if broken:
        return broken
    if problem := language.address(sender.address):
        return [error("sender_invalid", "sender.address", f"Mail cannot come from this address: {problem.message}")]
    return []


def _message(place: str, step: SendStep) -> list[Point]:
    points, message = [], step.send
    if message.subject and _unprintable(message.subject):
        points.append(
            error(
                "header_value",
                f"{place}.subject",
                "A subject is one line without control characters: write it in quotes, not as a block (`|`, `>`).",
            )
        )
    if message.channel in MESSAGE_CHANNELS:
        if not (message.subject or "").strip():
            points.append(error("subject_missing", f"{place}.subject", "Give the message a subject."))
        if not (message.text or "").strip() and not (message.html or "").strip():
            points.append(error("body_missing", f"{place}.text", "Give the message a body: `text`, `html` or both."))
    return points


def _links(place: str, message: Message) -> list[Point]:
    if message.channel not in MESSAGE_CHANNELS:
        return []
    return [
        error("link_invalid", f"{place}.{field}", f"`{link[:200]}` leads nowhere: {why}.")
        for field, source in (("text", message.text), ("html", message.html))
        for link, why in dict(wrong_links(source or "", html=field == "html")).items()
    ]


def _way_out(place: str, message: Message, language: Language) -> list[Point]:
    """In each body that is given, for a reader sees one of them."""
    if message.channel not in MESSAGE_CHANNELS or message.message_type == ADMINISTRATIVE:
        return []
    points = []
    for field, source in (("text", message.text), ("html", message.html)):
        if not (source or "").strip():
            continue
        found = language.template(source or "", html=field == "html")
        if not isinstance(found, Broken) and UNSUBSCRIBE_URL not in found:
            shown = '<a href="{{ unsubscribe_url }}">' if field == "html" else "{{ unsubscribe_url }}"
            points.append(
                error(
                    "unsubscribe_missing",
                    f"{place}.{field}",
                    f"A message of type `{message.message_type}` needs consent, so whoever gets it must be able to"
                    f" withdraw it: put `{shown}` into it.",
                )
            )
    return points


def _unprintable(value: str) -> bool:
    return any(ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u2028\u2029" for char in value)
