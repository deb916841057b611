"""A mail provider that does what a test says: what the fake server and the fake mailer have in common.

Places where it may react in another way than the usual: `connect`, `MAIL`, `RCPT`, `DATA`, and `dot` after the message.
A reaction is a reply (`451 later`) or one of the words below.
"""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

DROP = "drop"
"""Hang up without a word."""
STALL = "stall"
"""Never answer."""
ACCEPT_AND_DROP = "accept and drop"
"""At `dot`: take the mail, then hang up without a word."""
ACCEPT_LATE = "accept late"
"""At `dot`: take the mail, answer only when `release` was called."""


@dataclass(frozen=True)
class Accepted:
    sender: str
    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def id(self) -> str:
        """The send id in its Message-ID."""
        return str(self.message["Message-ID"]).strip("<>").partition("@")[0]


class Provider:
    def __init__(self) -> None:
        self.accepted: list[Accepted] = []
        self.released = asyncio.Event()
        self._next: dict[str, deque[str]] = defaultdict(deque)
        self._always: dict[str, str] = {}

    def next(self, place: str, *reactions: str) -> None:
        """The next times it comes to this place; then as usual again."""
        self._next[place].extend(reactions)

    def always(self, place: str, reaction: str) -> None:
        """Until `usual`."""
        self._always[place] = reaction

    def usual(self, place: str) -> None:
        self._always.pop(place, None)
        self._next.pop(place, None)

    def release(self) -> None:
        """Late answers go out now."""
        self.released.set()

    def reaction(self, place: str, usual: str) -> str:
        if self._next[place]:
            return self._next[place].popleft()
        return self._always.get(place, usual)
