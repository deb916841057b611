"""One send: its key, what is stored of it, and the mail it becomes.

Tuples, not dataclasses: each mail makes some twenty of them on its way, and a frozen dataclass takes four times as long
to make.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from contracts.words import DeliveryState
from messaging.domain.judgement import ContactState, Kept, Standing
from runtime.ids import derive


class SendKey(NamedTuple):
    """What makes a send the same send, however often it is asked for."""

    launch_id: str
    contact_id: str
    step: str
    occurrence: int

    @property
    def send_id(self) -> str:
        """Also the local part of its Message-ID."""
        return derive(*self)


class StoredSend(NamedTuple):
    """A send as it lies in the database, with what is newer of its contact than the snapshot it came with."""

    key: SendKey
    state: DeliveryState
    attempts: int
    """How many times it was at the `dot` or put off by the provider."""
    dot_epoch: int | None
    snapshot: Standing
    newer: ContactState | None
    facts: Mapping[str, Any] = MappingProxyType({})
    """What the template reads; empty where it was not asked for."""
    revision: int = 0
    """The contact's newest that was known when this was read."""

    def standing(self, message_type: str) -> Standing:
        return self.snapshot.renewed(self.newer, message_type)


class Change(NamedTuple):
    """What becomes of a stored send."""

    key: SendKey
    previous: DeliveryState
    state: DeliveryState
    reason: str | None
    attempts: int
    next_at: datetime | None
    """When it may be tried (again); None at its end."""
    dot_epoch: int | None = None


def kept_out(send: StoredSend, kept: Kept) -> Change:
    """The send ends, or is held, for this reason."""
    return Change(send.key, send.state, kept.state, kept.reason, send.attempts, None)


class Move(NamedTuple):
    """A change, and the send it is meant for: if it is no longer like this, the change is not made."""

    stored: StoredSend
    change: Change


class Mail(NamedTuple):
    """What the provider gets."""

    sender: str
    """Envelope sender: a plain ASCII address without anything that SMTP could read as a command."""
    recipient: str
    """Likewise."""
    content: bytes
    """RFC 5322 message, lines end in CRLF, no bare CR or LF; dots are stuffed by who sends it."""
