"""Where mails go and how patient we are, from one URL."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

Security = Literal["none", "tls", "starttls"]
_SCHEMES: dict[str, tuple[Security, int]] = {"smtp": ("none", 25), "starttls": ("starttls", 587), "smtps": ("tls", 465)}
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds."""

    connect: float
    command: float
    """For the answer to a command, and to all commands of one write together."""
    answer: float
    """For the answer to the final dot. Too short makes `unknown` of mails that a slow server accepts."""


@dataclass(frozen=True, slots=True)
class Provider:
    host: str
    port: int
    security: Security
    user: str | None
    password: str | None = field(repr=False)
    patience: Patience

    @classmethod
    def of(cls, url: str, patience: Patience) -> "Provider":
        """`smtp://host:25`, `starttls://user:password@host:587`, `smtps://…:465`. Raises ValueError.

        With a password `smtp` means `starttls`, except on this machine: it is never sent in the clear.
        """
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise ValueError("an SMTP URL is smtp://, starttls:// or smtps://[user:password@]host[:port]")
        security, port = _SCHEMES[parts.scheme]
        user = None if parts.username is None else unquote(parts.username)
        password = None if parts.password is None else unquote(parts.password)
        if user is not None and security == "none" and parts.hostname not in _THIS_MACHINE:
            security = "starttls"
        return cls(parts.hostname, parts.port or port, security, user, password, patience)
