"""`messaging.deliveries`: what became of messages, in chunks of one launch and partition. Key: launch id."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal

from contracts.event import Event
from contracts.words import DeliveryState

Report = Literal["bounced", "complained", "withdrawn"]


class DeliveriesRecorded(Event):
    """By messaging, when sends came to another state than was told last.

    Counting: `states[i]` up by one, `previous[i]` down by one.
    """

    TYPE: ClassVar[str] = "com.slipway.deliveries-recorded.v1"
    project: str
    launch_id: str
    step: str
    contact_ids: list[str]
    occurrences: list[int]
    states: list[DeliveryState]
    previous: list[DeliveryState | None]
    """None: first heard of."""
    reasons: list[str | None]
    """`<why>` of a skipped, the error class of a failed one (`render`, `address`, `smtp:550`, …)."""
    details: Sequence[str | None] = ()
    """What was wrong with one that could not be rendered (`text: contact.attributes.name is missing`): in which part,
    which line of several, and which name; nothing that a contact's data say. Empty: of none."""
    at: datetime


class LaunchHeld(Event):
    """By messaging, when a launch would send more than planned: its gate there is closed already."""

    TYPE: ClassVar[str] = "com.slipway.launch-held.v1"
    project: str
    launch_id: str
    reason: str
    number: int = 1
    """The launch's first, second, … hold: one ends when a control record's `lifted` has come to its number."""
    at: datetime


class ContactsReported(Event):
    """By messaging, on the contacts' partition: who can or wants not to be sent to any more. All lists are as long."""

    TYPE: ClassVar[str] = "com.slipway.contacts-reported.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    kinds: list[Report]
    """`bounced`: for good. `withdrawn`: consent to the message's type, by its link."""
    message_types: list[str]
    recipients: list[str | None]
    """The address that it is about; None of `withdrawn`: the contact, whatever its address."""
    ids: list[str]
    """One per report, the same if it is told again: the cause of what follows from it."""
    known: Sequence[bool] = ()
    """Whether messaging knew of it before, so that it is no news, and told again in case that contacts has heard more
    since. Empty: of none."""
    at: datetime
