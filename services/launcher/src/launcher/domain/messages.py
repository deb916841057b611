"""What each message needs before anybody gets it: sender, subject, body, and header values that stay on one line."""

from contracts.checks import Point
from contracts.scenario import Scenario, Sender, SendStep
from launcher.domain.language import Language
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
    return points


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


def _unprintable(value: str) -> bool:
    return any(ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u2028\u2029" for char in value)
