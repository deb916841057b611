"""Mails: how they are made, and handed to a provider; and the numbers that say how it goes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from contracts.targets import Snapshot
from contracts.words import DeliveryState
from messaging.domain.handover import Answer
from messaging.domain.launches import Plan
from messaging.domain.sends import Mail, SendKey


class Composer(Protocol):
    """Makes the mails of one send step."""

    def facts(self, targets: Snapshot) -> list[str]:
        """Per contact, as JSON, what the templates read of it and nothing else: stored until it is sent."""
        ...

    def compose(self, key: SendKey, address: str, facts: Mapping[str, Any], now: datetime) -> Mail:
        """`address` as it is stored, `facts` as `facts` made them. Raises `domain.mime.Unsendable`, nothing else."""
        ...


class Composers(Protocol):
    def of(self, plan: Plan, step: str) -> Composer:
        """Templates are compiled once per scenario version and step; one that does not compile fails each mail."""
        ...


class Unavailable(Exception):
    """The provider cannot be talked to right now; nothing of any message has left."""


class Session(Protocol):
    """A connection to the provider that carries one mail after the other. Not shared between tasks."""

    async def offer(self, mail: Mail) -> Answer | None:
        """Everything before the message itself (safe to repeat): None if the provider waits for it now.

        Else Act.REFUSE (5xx) or Act.DEFER (4xx). Raises Unavailable when the connection is of no use any more.
        """
        ...

    async def deliver(self, mail: Mail, following: Mail | None = None) -> Answer:
        """Hand over the offered mail. `following` will be offered next, and its offer may travel along.

        Act.ACCEPT, REFUSE, DEFER; LOSE if no answer came; GIVE_BACK if surely not one byte of it left. Never raises.
        """
        ...

    async def close(self) -> None:
        """Say goodbye if that is possible and nothing is offered; an offered mail is not delivered. Never raises."""
        ...

    @property
    def usable(self) -> bool:
        """Whether another mail may be offered."""
        ...


class Mailer(Protocol):
    """A provider."""

    async def open(self) -> Session:
        """Connect and introduce ourselves. Raises Unavailable."""
        ...


class Meter(Protocol):
    """What the world is told in numbers."""

    def count(self, states: Iterable[DeliveryState]) -> None:
        """Sends that came into these states."""
        ...

    def provider(self, available: bool) -> None:
        """The last try to reach the provider worked, or did not."""
        ...

    def bug(self) -> None:
        """Something happened to a send that cannot happen."""
        ...
