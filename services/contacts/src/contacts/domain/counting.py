"""What a count says: figures made of how many contacts stand how. The same judgement as the launch's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contacts.domain.judgement import Standing, judge
from contacts.domain.plan import Message, Plan, Sending
from contracts.checks import Point
from contracts.words import Figure, Left, Why

ACTIVE, PERMITTED, SUPPRESSED, ADDRESSED, TAKEN, GONE = (1 << bit for bit in range(6))
FIRST_CONSENT = 6
"""Bits of a code from here on: consent to the message types asked for, in their order."""

Histogram = Mapping[int, int]
"""How many contacts there are of each code."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Which contacts behind a figure, page by page."""

    reason: str | None = None
    """What they are excluded, or skipped, for."""
    message_type: str | None = None
    """Of `no_consent`: only this type's."""
    cursor: str = ""
    limit: int = 1000
    figure: Figure | None = None
    """None: what the reason means first of all."""
    step: str | None = None
    """Reached, or skipped, by this step alone; None: by any."""

    def is_about(self, sending: Sending) -> bool:
        of_type = self.message_type in (None, sending.message.message_type)
        return of_type and self.step in (None, sending.step)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of contact ids, in byte order."""

    figure: Figure
    contact_ids: list[str]
    next: str | None
    """Cursor of the next page; None: this is the last."""
    points: list[Point] = field(default_factory=list)
    """What stands against the launch: then nobody is listed."""


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
            return Left.DELETED
        [why] = judge(self._standing(code), self.plan.deciding, override=self.override)
        return self.refusal if why is None and code & TAKEN else why

    def skipped(self, code: int, message: Message) -> str | None:
        """Why a contact that starts would not get this message."""
        [why] = judge(self._standing(code), (message,), override=self.override)
        return why

    def figure(self, found: Histogram, behind: "Behind") -> Figure:
        """Which is meant. By a reason alone: whom it keeps out; if that is nobody, whom a message skips for it."""
        if behind.figure is not None:
            return behind.figure
        return Figure.EXCLUDED if any(self.why(code) == behind.reason for code in found) else Figure.SKIPPED

    def codes(self, found: Histogram, behind: "Behind") -> list[int]:
        """Of the codes found, those of the contacts behind a figure."""
        figure = self.figure(found, behind)
        if figure is Figure.TARGETED:
            return list(found)
        if figure is Figure.EXCLUDED:
            others = behind.message_type not in (None, self.refusing_type)
            return [] if others else [code for code in found if self.why(code) == behind.reason]
        starting = [code for code in found if self.why(code) is None]
        if figure is Figure.STARTING:
            return starting
        messages = [sending.message for sending in self.plan.sendings if behind.is_about(sending)]
        wanted = behind.reason if figure is Figure.SKIPPED else None
        return [code for code in starting if any(self.skipped(code, message) == wanted for message in messages)]

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
