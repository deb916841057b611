"""Ids and secrets that nobody can guess, and how they are kept."""

import hashlib
import secrets

from runtime.sealing import seal, unseal


class RandomCredentials:
    """A bearer secret has 256 bits, so that a plain hash of it tells nothing."""

    def new_id(self, prefix: str) -> str:
        return prefix + secrets.token_hex(10)

    def new_secret(self) -> str:
        return secrets.token_hex(32)  # letters and digits: what begins with - is taken for an option

    def hashed(self, secret: str) -> bytes:
        return hashlib.sha256(secret.encode()).digest()


class KeySeals:
    """Sealed with SLIPWAY_SECRET_KEY."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def seal(self, text: str) -> str:
        return seal(text, self._secret_key)

    def unseal(self, sealed: str) -> str:
        return unseal(sealed, self._secret_key)
