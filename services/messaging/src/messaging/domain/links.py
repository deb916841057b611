"""References to one message that leave the house with it: in its unsubscribe link, and in a header for its bounces.

What they say is readable by who gets them (ids, nothing of the contact's data); what counts is that nobody but us can
make one. They do not expire: a link in an old mail has to work.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

import orjson

from contracts.words import LaunchMode
from messaging.domain.sends import SendKey

_MAC_BYTES = 16
LONGEST = 8192
"""Characters that a reference may have; ours have some 200."""


class Reference(NamedTuple):
    """One message, and what its receiver may withdraw from."""

    project: str
    contact_id: str
    message_type: str
    launch_id: str
    step: str
    occurrence: int
    mode: str = LaunchMode.LIVE.value

    @property
    def key(self) -> SendKey:
        return SendKey(self.launch_id, self.contact_id, self.step, self.occurrence)

    @property
    def live(self) -> bool:
        """Whether its receiver really is the contact."""
        return self.mode == LaunchMode.LIVE.value


class Links:
    """Makes references and reads them again."""

    def __init__(self, key: str = "", public_url: str = "") -> None:
        """`key`: a secret of messaging alone; `public_url`: where people reach `/u/`, without a slash at its end."""
        self._key = key.encode()
        self._pages = f"{public_url.rstrip('/')}/u/"

    def token(self, reference: Reference) -> str:
        """Letters, digits, `-`, `_` and one dot."""
        said = urlsafe_b64encode(orjson.dumps(tuple(reference))).rstrip(b"=")
        return f"{said.decode()}.{self._mac(said)}"

    def proof(self, token: str, address: str) -> str:
        """That the message of this token went to this address (plain ASCII). Says nothing of the address to others."""
        return self._mac(f"{token}\0{address.lower()}".encode())

    def proven(self, token: str, address: str, proof: str) -> bool:
        return address.isascii() and proof.isascii() and hmac.compare_digest(self.proof(token, address), proof)

    def url(self, token: str) -> str:
        return self._pages + token

    def read(self, token: str) -> Reference | None:
        """None: not one of ours, or altered."""
        if len(token) > LONGEST or not token.isascii():
            return None
        said, _, mac = token.partition(".")
        if not hmac.compare_digest(self._mac(said.encode()), mac):
            return None
        try:
            return Reference(*orjson.loads(urlsafe_b64decode(said + "=" * (-len(said) % 4))))
        except (ValueError, TypeError):
            return None

    def _mac(self, said: bytes) -> str:
        mac = hmac.digest(self._key, said, hashlib.sha256)[:_MAC_BYTES]
        return urlsafe_b64encode(mac).rstrip(b"=").decode()
