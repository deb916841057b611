"""How addresses are recognised without being kept: suppression outlives the contact, the address does not."""

import hashlib
import hmac


class AddressHash:
    """A keyed hash per project: without the installation's secret nobody can try addresses against it."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"slipway suppressed addresses 1\0" + secret.encode()).digest()

    def __call__(self, project: str, address: str) -> bytes:
        """16 bytes; upper and lower case are the same address."""
        text = f"{project}\0{address.strip().lower()}".encode()
        return hmac.digest(self._key, text, hashlib.sha256)[:16]
