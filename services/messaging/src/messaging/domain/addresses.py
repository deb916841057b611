"""Addresses that may be put into an SMTP command: anything else never gets near a client."""

import re

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LONGEST = 254


def envelope_address(text: str) -> str | None:
    """The address in plain ASCII (a domain with umlauts becomes IDNA), or None if it cannot be sent to.

    Not accepted: quoted local parts, address literals, letters beyond ASCII before the `@`, and anything with a
    space, a control character or an angle bracket, which SMTP could take for a command of its own.
    """
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64 or _LOCAL.fullmatch(local) is None:
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            return None
    if _DOMAIN.fullmatch(domain) is None or len(local) + 1 + len(domain) > _LONGEST:
        return None
    return f"{local}@{domain}"
