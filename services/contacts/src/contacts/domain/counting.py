"""What a count says: figures made of how many contacts stand how. The same judgement as the launch's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contacts.domain.judgement import Kept, Standing, judge
from contacts.domain.plan import Message, Plan, Sending
from contracts.checks import Point
from contracts.words import Why

ACTIVE, PERMITTED, SUPPRESSED, ADDRESSED, TAKEN, GONE = (1 << bit for bit in range(6))
FIRST_CONSENT = 6
"""Bits of a code from here on: consent to the message types asked for, in their order."""

Histogram = Mapping[int, int]
"""How many contacts there are of each code."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By what contacts are judged."""

    plan: Plan
    override: bool
    refusal: Why | None = None
    """What a contact whose place is taken is refused with; None: any number of instances per contact."""

    @property
    def types(self) -> tuple[str, ...]:
        """Message types whose consent matters."""
        return () if self.override else self.plan.consented

    def why(self, code: int) -> str | None:
        """Why a contact of this code does not start; None: it starts."""
        if code & GONE:
            return Kept.DELETED
        [why] = judge(self._standing(code), self.plan.deciding, override=self.override)
        return self.refusal if why is None and code & TAKEN else why

    def skipped(self, code: int, message: Message) -> str | None:
        """Why a contact that starts would not get this message."""
        [why] = judge(self._standing(code), (message,), override=self.override)
        return why

    def codes(self, found: Histogram, reason: str, message_type: str | None) -> list[int]:
        """Of the codes found, those that are kept out for `reason` (and, of no_consent, this type's).

        If it keeps nobody out: those that start, and that a message does not reach for it.
        """
        if message_type is not None and not (reason == Why.NO_CONSENT and message_type == self.refusing_type):
            return []
        if kept_out := [code for code in found if self.why(code) == reason]:
            return kept_out
        starting = [code for code in found if self.why(code) is None]
        messages = [sending.message for sending in self.plan.sendings]
        return [code for code in starting if any(self.skipped(code, message) == reason for message in messages)]

    @property
    def refusing_type(self) -> str | None:
        """The message type that no_consent is about: that of the first message on the way."""
        return self.plan.deciding[0].message_type if self.plan.deciding else None

    def _standing(self, code: int) -> Standing:
        return Standing(
            active=[bool(code & ACTIVE)],
            permitted=[bool(code & PERMITTED)],
            suppressed=[bool(code & SUPPRESSED)],
            addressed=[bool(code & ADDRESSED)],
            consents={kind: [bool(code >> FIRST_CONSENT + bit & 1)] for bit, kind in enumerate(self.types)},
        )


@dataclass(frozen=True, slots=True)
class MessageFigures:
    sending: Sending
    reached: int
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """Numbers of contacts: `targeted` is `starting` and all of `excluded`. They mean nothing if a point blocks."""

    targeted: int = 0
    starting: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    no_consent: Mapping[str, int] = field(default_factory=dict)
    """Of those excluded for it, by message type."""
    messages: Sequence[MessageFigures] = ()
    points: Sequence[Point] = ()


def figures(found: Histogram, rules: Rules) -> Counted:
    excluded: dict[str, int] = {}
    starting: dict[int, int] = {}
    for code, contacts in sorted(found.items()):
        if (why := rules.why(code)) is None:
            starting[code] = contacts
        else:
            excluded[why] = excluded.get(why, 0) + contacts
    without = excluded.get(Why.NO_CONSENT, 0)
    return Counted(
        targeted=sum(found.values()),
        starting=sum(starting.values()),
        excluded=excluded,
        no_consent={rules.refusing_type: without} if without and rules.refusing_type else {},
        messages=[_message(sending, starting, rules) for sending in rules.plan.sendings],
    )


def _message(sending: Sending, starting: Histogram, rules: Rules) -> MessageFigures:
    skipped: dict[str, int] = {}
    for code, contacts in starting.items():
        if (why := rules.skipped(code, sending.message)) is not None:
            skipped[why] = skipped.get(why, 0) + contacts
    return MessageFigures(sending, sum(starting.values()) - sum(skipped.values()), skipped)
