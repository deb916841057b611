"""E-mail addresses: which ones are taken, and how they are recognised without being kept."""

import hashlib
import hmac
import re
from typing import Final

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

_PLAIN: Final = re.compile(
    r"(?=.{3,254}$)(?=[^@]{1,64}@)"
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?P<domain>(?:[A-Za-z0-9](?:(?:[A-Za-z0-9]|-(?!-)){0,61}[A-Za-z0-9])?\.)+(?P<top>[A-Za-z]{2,24}))"
)
"""What nearly all addresses look like; the validator would say the same of them, at ten times the cost."""
_SPECIAL: Final = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


def read_address(address: str) -> tuple[str | None, str | None]:
    """(the address as a mail server takes it, None), or (None, what is wrong). Asks no server.

    Never holds a line break, a blank or anything else that means something to a mail server.
    """
    plain = _PLAIN.fullmatch(address)
    if plain is not None and plain["top"].lower() not in _SPECIAL:
        return address[: plain.start("domain")] + plain["domain"].lower(), None
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        return None, str(error)
    return valid.ascii_email, None


class AddressHash:
    """A keyed hash per project: without the installation's secret nobody can try addresses against it.

    Suppression outlives the contact, the address does not.
    """

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"slipway suppressed addresses 1\0" + secret.encode()).digest()

    def __call__(self, project: str, address: str) -> bytes:
        """16 bytes; upper and lower case are the same address."""
        text = f"{project}\0{address.strip().lower()}".encode()
        return hmac.digest(self._key, text, hashlib.sha256)[:16]
