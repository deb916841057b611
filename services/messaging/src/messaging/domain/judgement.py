"""Who must not get a message, and why: judged when a send comes, and again at the moment of sending."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from contracts.scenario import Message
from contracts.targets import Snapshot
from contracts.words import ControlState, DeliveryState, Left, Why

ADMINISTRATIVE = "administrative"
"""The message type that needs no consent."""
SUPPRESSED = "suppressed"


def consent_to(message_type: str) -> str:
    """As the kind of a block."""
    return f"consent:{message_type}"


@dataclass(frozen=True, slots=True)
class ContactState:
    """The newest that `contacts.changes` said of a contact, and what it has not said yet."""

    deleted: bool
    active: bool
    suppressed: bool
    email: str | None
    consent: Mapping[str, bool]
    blocks: frozenset[str] = frozenset()
    """What a link or a provider told us: `SUPPRESSED`, or `consent_to` a message type is withdrawn."""
    said: bool = True
    """False: nothing newer was said, only `blocks` are known."""

    @classmethod
    def unknown(cls, blocks: frozenset[str]) -> "ContactState":
        return cls(deleted=False, active=True, suppressed=False, email=None, consent={}, blocks=blocks, said=False)

    def consents(self, message_type: str) -> bool:
        return message_type == ADMINISTRATIVE or self.consent.get(message_type, False)

    def withdrew(self, message_type: str) -> bool:
        """Said no to it; who never said anything did not."""
        return consent_to(message_type) in self.blocks or not self.consent.get(message_type, True)


class Standing(NamedTuple):
    """A contact as one send sees it: the send's snapshot, or what is newer. `permitted` is always the send's."""

    permitted: bool
    suppressed: bool
    email: str | None
    consented: bool
    active: bool = True
    deleted: bool = False

    def renewed(self, newer: ContactState | None, message_type: str) -> "Standing":
        """With what a higher revision says, and what holds until there is one."""
        if newer is None:
            return self
        standing = self._said(newer, message_type) if newer.said else self
        if not newer.blocks:
            return standing
        return standing._replace(
            suppressed=standing.suppressed or SUPPRESSED in newer.blocks,
            consented=standing.consented and consent_to(message_type) not in newer.blocks,
        )

    def _said(self, newer: ContactState, message_type: str) -> "Standing":
        return Standing(
            permitted=self.permitted,
            suppressed=newer.suppressed,
            email=newer.email,
            consented=newer.consents(message_type),
            active=newer.active,
            deleted=newer.deleted,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """Out of the way of sending: the state it ends in, and why."""

    state: DeliveryState
    reason: str


UNSUPPORTED = Kept(DeliveryState.FAILED, "unsupported")
"""The scenario version has no such step, or one on a channel that is not served here."""
STOPPED = Kept(DeliveryState.CANCELLED, Left.STOPPED.value)
DELETED = Kept(DeliveryState.CANCELLED, Left.DELETED.value)


def judge(standing: Standing, message: Message, gate: ControlState, override: bool) -> Kept | None:
    """None: may be sent as far as the contact goes (a paused gate is the caller's business).

    The first match decides. The consent override lifts consent, and nothing else.
    """
    if gate is ControlState.STOPPED:
        return STOPPED
    if standing.deleted:
        return DELETED
    why: Why | None = None
    if not standing.active:
        why = Why.INACTIVE
    elif not standing.permitted:
        why = Why.NOT_PERMITTED
    elif standing.suppressed:
        why = Why.SUPPRESSED
    elif message.channel == "email" and not standing.email:
        why = Why.NO_ADDRESS
    elif not standing.consented and not override:
        why = Why.NO_CONSENT
    return None if why is None else Kept(DeliveryState.SKIPPED, why.value)


def judge_chunk(
    targets: Snapshot, message: Message | None, gate: ControlState, override: bool, newer: Mapping[str, ContactState]
) -> dict[int, Kept]:
    """Who of a chunk is kept out, by position; `newer` holds what is newer than the snapshot, by contact id.

    `message` is None if the launch has no such step. The usual chunk, in which nobody is kept out, costs a few
    scans of its columns and nothing per contact.
    """
    if gate is ControlState.STOPPED:
        return dict.fromkeys(range(len(targets.contact_ids)), STOPPED)
    if message is None or message.channel not in ("email", "discard"):
        return dict.fromkeys(range(len(targets.contact_ids)), UNSUPPORTED)
    consents = consents_of(targets, message)
    if (
        not newer
        and all(targets.permitted)
        and not any(targets.suppressed)
        and (override or all(consents))
        and (message.channel != "email" or all(targets.emails))
    ):
        return {}
    kept: dict[int, Kept] = {}
    rows = zip(targets.contact_ids, targets.permitted, targets.suppressed, targets.emails, consents, strict=True)
    for index, (contact_id, permitted, suppressed, email, consented) in enumerate(rows):
        standing = Standing(permitted, suppressed, email, consented).renewed(
            newer.get(contact_id), message.message_type
        )
        if (verdict := judge(standing, message, gate, override)) is not None:
            kept[index] = verdict
    return kept


def consents_of(targets: Snapshot, message: Message) -> list[bool]:
    """Per contact, whether it consented to this message's type. A type that was not carried is not given."""
    count = len(targets.contact_ids)
    if message.message_type == ADMINISTRATIVE:
        return [True] * count
    return targets.consents.get(message.message_type, [False] * count)
