"""What the domain needs to know of the languages inside a scenario file: CEL, Jinja2 and mail addresses."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Broken:
    """The text cannot be read; `message` says why."""

    message: str


Reads = frozenset[str]
"""Dotted paths that a text names: `contact.attributes.score`, `context.voucher`."""


class Language(Protocol):
    """Pure: the same text always gets the same answer."""

    def condition(self, source: str) -> Reads | Broken:
        """What a CEL condition reads."""
        ...

    def template(self, source: str, *, html: bool) -> Reads | Broken:
        """What a Jinja2 template reads."""
        ...

    def address(self, address: str) -> Broken | None:
        """Whether mail can be sent from this address."""
        ...
